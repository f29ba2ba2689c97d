"""Work that takes time: stored state, an append-only history, one process per job."""

from einthoven.jobs.queue import JobQueue
from einthoven.jobs.reporter import Reporter, stop_if_cancelled
from einthoven.jobs.supervisor import Supervisor

__all__ = ["JobQueue", "Reporter", "Supervisor", "stop_if_cancelled"]

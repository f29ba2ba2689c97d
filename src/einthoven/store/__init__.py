"""What is kept on disk: one SQL database for what is known, one file per signal, one folder per model."""

from einthoven.store.database import Database
from einthoven.store.models import ModelShelf
from einthoven.store.quarantine import Quarantine
from einthoven.store.store import Store

__all__ = ["Database", "ModelShelf", "Quarantine", "Store"]

"""How Lightning Fabric starts and joins the processes of a training on one machine. Imports torch and Fabric."""

from datetime import timedelta
from pathlib import Path

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from typing_extensions import override

LONGEST_WAIT = timedelta(minutes=30)
"""For the others, such as for rank 0 while it writes to a slow disk."""


class OnThisMachine(LightningEnvironment):
    """All processes are started here, whatever a cluster's environment variables say."""

    @property
    @override
    def creates_processes_externally(self) -> bool:
        return False


class OneMachine(DDPStrategy):
    """DDP whose processes, spawned, meet through the file `meeting`: torch's way by a port listens to every network.

    Buffers are not exchanged at each step: with statistics over the whole batch they are the same.
    """

    def __init__(self, meeting: Path, *, some_unused: bool) -> None:
        """`some_unused`: there may be weights that no answer depends on, as in imported graphs; to look takes time."""
        super().__init__(
            start_method="spawn", forward_sync_buffers=False, gradient_as_bucket_view=True, init_sync=False,
            find_unused_parameters=some_unused,
        )  # fmt: skip
        self.meeting = meeting

    @override
    def setup_environment(self) -> None:
        """Fabric joins the group that is there."""
        rank, size = self.local_rank, self.num_processes
        device = self.root_device
        torch.distributed.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=torch.distributed.FileStore(str(self.meeting), size),  # type: ignore[attr-defined]
            rank=rank,
            world_size=size,
            timeout=LONGEST_WAIT,
            device_id=device if device.type == "cuda" else None,
        )
        super().setup_environment()

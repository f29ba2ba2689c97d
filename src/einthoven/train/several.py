"""A training on several devices: one process for each, which this one starts, hears and ends. Imports torch.

Lightning Fabric starts the processes (spawned, so that this one keeps no GPU) and wraps the network in torch's
DistributedDataParallel. Each computes its share of every batch; the gradients are averaged, so that the weights are the
same everywhere and the steps are those of one device. Batch normalisation takes its statistics over the whole batch
(`SyncBatchNorm`), because four ECGs a device would give others than the sixteen that a recipe was tried with. It exists
for GPUs only: processes on the processor, which are for tests, each take their own.

Rank 0 judges, keeps and tells. The processes meet through a file, not a port. What they exchange goes by NCCL between
GPUs. A process that ends without a word ends all; too little memory anywhere begins the last epoch again everywhere, in
smaller parts. That the processes hear the end of this one, and end, whatever ended it, is what the leash is for.

Tested with processes on the processor (gloo). With several GPUs it has not been run.
"""

import copy
import multiprocessing
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import fields
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from einthoven.errors import Diverged, EinthovenError, MissingDependency, TrainingFailed
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.weights import load_weights
from einthoven.onnx.foreign.inspecting import IMPORTED
from einthoven.results import TrainingResult
from einthoven.spec import ModelSpec
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData
from einthoven.train.loop import Ears, compute, cut_smaller
from einthoven.train.machine import too_little_memory

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.wrappers import _FabricModule

FOLDER = "processes-"
"""Beside the checkpoint, with the ECGs for as long as processes compute."""
LISTEN_SECONDS = 0.2
"""Between two questions whether to stop."""
Kind = Literal["epoch", "progress", "log", "done", "memory", "failed"]


class Work:
    """What each process is given. No dataclass: Fabric takes those apart, and refuses frozen ones within."""

    def __init__(
        self, network: EcgNetwork, folder: Path, spec: ModelSpec, config: TrainConfig, checkpoint: Path, parts: int
    ) -> None:
        self.network, self.folder, self.spec, self.config = network, folder, spec, config
        self.checkpoint, self.parts = checkpoint, parts


class Line:
    """Between this process and those that compute: `tells[rank]` from each, `stop` to all.

    `leash`: its other end is held here alone, so that it breaks when this process ends.
    """

    def __init__(self, tells: tuple[Connection, ...], stop: Any, leash: Connection) -> None:
        self.tells, self.stop, self.leash = tells, stop, leash


def train_on_several(
    network: EcgNetwork,
    data: TrainingData,
    spec: ModelSpec,
    config: TrainConfig,
    checkpoint: Path,
    ears: Ears,
    *,
    n: int,
    accelerator: Literal["cuda", "cpu"],
) -> TrainingResult:
    """`loop.train` on `n` devices."""
    parts = config.accumulate
    for left in checkpoint.parent.glob(f"{FOLDER}*"):  # by a training that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=checkpoint.parent) as name:
        folder = Path(name)
        _put_down(data, folder)
        while True:
            work = Work(network.to("cpu"), folder, spec, config, checkpoint, parts)
            try:
                result = _launched(work, ears, n, accelerator)
            except Diverged as error:
                if error.best_epoch:
                    load_weights(network, checkpoint)
                raise
            if result is not None:
                load_weights(network, checkpoint)
                network.eval()
                return result
            parts = cut_smaller(parts, config, ears.log)


def _launched(work: Work, ears: Ears, n: int, accelerator: str) -> TrainingResult | None:
    """The result; None when a process had too little memory."""
    context = multiprocessing.get_context("spawn")
    here, there = zip(*(context.Pipe(duplex=False) for _ in range(n)), strict=True)
    leash_there, leash = context.Pipe(duplex=False)
    line = Line(there, context.Event(), leash_there)
    heard = _Heard(ears)
    meeting = Path(tempfile.mkdtemp(dir=work.folder)) / "meeting"
    fabric = _fabric(n, accelerator, meeting, some_unused=work.network.entry.name == IMPORTED)
    with ThreadPoolExecutor(1, "launcher") as pool:
        try:
            launched = pool.submit(_launch, fabric, work, line)
            for message in _messages(launched, here):
                heard.take(*message)
                if ears.should_stop():
                    line.stop.set()
        finally:
            leash.close()
    return heard.outcome(launched)


def _launch(fabric: "Fabric", work: Work, line: Line) -> None:
    fabric.launch(_compute, work, line)  # type: ignore[arg-type]


def _messages(launched: "Future[Any]", here: tuple[Connection, ...]) -> Iterator[tuple[Kind | None, Any]]:
    """What is told, as it comes; (None, None) when nothing is, so that the listener can ask other things."""
    while True:
        over = launched.done()
        ready = [one for one in wait(here, timeout=0 if over else LISTEN_SECONDS) if isinstance(one, Connection)]
        for one in ready:
            yield one.recv()
        if not ready:
            if over:
                return
            yield None, None


class _Heard:
    """What the processes have told so far."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.result: TrainingResult | None = None
        self.failed: EinthovenError | OSError | None = None
        self.memory = False

    def take(self, kind: Kind | None, told: Any) -> None:
        match kind:
            case "epoch":
                self.ears.on_epoch(told)
            case "progress":
                self.ears.on_progress(*told)
            case "log":
                self.ears.log(told)
            case "done":
                self.result = told
            case "memory":
                self.memory = True
            case "failed" if self.failed is None:
                self.failed = told

    def outcome(self, launched: "Future[Any]") -> TrainingResult | None:
        if self.result is not None:
            return self.result
        if self.memory:
            return None
        if self.failed is not None:
            raise self.failed
        raise TrainingFailed(
            "A process of this training ended unexpectedly.",
            advice="Resume it, or train with devices = 1. What the process said last is in the log of the job.",
        ) from launched.exception()


def _compute(fabric: "Fabric", work: Work, line: Line) -> None:
    """In each process: its part of the training."""
    threading.Thread(target=_end_with, args=(line.leash,), daemon=True).start()
    team = FabricTeam(fabric)
    tell = line.tells[team.rank]
    network = copy.deepcopy(work.network)  # its weights came in memory that all processes share
    if team.device.type == "cuda":
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    ears = Ears()
    if team.rank == 0:
        ears = Ears(
            lambda epoch: tell.send(("epoch", epoch)),
            lambda done, total: tell.send(("progress", (done, total))),
            lambda text: tell.send(("log", text)),
            line.stop.is_set,
        )
    try:
        data = _taken_up(work.folder)
        result = compute(network, data, work.spec, work.config, work.checkpoint, ears, team, parts=work.parts)
    except (EinthovenError, OSError, RuntimeError, MemoryError) as error:
        if too_little_memory(error):
            tell.send(("memory", None))
        elif isinstance(error, EinthovenError | OSError):
            tell.send(("failed", error))
        raise
    if team.rank == 0:
        tell.send(("done", result))
    team.wait()


def _end_with(leash: Connection) -> None:
    """A process that waits for the others inside a collective operation hears nothing else."""
    try:
        leash.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


class FabricTeam:
    """`team.Team` of processes that Fabric started."""

    def __init__(self, fabric: "Fabric") -> None:
        self.fabric = fabric
        self.rank, self.size, self.device = fabric.global_rank, fabric.world_size, fabric.device

    def learning(self, model: nn.Module) -> "_FabricModule":
        return self.fabric.setup_module(model)

    def apart(self, model: nn.Module) -> AbstractContextManager[object]:
        return self.fabric.no_backward_sync(model)  # type: ignore[arg-type]

    def sum(self, numbers: Tensor) -> Tensor:
        summed = self.fabric.all_reduce(numbers.clone(), reduce_op="sum")
        assert isinstance(summed, Tensor)
        return summed

    def same(self, numbers: Tensor) -> Tensor:
        # Not Fabric's broadcast, which pickles.
        told = numbers.clone()
        torch.distributed.broadcast(told, 0)
        return told

    def wait(self) -> None:
        self.fabric.barrier()


def _fabric(n: int, accelerator: str, meeting: Path, *, some_unused: bool) -> "Fabric":
    try:
        from lightning_fabric import Fabric

        from einthoven.train.fabric_strategy import OneMachine, OnThisMachine
    except ImportError as error:
        raise MissingDependency(
            "Training on several devices needs Lightning Fabric, which is not installed.",
            advice="Install it with: pip install 'einthoven[train]', or set devices to 1.",
        ) from error
    strategy = OneMachine(meeting, some_unused=some_unused)
    return Fabric(accelerator=accelerator, devices=n, strategy=strategy, plugins=[OnThisMachine()])


def _put_down(data: TrainingData, folder: Path) -> None:
    """Each array as a file that all processes map, rather than a copy for each."""
    for one in fields(data):
        array = getattr(data, one.name)
        if array is not None:
            np.save(folder / f"{one.name}.npy", array, allow_pickle=False)


def _taken_up(folder: Path) -> TrainingData:
    paths = {one.name: folder / f"{one.name}.npy" for one in fields(TrainingData)}
    # Copy on write: torch takes no array that cannot be written to.
    arrays = {name: np.load(path, mmap_mode="c", allow_pickle=False) for name, path in paths.items() if path.is_file()}
    return TrainingData(**arrays)

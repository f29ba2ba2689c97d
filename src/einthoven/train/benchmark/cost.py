"""What a trained model costs: size, arithmetic, time. Imports torch: import it on use."""

import time

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from einthoven.train.benchmark.candidates import Cost

TIMES, AT_MOST_S = 9, 2.0
"""One ECG is answered so often, or until so much time is used; the median counts."""


def cost_of(
    network: nn.Module,
    x: npt.NDArray[np.float32],
    told: npt.NDArray[np.float32] | None,
    *,
    epoch_ms: float | None,
) -> Cost:
    """Cost of a network that has learned, on this machine with torch's present threads; `x` is one ECG."""
    network.eval()
    tensors = network.state_dict().values()
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        megabytes=sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6,
        mega_flops=flops(network, x, told) / 1e6,
        prediction_ms=1000 * seconds_per_ecg(network, x, told, times=TIMES),
        epoch_ms=epoch_ms,
    )


@torch.no_grad()
def flops(network: nn.Module, x: npt.NDArray[np.float32], told: npt.NDArray[np.float32] | None) -> int:
    """Of convolutions and matrix products for these ECGs, as `torch.utils.flop_counter` counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        network(*_inputs(x, told))
    return int(counter.get_total_flops())


@torch.no_grad()
def seconds_per_ecg(
    network: nn.Module, x: npt.NDArray[np.float32], told: npt.NDArray[np.float32] | None, *, times: int = 1
) -> float:
    """Median of answering these ECGs at once, behind one that warms up; per ECG."""
    inputs = _inputs(x, told)
    network.eval()
    network(*inputs)
    taken: list[float] = []
    while len(taken) < times and sum(taken) < AT_MOST_S:
        begun = time.perf_counter()
        network(*inputs)
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken)) / len(x)


def _inputs(x: npt.NDArray[np.float32], told: npt.NDArray[np.float32] | None) -> tuple[torch.Tensor, ...]:
    ecg = torch.from_numpy(np.ascontiguousarray(x, np.float32))
    return (ecg,) if told is None else (ecg, torch.from_numpy(told))

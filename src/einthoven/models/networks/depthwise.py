"""Depthwise convolution along time whose gradients are fast on a processor.

With the channels last, torch's own gradient of a depthwise convolution with 39 weights takes 4.4 ms per ECG (128
channels of 1000 samples, one thread of an AMD EPYC), twenty times the convolution itself. The gradient of the
input is a convolution again, 0.2 ms; that of the weights is written here as a product of matrices, 1.2 ms.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SHORTEST = 15
"""Kernels below this are left to torch, which is faster there."""
_BLOCK = 50
"""Samples that one row of the product spans: longer rows multiply more in vain, shorter ones copy more."""


class DepthwiseConv(nn.Conv2d):
    """`(batch, channels, 1, samples)` -> the same; each channel has a kernel of its own, of odd length."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__(channels, channels, (1, kernel), padding=(0, kernel // 2), groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return super().forward(x)
        # In full precision also under autocast: oneDNN takes minutes to make its bfloat16 kernels for these shapes.
        with torch.autocast("cpu", enabled=False):
            if torch.is_grad_enabled() and self.weight.requires_grad and self.weight.shape[-1] >= SHORTEST:
                out: Tensor = _Depthwise.apply(x.float(), self.weight)  # type: ignore[no-untyped-call]
                return out
            return super().forward(x.float())


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return functional.conv2d(x, weight, padding=(0, weight.shape[-1] // 2), groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor]:
        x, weight = ctx.saved_tensors
        of_input = None
        if ctx.needs_input_grad[0]:
            of_input = functional.conv2d(
                gradient, weight.flip(-1), padding=(0, weight.shape[-1] // 2), groups=x.shape[1]
            )
        return of_input, _gradient_of_weights(x, gradient, weight.shape[-1])


def _gradient_of_weights(x: Tensor, gradient: Tensor, kernel: int) -> Tensor:
    """`(channels, 1, 1, kernel)`: weight j gets the sum over all samples t of gradient[t] x[t + j - kernel // 2].

    Blocks of the gradient times the stretches of x around them: in each channel's product row r and column r + j
    together make weight j, so its diagonals are summed.
    """
    batch, channels, _, samples = x.shape
    blocks = -(-samples // _BLOCK)
    more = blocks * _BLOCK - samples
    width = _BLOCK + kernel - 1
    rows = functional.pad(gradient[:, :, 0].permute(1, 0, 2), (0, more)).reshape(channels, batch * blocks, _BLOCK)
    padded = functional.pad(x[:, :, 0].permute(1, 0, 2), (kernel // 2, kernel // 2 + more)).contiguous()
    around = padded.unfold(2, width, _BLOCK).reshape(channels, batch * blocks, width)
    products = torch.bmm(rows.transpose(1, 2), around)
    diagonals = products.as_strided((channels, kernel, _BLOCK), (_BLOCK * width, 1, width + 1))
    return diagonals.sum(dim=2)[:, None, None]

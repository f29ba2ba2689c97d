"""Functions behind layers: ReLU and its kin, softmax."""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from einthoven.onnx.foreign.operators.registry import Operation, Run, Step, operator

PLAIN: dict[str, Run] = {
    "HardSwish": functional.hardswish,
    "Mish": functional.mish,
    "Relu": functional.relu,
    "Sigmoid": torch.sigmoid,
    "Softsign": functional.softsign,
    "Tanh": torch.tanh,
}


@operator(*PLAIN)
def plain(op: Operation) -> Step:
    return Step(PLAIN[op.node.op], (0,))


def _softplus(x: Tensor) -> Tensor:
    # torch's own is linear above a threshold; ONNX's is not.
    return torch.logaddexp(x, torch.zeros_like(x))


@operator("Softplus")
def softplus(_: Operation) -> Step:
    return Step(_softplus, (0,))


@operator("LeakyRelu")
def leaky(op: Operation) -> Step:
    return Step(partial(functional.leaky_relu, negative_slope=op.attribute("alpha", 0.01)), (0,))


def _parametric(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, slope * x, x)


@operator("PRelu")
def parametric(_: Operation) -> Step:
    return Step(_parametric, (0, 1))


@operator("Elu")
def elu(op: Operation) -> Step:
    return Step(partial(functional.elu, alpha=op.attribute("alpha", 1.0)), (0,))


def _celu(x: Tensor, *, alpha: float) -> Tensor:
    return torch.clamp(x, min=0) + torch.clamp(alpha * torch.expm1(x / alpha), max=0)


@operator("Celu")
def celu(op: Operation) -> Step:
    return Step(partial(_celu, alpha=op.attribute("alpha", 1.0)), (0,))


def _selu(x: Tensor, *, alpha: float, gamma: float) -> Tensor:
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0)))


@operator("Selu")
def selu(op: Operation) -> Step:
    alpha = op.attribute("alpha", 1.67326319217681884765625)
    return Step(partial(_selu, alpha=alpha, gamma=op.attribute("gamma", 1.05070102214813232421875)), (0,))


@operator("Gelu")
def gelu(op: Operation) -> Step:
    return Step(partial(functional.gelu, approximate=op.attribute("approximate", "none")), (0,))


def _hard_sigmoid(x: Tensor, *, alpha: float, beta: float) -> Tensor:
    return torch.clamp(alpha * x + beta, 0, 1)


@operator("HardSigmoid")
def hard_sigmoid(op: Operation) -> Step:
    return Step(partial(_hard_sigmoid, alpha=op.attribute("alpha", 0.2), beta=op.attribute("beta", 0.5)), (0,))


def _thresholded(x: Tensor, *, alpha: float) -> Tensor:
    return torch.where(x > alpha, x, torch.zeros_like(x))


@operator("ThresholdedRelu")
def thresholded(op: Operation) -> Step:
    return Step(partial(_thresholded, alpha=op.attribute("alpha", 1.0)), (0,))


def _swish(x: Tensor, *, alpha: float) -> Tensor:
    return x * torch.sigmoid(alpha * x)


@operator("Swish")
def swish(op: Operation) -> Step:
    return Step(partial(_swish, alpha=op.attribute("alpha", 1.0)), (0,))


def _over_one(x: Tensor, *, axis: int, log: bool) -> Tensor:
    return torch.log_softmax(x, axis) if log else torch.softmax(x, axis)


def _over_rest(x: Tensor, *, axis: int, log: bool) -> Tensor:
    """Before opset 13 all axes from `axis` on are one."""
    flat = x.flatten(axis) if axis < x.ndim else x
    return _over_one(flat, axis=axis, log=log).reshape(x.shape)


@operator("Softmax", "LogSoftmax")
def softmax(op: Operation) -> Step:
    log = op.node.op == "LogSoftmax"
    if op.opset < 13:
        return Step(partial(_over_rest, axis=op.axis(1), log=log), (0,))
    return Step(partial(_over_one, axis=op.axis(-1), log=log), (0,))

"""Normalisations; batch normalisation as torch's own module, whose statistics go on when the network learns."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.onnx.foreign.operators.along_time import NormAlongTime
from einthoven.onnx.foreign.operators.registry import Operation, Step, operator

NORMS = {2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}


@operator("BatchNormalization")
def batch(op: Operation) -> Step:
    if op.rank() not in NORMS:
        op.refuse(f"its input has {op.rank()} axes")
    scale, shift, mean, variance = (
        torch.from_numpy(op.fixed(i, what).astype("float32"))
        for i, what in ((1, "scale"), (2, "bias"), (3, "mean"), (4, "variance"))
    )
    if op.attribute("spatial", 1) != 1:
        op.refuse("it normalises each sample by itself (spatial = 0)")
    kept = float(op.attribute("momentum", 0.9))
    norm = NORMS[op.rank()](
        len(scale), eps=float(op.attribute("epsilon", 1e-5)), momentum=1 - kept if 0 < kept < 1 else 0.1
    )
    with torch.no_grad():
        norm.weight.copy_(scale)
        norm.bias.copy_(shift)
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    module = NormAlongTime(norm) if isinstance(norm, nn.BatchNorm2d) and op.rank() == 3 else norm
    return Step(module, (0,), key=f"norm{op.rank()} " + " ".join(op.node.inputs[1:5]))


def _instance(x: Tensor, scale: Tensor, shift: Tensor, *, epsilon: float) -> Tensor:
    return functional.instance_norm(x, weight=scale, bias=shift, eps=epsilon)


@operator("InstanceNormalization")
def instance(op: Operation) -> Step:
    return Step(partial(_instance, epsilon=op.attribute("epsilon", 1e-5)), (0, 1, 2))


def _layer(x: Tensor, scale: Tensor, shift: Tensor | None, *, shape: list[int], epsilon: float) -> Tensor:
    if scale.shape == torch.Size(shape) and (shift is None or shift.shape == scale.shape):
        return functional.layer_norm(x, shape, scale, shift, epsilon)
    out = functional.layer_norm(x, shape, None, None, epsilon) * scale
    return out if shift is None else out + shift


@operator("LayerNormalization")
def layer(op: Operation) -> Step:
    if op.gives(1) or op.gives(2):
        op.refuse("its mean or deviation is used elsewhere")
    shape = list(op.shape(0)[op.axis(-1) :])
    return Step(partial(_layer, shape=shape, epsilon=op.attribute("epsilon", 1e-5)), (0, 1, 2))


def _group(x: Tensor, scale: Tensor, shift: Tensor, *, groups: int, epsilon: float, by_group: bool) -> Tensor:
    if not by_group:
        return functional.group_norm(x, groups, scale, shift, epsilon)
    # Before opset 21 there is one scale per group.
    each = x.shape[1] // groups
    return functional.group_norm(x, groups, scale.repeat_interleave(each), shift.repeat_interleave(each), epsilon)


@operator("GroupNormalization")
def group(op: Operation) -> Step:
    groups = int(op.attribute("num_groups"))
    options = {"groups": groups, "epsilon": op.attribute("epsilon", 1e-5), "by_group": op.opset < 21}
    return Step(partial(_group, **options), (0, 1, 2))


def _root_mean_square(x: Tensor, scale: Tensor, *, axes: list[int], epsilon: float) -> Tensor:
    return x * torch.rsqrt((x * x).mean(axes, keepdim=True) + epsilon) * scale


@operator("RMSNormalization")
def root_mean_square(op: Operation) -> Step:
    axes = list(range(op.axis(-1), op.rank()))
    return Step(partial(_root_mean_square, axes=axes, epsilon=op.attribute("epsilon", 1e-5)), (0, 1))


def _length_one(x: Tensor, *, axis: int, p: int) -> Tensor:
    length = torch.linalg.vector_norm(x, p, axis, keepdim=True)
    return torch.where(length == 0, torch.zeros_like(x), x / torch.where(length == 0, torch.ones_like(length), length))


@operator("LpNormalization")
def length_one(op: Operation) -> Step:
    return Step(partial(_length_one, axis=op.axis(-1), p=int(op.attribute("p", 2))), (0,))


@operator("LRN")
def local_response(op: Operation) -> Step:
    options = {"alpha": op.attribute("alpha", 1e-4), "beta": op.attribute("beta", 0.75), "k": op.attribute("bias", 1.0)}
    if int(op.attribute("size")) % 2 == 0:
        op.refuse("its window is even")
    return Step(partial(functional.local_response_norm, size=int(op.attribute("size")), **options), (0,))

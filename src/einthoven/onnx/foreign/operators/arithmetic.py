"""Numbers with numbers: element by element with broadcasting, comparisons, products of matrices."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from einthoven.onnx.foreign.operators.registry import Operation, Run, Step, every, operator


def _divide(a: Tensor, b: Tensor) -> Tensor:
    """Whole numbers are divided towards zero, as in C."""
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _power(a: Tensor, b: Tensor) -> Tensor:
    return torch.pow(a, b).to(a.dtype)


def _modulo(a: Tensor, b: Tensor, *, like_c: bool) -> Tensor:
    return torch.fmod(a, b) if like_c else torch.remainder(a, b)


def _fold_all(*values: Tensor, pair: Any) -> Tensor:
    total = values[0]
    for value in values[1:]:
        total = pair(total, value)
    return total


def _mean(*values: Tensor) -> Tensor:
    return _fold_all(*values, pair=torch.add) / len(values)


PLAIN: dict[str, Run] = {
    "Abs": torch.abs, "Acos": torch.acos, "Add": torch.add, "And": torch.logical_and, "Asin": torch.asin,
    "Atan": torch.atan, "Ceil": torch.ceil, "Cos": torch.cos, "Cosh": torch.cosh, "Div": _divide, "Equal": torch.eq,
    "Erf": torch.erf, "Exp": torch.exp, "Floor": torch.floor, "Greater": torch.gt, "GreaterOrEqual": torch.ge,
    "IsNaN": torch.isnan, "Less": torch.lt, "LessOrEqual": torch.le, "Log": torch.log, "MatMul": torch.matmul,
    "Mul": torch.mul, "Neg": torch.neg, "Not": torch.logical_not, "Or": torch.logical_or, "Pow": _power,
    "Reciprocal": torch.reciprocal, "Round": torch.round, "Sign": torch.sign, "Sin": torch.sin, "Sinh": torch.sinh,
    "Sqrt": torch.sqrt, "Sub": torch.sub, "Tan": torch.tan, "Where": torch.where, "Xor": torch.logical_xor,
    "Mean": _mean, "Max": partial(_fold_all, pair=torch.maximum), "Min": partial(_fold_all, pair=torch.minimum),
    "Sum": partial(_fold_all, pair=torch.add),
}  # fmt: skip
"""Operators that torch has under another name, for all inputs as they are."""


@operator(*PLAIN)
def plain(op: Operation) -> Step:
    return Step(PLAIN[op.node.op], every(op))


@operator("Mod")
def modulo(op: Operation) -> Step:
    return Step(partial(_modulo, like_c=bool(op.attribute("fmod", 0))), (0, 1))


@operator("IsInf")
def is_infinite(op: Operation) -> Step:
    if not (op.attribute("detect_negative", 1) and op.attribute("detect_positive", 1)):
        op.refuse("it asks for one sign of infinity only")
    return Step(torch.isinf, (0,))


def _clip(x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
    # The upper bound wins where the two cross, as in numpy.
    x = x if low is None else torch.maximum(x, low.to(x.dtype))
    return x if high is None else torch.minimum(x, high.to(x.dtype))


def _clip_to(x: Tensor, *, low: float | None, high: float | None) -> Tensor:
    return x if low is None and high is None else torch.clamp(x, low, high)


@operator("Clip")
def clip(op: Operation) -> Step:
    if op.opset < 11:
        return Step(partial(_clip_to, low=op.attribute("min"), high=op.attribute("max")), (0,))
    bounds = [op.constant(i) for i in (1, 2)]
    if all(bound is not None or not op.has(i) for i, bound in zip((1, 2), bounds, strict=True)):
        low, high = (None if bound is None else bound.reshape(-1)[0].item() for bound in bounds)
        return Step(partial(_clip_to, low=low, high=high), (0,))
    return Step(_clip, (0, 1, 2))


def _gemm(a: Tensor, b: Tensor, c: Tensor | None, *, alpha: float, beta: float, turn_a: bool, turn_b: bool) -> Tensor:
    product = (a.t() if turn_a else a) @ (b.t() if turn_b else b)
    product = product if alpha == 1 else alpha * product
    if c is None:
        return product
    return product + (c if beta == 1 else beta * c)


@operator("Gemm")
def gemm(op: Operation) -> Step:
    options = {
        "alpha": op.attribute("alpha", 1.0),
        "beta": op.attribute("beta", 1.0),
        "turn_a": bool(op.attribute("transA", 0)),
        "turn_b": bool(op.attribute("transB", 0)),
    }
    return Step(partial(_gemm, **options), (0, 1, 2))


def _einsum(*values: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation, *values)


@operator("Einsum")
def einsum(op: Operation) -> Step:
    return Step(partial(_einsum, equation=str(op.attribute("equation")).replace(" ", "")), every(op))


def _cumulate(x: Tensor, *, axis: int, exclusive: bool, backwards: bool) -> Tensor:
    x = x.flip(axis) if backwards else x
    summed = torch.cumsum(x, axis)
    summed = summed - x if exclusive else summed
    return summed.flip(axis) if backwards else summed


@operator("CumSum")
def cumulate(op: Operation) -> Step:
    axis = op.option("axis", 1)
    exclusive, backwards = bool(op.attribute("exclusive", 0)), bool(op.attribute("reverse", 0))
    return Step(partial(_cumulate, axis=(axis or [0])[0], exclusive=exclusive, backwards=backwards), (0,))

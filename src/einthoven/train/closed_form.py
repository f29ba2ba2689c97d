"""Training without steps: a ridge model on features that need no gradient. Imports torch: import it on use.

The features of all training ECGs are computed once. The ridge penalty is chosen by leave-one-out
cross-validation, which ridge regression has in closed form (Allen 1974, "PRESS"; Golub, Heath and
Wahba 1979, doi:10.1080/00401706.1979.10489751): with the hat matrix H of a penalty, the error that
the model would make on an ECG it was not fitted to is the residual divided by `1 - H[i, i]`. All is
solved in the dual, where the matrices have as many rows as there are ECGs, however many features.

A ridge model answers with scores around -1 and 1. Its leave-one-out scores are those of ECGs that it has
not seen; a slope and a shift that make the training loss of a network smallest on them turn its
scores into logits (Platt 1999). So probabilities mean what those of a network trained on the same data mean.
"""

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from einthoven.errors import Cancelled, LabelError, SettingError, TrainingFailed
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.random_convolutions import RandomConvolutions
from einthoven.models.networks.standardising import NaturalUnit
from einthoven.models.weights import save_weights
from einthoven.results import Epoch, TrainingResult
from einthoven.spec import ModelSpec
from einthoven.train.callbacks import ignore, never
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData
from einthoven.train.examples import choose_unit
from einthoven.train.losses import Loss, loss_for
from einthoven.train.machine import give_memory_back, threads
from einthoven.train.scoring import classes_without_members, macro_f1

MOST_ECGS = 5000
"""Memory grows with the square of the number of ECGs and time with its cube: here about 1 GB and minutes."""
PENALTIES = tuple(10.0 ** (half / 2) for half in range(-6, 5))
"""Ridge penalties to choose from, per feature: 0.001 to 100."""
USUAL_SLOPE = 2.0
SLOPE_DEVIATION, SHIFT_DEVIATION = 1.0, 3.0
"""Prior of the calibration, normal: of the slope's logarithm, and of the shift. It decides where the ECGs leave it
open, as for a class without members or one that is told apart without any error."""
BLOCK = 256
"""Features, or rows of a matrix, that are held in double precision at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """A solved ridge regression, in double precision.

    Parameters
    ----------
    coefficients, intercept
        `(features, outputs)` and `(outputs,)`.
    left_out
        `(n, outputs)`: the answer for each ECG of the model that was fitted to all others.
    penalties, errors
        What was tried: the sum of squares that is penalised is multiplied by it; mean squared leave-one-out error.
    penalty
        The one of the least error.
    """

    coefficients: Tensor
    intercept: Tensor
    left_out: Tensor
    penalties: tuple[float, ...]
    errors: tuple[float, ...]
    penalty: float


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """The course of a closed-form training: as a `TrainingResult` of one epoch, and how the penalty was chosen.

    The training loss of that epoch is the leave-one-out one. `slopes` and `shifts`, per output, turned
    ridge scores into logits (1 and 0 for regression).
    """

    result: TrainingResult
    penalties: tuple[float, ...]
    errors: tuple[float, ...]
    penalty: float
    slopes: tuple[float, ...]
    shifts: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """How the penalty and the calibration came out, as plain JSON."""
        return {
            "penalties": list(self.penalties),
            "leave_one_out_errors": list(self.errors),
            "penalty": self.penalty,
            "slopes": list(self.slopes),
            "shifts": list(self.shifts),
        }


def fit(
    network: EcgNetwork,
    data: TrainingData,
    spec: ModelSpec,
    config: TrainConfig,
    *,
    checkpoint: Path,
    groups: Sequence[str] | None = None,
    on_epoch: Callable[[Epoch], None] = ignore,
    on_progress: Callable[[int, int], None] = ignore,
    log: Callable[[str], None] = ignore,
    should_stop: Callable[[], bool] = never,
) -> ClosedForm:
    """Fit features (unless `config.method` is `head`) and head of `network` in place, on the processor.

    Of `config` only `method`, `class_weights` and `threads` matter. The validation part is judged, never learned from.

    Parameters
    ----------
    checkpoint
        Where the weights are written (safetensors).
    groups
        Whose ECG each training ECG is, any words. ECGs of one patient are alike: where one is left out and another
        is not, the penalty comes out too small and the probabilities too sure. None: no patient has two.
    on_epoch, on_progress
        Told at the end, and while features are computed as (ECGs done, ECGs).
    log
        Told in sentences what was decided.
    should_stop
        Asked after each few ECGs and before the solution.

    Raises
    ------
    LabelError, RecordError
        When the data allow no learning or do not fit `spec`.
    SettingError
        When the network needs a gradient, is told of the subject or sees windows, or the training part is larger
        than `MOST_ECGS`.
    TrainingFailed
        When a feature is no number or the disk is full.
    Cancelled
        When stopped; `network` is then half fitted.
    """
    data.check(spec)
    core = _checked(network, data, spec)
    begun = time.perf_counter()
    with threads(config.threads):
        loss = loss_for(spec, data.y_train, weighted=config.class_weights, device=torch.device("cpu"))
        _say_classes(loss, data, spec, log)
        network.to("cpu").eval()
        features = _Features(network, core, len(data.x_train) + len(data.x_validation), on_progress, should_stop)
        train = features.of(data.x_train, fit=config.method != "head")
        choose_unit(network, data.y_train, log)
        wanted, weights = _targets(network, data, spec, weighted=config.class_weights)
        give_memory_back()
        ridge = solve(train, wanted, weights, groups=groups)
        del train
        give_memory_back()
        log(_penalty_words(ridge, core.n_features))
        slopes, shifts = _calibration(ridge, data, spec, loss)
        _write_head(core.head, ridge, slopes, shifts)
        left_out = (ridge.left_out * slopes + shifts).float()
        # Only here: beside the matrices of the solution there is no room for further features.
        validation = features.of(data.x_validation)
        with torch.no_grad():
            answers = core.head(validation)
            losses = (
                float(loss.mean(left_out, _learned_answers(network, data.y_train), _weights(data))),
                float(loss.mean(answers, _learned_answers(network, data.y_validation))),
            )
    _keep(network, checkpoint)
    f1 = macro_f1(answers.numpy(), data.y_validation, spec)
    epoch = Epoch(1, *losses, f1, 0.0, time.perf_counter() - begun)
    on_epoch(epoch)
    result = TrainingResult(
        epochs=(epoch,),
        best_epoch=1,
        stopped="finished",
        maximum_rate=0.0,
        rate_search={},
        seconds=time.perf_counter() - begun,
        parameters=sum(p.numel() for p in network.parameters()),
        trained_parameters=sum(p.numel() for p in core.head.parameters()),
    )
    return ClosedForm(
        result, ridge.penalties, ridge.errors, ridge.penalty, tuple(slopes.tolist()), tuple(shifts.tolist())
    )


def solve(
    features: Tensor,
    wanted: Tensor,
    weights: Tensor,
    penalties: tuple[float, ...] = PENALTIES,
    *,
    groups: Sequence[str] | None = None,
) -> Ridge:
    """Ridge regression with an unpenalised intercept; the penalty of the least leave-one-out error.

    Minimises `sum_i weights_i |wanted_i - intercept - features_i coefficients|^2 + penalty |coefficients|^2`.

    Parameters
    ----------
    features
        float32 or float64 `(n, p)`.
    wanted, weights
        float64 `(n, outputs)` and `(n,)`; weights above 0.
    penalties
        Per feature: they are multiplied by `p`.
    groups
        Whose ECG each is: all of a group are left out together. None: each ECG is a group of its own.
    """
    together = _together(groups, len(features))
    share = weights / weights.sum()
    root = weights.sqrt()[:, None]
    gram = _gram(features)
    # Around the weighted mean, which the intercept takes out of the problem. In place: the matrix is what is large.
    towards_mean = gram @ share
    gram.sub_(towards_mean[:, None]).sub_(towards_mean - share @ towards_mean).mul_(root).mul_(root.T)
    mean = share @ wanted
    values, vectors = _eigen(gram)
    del gram
    turned = vectors.T @ (root * (wanted - mean))
    scaled = tuple(penalty * features.shape[1] for penalty in penalties)
    best: tuple[float, float, Tensor] | None = None
    errors = []
    for penalty in scaled:
        kept = values / (values + penalty)
        residuals = root * (wanted - mean) - vectors @ (kept[:, None] * turned)
        hat = torch.cat([part.square() @ kept for part in torch.split(vectors, BLOCK)]) + share
        unseen = residuals / (1 - hat).clamp(min=1e-12)[:, None]
        for group in together:
            own, part = share[group].sqrt(), vectors[group]
            block = torch.eye(len(group), dtype=torch.float64) - (part * kept) @ part.T - own[:, None] * own
            unseen[group] = torch.linalg.lstsq(block, residuals[group], driver="gelsd").solution
        left_out = wanted - unseen / root
        errors.append(float(share @ (wanted - left_out).square().mean(dim=1)))
        if best is None or errors[-1] < best[0]:
            best = (errors[-1], penalty, left_out)
    assert best is not None
    _, penalty, left_out = best
    dual = root * (vectors @ (turned / (values + penalty)[:, None]))
    dual = dual - share[:, None] * dual.sum(dim=0)
    coefficients = torch.cat([exact.T @ dual for exact in _blocks(features)])
    return Ridge(coefficients, mean - towards_mean @ dual, left_out, scaled, tuple(errors), penalty)


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (none below 0) and eigenvectors of a symmetric matrix, which is overwritten.

    LAPACK's `syevr` needs the matrix and the vectors, torch's `syevd` two more of that size, and is slower here.
    """
    from scipy.linalg import eigh
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(torch.get_num_threads(), user_api="blas"):
        values, vectors = eigh(matrix.numpy().T, overwrite_a=True, driver="evr", check_finite=False)
    return torch.from_numpy(values).clamp(min=0), torch.from_numpy(vectors)


def _together(groups: Sequence[str] | None, n: int) -> list[Tensor]:
    """Indices of the ECGs of each group that has more than one."""
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups or ()):
        members.setdefault(group, []).append(index)
    if groups is not None and (len(groups) != n or len(members) < 2):
        raise LabelError(
            f"{len(groups)} ECGs of {len(members)} patients for {n} training ECGs.",
            advice="At least two patients are needed, and a patient for each ECG.",
        )
    return [torch.tensor(group) for group in members.values() if len(group) > 1]


def _gram(features: Tensor) -> Tensor:
    gram = torch.zeros(len(features), len(features), dtype=torch.float64)
    for exact in _blocks(features):
        gram.addmm_(exact, exact.T)
    return gram


def _blocks(features: Tensor) -> Iterator[Tensor]:
    """In double precision, `BLOCK` features at a time: not all of them at once."""
    for start in range(0, features.shape[1], BLOCK):
        yield features[:, start : start + BLOCK].double()


def _checked(network: EcgNetwork, data: TrainingData, spec: ModelSpec) -> RandomConvolutions:
    if not isinstance(network.core, RandomConvolutions):
        raise SettingError(
            f"The architecture {network.entry.name!r} cannot be fitted in closed form.",
            advice="Train it by gradient, or choose random_convolutions.",
        )
    if len(data.x_train) > MOST_ECGS:
        raise SettingError(
            f"{len(data.x_train)} training ECGs are too many for a closed-form fit; at most {MOST_ECGS} are allowed.",
            advice="Train a network: with so many ECGs it is the better choice.",
        )
    if spec.subject:
        raise SettingError(
            f"A closed-form fit cannot use {' and '.join(spec.subject)} besides the ECG.",
            advice="Leave them out, or train a network.",
        )
    if network.windows.count != 1:
        raise SettingError(
            f"A closed-form fit sees whole records, not windows of {network.window} samples.",
            advice="Leave the window length out, or train a network.",
        )
    if spec.kind == "single-label" and not np.isin(data.y_validation, data.y_train).any():
        raise LabelError("No class of the training part has an ECG in the validation part.")
    return network.core


def _say_classes(loss: Loss, data: TrainingData, spec: ModelSpec, log: Callable[[str], None]) -> None:
    for note in loss.notes:
        log(note)
    absent = classes_without_members(data.y_validation, spec)
    if absent:
        log(f"No validation ECG has {', '.join(absent)}: left out of the F1 shown.")


class _Features:
    """Features of ECGs, a few at a time; progress is counted over the training and the validation part."""

    def __init__(
        self,
        network: EcgNetwork,
        core: RandomConvolutions,
        total: int,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.network, self.core = network, core
        self.total, self.before = total, 0
        self.on_progress, self.should_stop = on_progress, should_stop

    def of(self, ecgs: npt.NDArray[np.float32], *, fit: bool = False) -> Tensor:
        """float32 `(n, features)`; with `fit` what they depend on is set from these ECGs first."""
        x = torch.from_numpy(np.ascontiguousarray(ecgs, np.float32))
        if fit:
            found = self.core.fit_features(x, scaled=self.network.standardise, on_batch=self._on_batch)
        else:
            found = self.core.in_batches(x, self._computed, on_batch=self._on_batch)
        self.before += len(x)
        if not all(part.isfinite().all() for part in torch.split(found, BLOCK)):
            raise TrainingFailed(
                "Some features of the ECGs are no numbers.", advice="Look for ECGs with extreme values."
            )
        return found

    def _computed(self, part: Tensor) -> Tensor:
        return self.core.features(self.network.standardise(part))

    def _on_batch(self, done: int, _: int) -> None:
        if self.should_stop():
            raise Cancelled("The training was cancelled before it ended; there is no model.")
        self.on_progress(self.before + done, self.total)


def _targets(network: EcgNetwork, data: TrainingData, spec: ModelSpec, *, weighted: bool) -> tuple[Tensor, Tensor]:
    """What the ridge model is to answer, `(n, outputs)`, and the weight of each ECG, `(n,)`.

    Classes are -1 and 1. With weights each class of a single-label task counts the same; several labels of
    one ECG have no common weight, there only the calibration weighs.
    """
    y = data.y_train
    each = torch.ones(len(y)).double() if data.weights is None else torch.from_numpy(data.weights).double()
    if isinstance(network.unit, NaturalUnit):
        values = torch.from_numpy(np.asarray(y, dtype=np.float64))
        return (values - network.unit.mean.double()) / network.unit.scale.double(), each
    if spec.kind == "multi-label":
        return torch.from_numpy(2.0 * np.asarray(y, dtype=np.float64) - 1), each
    classes = torch.from_numpy(np.asarray(y, dtype=np.int64))
    members = nn.functional.one_hot(classes, len(spec.classes)).double()
    counts = members.sum(dim=0)
    if weighted:
        each = each * (len(y) / (int((counts > 0).sum()) * counts))[classes]
    return 2 * members - 1, each


def _penalty_words(ridge: Ridge, n_features: int) -> str:
    words = (
        f"Ridge model on {n_features:,} features; penalty {ridge.penalty / n_features:.2g} per feature, of the least "
        f"leave-one-out error ({min(ridge.errors):.3g})."
    )
    if ridge.penalty == max(ridge.penalties):
        words += " It is the largest that was tried: the features tell next to nothing about the answers."
    return words


def _calibration(ridge: Ridge, data: TrainingData, spec: ModelSpec, loss: Loss) -> tuple[Tensor, Tensor]:
    """Slope and shift per output, float64; one slope for all classes that exclude each other."""
    n_outputs = ridge.left_out.shape[1]
    if spec.kind == "regression":
        return torch.ones(n_outputs, dtype=torch.float64), torch.zeros(n_outputs, dtype=torch.float64)
    single = spec.kind == "single-label"
    scores = ridge.left_out.float()
    targets, weights = _learned_answers(None, data.y_train), _weights(data)
    steepness = torch.zeros(1 if single else n_outputs, requires_grad=True)
    shift = torch.zeros(n_outputs, requires_grad=True)
    judged = len(scores) if single else len(scores) * n_outputs
    optimiser = torch.optim.LBFGS([steepness, shift], max_iter=200, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        optimiser.zero_grad()
        logits = scores * USUAL_SLOPE * steepness.exp() + shift
        prior = (steepness / SLOPE_DEVIATION).square().sum() + (shift / SHIFT_DEVIATION).square().sum()
        value = loss.mean(logits, targets, weights) * judged + prior / 2
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimiser.step(objective)  # type: ignore[no-untyped-call]
    slopes = (USUAL_SLOPE * steepness.exp()).expand(n_outputs)
    return slopes.detach().double(), shift.detach().double()


@torch.no_grad()
def _write_head(head: nn.Linear, ridge: Ridge, slopes: Tensor, shifts: Tensor) -> None:
    head.weight.copy_((ridge.coefficients * slopes).T)
    head.bias.copy_(ridge.intercept * slopes + shifts)


def _learned_answers(network: EcgNetwork | None, y: npt.NDArray[Any]) -> Tensor:
    """As the loss takes them: class numbers, 0 and 1, or values on the scale on which they are learned."""
    if network is not None and isinstance(network.unit, NaturalUnit):
        return (torch.from_numpy(np.asarray(y, dtype=np.float32)) - network.unit.mean) / network.unit.scale
    return torch.from_numpy(np.asarray(y, dtype=np.int64 if y.ndim == 1 else np.float32))


def _weights(data: TrainingData) -> Tensor | None:
    return None if data.weights is None else torch.from_numpy(data.weights)


def _keep(network: EcgNetwork, checkpoint: Path) -> None:
    try:
        save_weights(network, checkpoint)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise TrainingFailed(
            "The disk is full: the weights cannot be kept.", advice="Make room, then fit again."
        ) from error
    network.fresh_output = False

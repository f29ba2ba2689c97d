"""From the heart vector to twelve leads, by way of the nine electrodes on the skin."""

from dataclasses import dataclass

import numpy as np

from einthoven.simulate.heart import Array

# Dower, Machado, Osborne 1980 (Clin Cardiol 3:87): leads from Frank's X, Y, Z.
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],  # I
        [0.235, 1.066, -0.132],  # II
        [-0.515, 0.157, -0.917],  # V1
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],  # V6
    ]
)
ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True)
class Torso:
    """How one body shows its heart: `leads` takes (x, y, z) to I, II, V1 ... V6."""

    leads: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Torso":
        """Dower's matrix with the variation of bodies and of where electrodes are put (more on the chest)."""
        chest = np.array([0.04, 0.04] + [0.15] * 6)[:, None]
        size = np.linalg.norm(DOWER, axis=1, keepdims=True)
        return cls((DOWER + size * chest * rng.normal(size=DOWER.shape)) * rng.lognormal(0, chest))

    def electrodes(self, vector: Array) -> Array:
        """Potentials of the nine `ELECTRODES`, `(9, n_samples)`, against Wilson's central terminal."""
        i, ii, *chest = self.leads @ vector
        # RA + LA + LL = 0 at the central terminal; I = LA - RA, II = LL - RA.
        ra = -(i + ii) / 3
        return np.stack((ra, ra + i, ra + ii, *chest))


def twelve_leads(electrodes: Array) -> Array:
    """The leads in standard order, `(12, n_samples)`, from electrode potentials, as a recorder computes them."""
    ra, la, ll = electrodes[:3]
    central = (ra + la + ll) / 3
    augmented = (1.5 * (e - central) for e in (ra, la, ll))
    return np.concatenate((np.stack((la - ra, ll - ra, ll - la, *augmented)), electrodes[3:] - central))

"""ECGs that no patient ever had: a small, physiologically reasoned model for demonstrations and tests.

Never evidence of anything: records carry `source.simulated = True` and the format `simulated`.
"""

from einthoven.simulate.cohort import cohort, simulate
from einthoven.simulate.diagnoses import DIAGNOSES

__all__ = ["DIAGNOSES", "cohort", "simulate"]

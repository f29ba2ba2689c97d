"""Training: `TrainConfig` and `TrainingData` cost nothing to import; `train.loop` imports torch."""

from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData

__all__ = ["TrainConfig", "TrainingData"]

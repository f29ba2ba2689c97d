"""Ways of training compared with each other on the same ECGs: folds, the run under a budget, the leaderboard.

Only `fitting` and `cost` import torch. Nothing here reads or writes files that outlive a training.
"""

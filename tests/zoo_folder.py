"""A folder of models that come with the program, for tests: capsules of a graph whose answers are known."""

from pathlib import Path

from einthoven import capsule
from hand_made_model import mean_model, mean_spec


def zoo_folder(folder: Path, name: str = "net-pace") -> Path:
    """`folder` with one capsule; it was tested, with an interval."""
    folder.mkdir(parents=True, exist_ok=True)
    statistics = {
        "n_train": 7,
        "parameters": 3,
        "data": {"name": "made-up ECGs"},
        "zoo": {"made": "2026-01-02"},
        "asked_only": ["Ask it about paces alone."],
    }
    tested = {
        "part": "test", "data": "made-up ECGs", "folds": [9], "n": 20, "n_patients": 18, "macro_auroc": 0.9,
        "intervals": {"macro_auroc": [0.8, 0.95]}, "interval_method": "bootstrap", "warnings": [],
    }  # fmt: skip
    content = mean_model(mean_spec(), statistics)
    packed = capsule.pack(
        capsule.Contents(name, "einthoven 1", content, f"---\na: 1\n---\n# {name}\n", statistics, (tested,))
    )
    (folder / f"{name}.ecgmodel").write_bytes(packed)
    return folder

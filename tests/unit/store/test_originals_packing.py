"""What is packed of the originals, and that all of it comes back, also what was packed by another rule."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from einthoven.store.originals import Originals, pack, zipped

TEXT = ("0.002,0.105,-0.233,0.018\n" * 3000).encode()
NUMBERS = (np.random.default_rng(0).normal(0, 500, 60_000).round() / 1000).tobytes()
HEADER = b"record 12 500 5000\n"


@pytest.mark.parametrize(
    ("data", "becomes"), [(TEXT, "packed"), (bytes(60_000), "packed"), (NUMBERS, "plain"), (HEADER, "plain")]
)
def test_text_and_emptiness_are_packed_and_numbers_are_not(data: bytes, becomes: str, tmp_path: Path) -> None:
    size = pack(tmp_path / "waiting.zip", {"record": data})
    assert (size < len(data) / 2) is (becomes == "packed")
    assert size < len(data) + 300


@pytest.mark.parametrize("data", [TEXT, NUMBERS, HEADER, b""])
def test_an_original_comes_back_whoever_packed_it(data: bytes, tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    for digest in ("aa01", "aa02"):
        originals.path(digest).parent.mkdir(exist_ok=True)
    pack(originals.path("aa01"), {"record.mat": data, "name.zst": data})
    always = {"record.mat.zst": pa.compress(data, codec="zstd", asbytes=True)}
    originals.path("aa02").write_bytes(zipped(always))
    assert originals.load("aa01") == {"record.mat": data, "name.zst": data}
    assert originals.load("aa02") == {"record.mat": data}

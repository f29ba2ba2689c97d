"""Whether a part of a file's name stands in the bytes that would be kept: held against a search written plainly."""

import random

import pytest

from einthoven.workflows.intake import _still_there

NAMES = ["smith", "Smith_J", "00003_hr", "müller", "МАРИЯ", "a@b[c]", "x`y{z}", "山田太郎"]


def _plain_search(data: bytes, name: str) -> bool:
    folded = name.casefold()
    wide = folded.encode("utf-16-le")
    forms = (folded.encode(), folded.encode("latin-1", "backslashreplace"), wide[:-1] if wide[-1] == 0 else wide)
    return any(form in data.lower() for form in forms)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "written", [str, str.upper, str.casefold, lambda name: name.replace("[", "{").replace("@", "`")]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_name_is_found_in_any_case_and_nothing_else_is_taken_for_it(name: str, written, encoding: str) -> None:
    noise = random.Random(name)
    before, behind = noise.randbytes(5001), noise.randbytes(4000)
    data = before + written(name).encode(encoding) + behind
    assert _still_there({"record.dat": data}, (name,)) is _plain_search(data, name)
    assert not _still_there({"record.dat": before + behind}, (name,))


def test_signs_that_differ_in_the_bit_of_case_are_other_signs() -> None:
    assert not _still_there({"record.dat": b"..A`B{C}.."}, ("a@b[c]",))
    assert _still_there({"record.dat": b"..A@B[C].."}, ("a@b[c]",))


def test_a_name_in_the_name_of_a_kept_file_counts() -> None:
    assert _still_there({"Smith.dat": b""}, ("smith",))
    assert not _still_there({"record.dat": b""}, ("smith",))

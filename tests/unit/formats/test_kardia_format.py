"""AliveCor Kardia JSON: no real file could be had; written from the API's documentation, read by ecgdatakit as well."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import kardia_document
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, read_all
from einthoven.record import EcgRecord

SIX = ("I", "II", "III", "aVR", "aVL", "aVF")
SMALL = Case(300.0, "mV", SIX, 600)


def _read(document: object) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.json", {"a.json": json.dumps(document).encode()})))


def test_raw_first_and_enhanced_as_a_record_of_its_own() -> None:
    raw, enhanced = _read(kardia_document(SMALL, enhanced=True))
    assert (raw.leads, raw.rate) == (SIX, 300.0)
    np.testing.assert_allclose(raw.signal, SMALL.truth, atol=0.0003)
    np.testing.assert_allclose(enhanced.signal, SMALL.truth / 2, atol=0.0003)
    assert enhanced.annotations[0].text == "filtered by AliveCor (enhanced)"
    assert [note.text for note in raw.annotations] == ["normal"]
    assert (raw.source.device, raw.source.recorded) == ("AliveCor triangle", "2024-03-01T10:11:12")


def test_ecgdatakit_reads_the_same(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.alivecor_kardia import AliveCorKardiaParser

    path = tmp_path / "a.json"
    path.write_text(json.dumps(kardia_document(SMALL, enhanced=True)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = AliveCorKardiaParser().parse(path)
    for record, leads in zip(_read(json.loads(path.read_text())), (other.leads, other.leads_enhanced), strict=True):
        for lead in leads:
            np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


def test_null_is_a_missing_sample() -> None:
    document: Any = kardia_document(SMALL)
    document["data"]["raw"]["samples"]["leadI"][3] = None
    assert np.flatnonzero(np.isnan(_read(document)[0].signal[0])).tolist() == [3]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("numLeads", 2, "states 2 leads and holds 6"),
        ("samples", {"leadI": [1, "2"]}, "no list of numbers|holds 1"),
        ("frequency", "fast", "where frequency should be a number"),
        ("amplitudeResolution", 0, "step of 0"),
    ],
)
def test_contradictions_are_refused(key: str, value: object, message: str) -> None:
    document: Any = kardia_document(SMALL)
    document["data"]["raw"][key] = value
    with pytest.raises(FormatError, match=message):
        _read(document)


def test_a_missing_resolution_is_asked_for_and_twelve_leads_are_refused() -> None:
    document: Any = kardia_document(SMALL)
    del document["data"]["raw"]["amplitudeResolution"]
    document["data"]["raw"]["amplitudeResolution"] = None
    with pytest.raises(HintsNeeded) as caught:
        _read(document)
    assert caught.value.missing == ("unit",)
    with pytest.raises(FormatError, match="12L"):
        _read({"recordedAt": "2024-03-01T10:11:12Z", "data12L": {}})

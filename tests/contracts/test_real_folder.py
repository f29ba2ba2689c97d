"""Every real file of `../shared/data/formats` is read, belongs to one that is, or is refused for a known reason."""

from pathlib import Path

import pytest

from einthoven.errors import EinthovenError
from einthoven.formats import PathSource, plan, read_all

REFUSED = {
    "sierra/invalid-doc-type.xml": "document type MortaraECG",
    "wfdb/1003.hea": "1003.dat, which the header names, is not there",
    "wfdb/12726.hea": "12726.dat, which the header names, is not there",
    "wfdb/n16.hea": "n16.dat, which the header names, is not there",
    "wfdb/n8_evoked_raw_95_F1_R9.hea": "n8_evoked_raw_95_F1_R9.dat, which the header names, is not there",
    "wfdb/wave_4.hea": "wave_4.dat, which the header names, is not there",
    "wfdb/test_edfann.edf": "holds no signal that may be an ECG",
    "wfdb/multi-segment/p000878/p000878-2137-10-26-16-57.hea": "3269321_0003.hea, which the header names, is not there",
    "wfdb/multi-segment/s00001/s00001-2896-10-09-01-56.hea": "None of its segments holds an ECG",
    "wfdb/multi-segment/s00001/s00001-2896-10-09-01-56n.hea": "None of its signals is an ECG",
    "wfdb/multi-segment/s00001/s00001-2896-10-10-00-31.hea": "3975656_0009.dat, which the header names, is not there",
    "wfdb/multi-segment/s00001/s00001-2896-10-10-00-31n.hea": "None of its signals is an ECG",
}
UNKNOWN = {"wfdb/huge.qrs": "annotations of a record that is not there"}
FEWEST_READ = 41


@pytest.fixture(scope="module")
def sources(shared_data: Path) -> list[PathSource]:
    root = shared_data / "formats"
    return [PathSource(path, root) for path in sorted(root.rglob("*")) if path.is_file()]


def test_nothing_is_dropped_in_silence(sources: list[PathSource]) -> None:
    sorted_files = plan(sources)
    piles = (sorted_files.records, sorted_files.companions, sorted_files.label_tables, sorted_files.unknown)
    assert sorted(source.name for pile in piles for source in pile) == sorted(source.name for source in sources)
    assert {source.name for source in sorted_files.unknown} == set(UNKNOWN)
    assert all(sorted_files.reasons[source.name] for pile in piles[1:] for source in pile)


def test_what_cannot_be_read_is_refused_for_the_reason_that_is_true(sources: list[PathSource]) -> None:
    refused: dict[str, str] = {}
    n_read = 0
    for source in plan(sources).records:
        try:
            records = list(read_all(source))
        except EinthovenError as error:
            refused[source.name] = str(error)
        else:
            n_read += 1
            assert [record.source.index for record in records] == list(range(len(records)))
    assert set(refused) == set(REFUSED)
    assert {name: REFUSED[name] in reason for name, reason in refused.items()} == dict.fromkeys(REFUSED, True)
    assert n_read >= FEWEST_READ

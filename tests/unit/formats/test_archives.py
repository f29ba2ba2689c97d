"""Archives of any kind within each other; what they must not do."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case, write_csv, write_npz, write_wfdb
from einthoven.errors import FormatError
from einthoven.formats import MemorySource, PathSource, archives, plan, read_all
from einthoven.formats.archives import Archive, archive_kind
from einthoven.formats.planning import files_in

CASE = Case(500.0, "mV", ("I", "II"), 400)
WFDB = write_wfdb(CASE).files
CSV = write_csv(CASE).files["ecg.csv"]
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def memory(name: str, data: bytes) -> MemorySource:
    return MemorySource(name, {name: data})


def refusals(data: bytes, name: str = "a.zip") -> dict[str, str]:
    with Archive(memory(name, data)) as archive:
        return {refused.name: str(refused.error) for refused in archive.refused}


ARCHIVES = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
    "zip in zip": lambda files: zipped({"inner.zip": zipped(files)}),
    "tar.gz in zip in gz": lambda files: gzip.compress(zipped({"x/i.tgz": gzip.compress(tarred(files))})),
    "stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_record_of_two_files_is_read_from_any_archive_whatever_its_suffix(kind: str) -> None:
    data = ARCHIVES[kind]({f"day/{name}": content for name, content in WFDB.items()})
    (record,) = read_all(memory("folder.bin", data))
    np.testing.assert_allclose(record.signal, CASE.truth, atol=write_wfdb(CASE).tolerance)
    assert record.source.name.startswith("folder.bin/") and record.source.name.endswith("/day/ecg.hea")


@pytest.mark.parametrize("packer", PACKERS)
def test_a_packed_file_is_read_under_its_own_name(packer: str, tmp_path: Path) -> None:
    (tmp_path / f"a.csv.{packer}").write_bytes(PACKERS[packer](CSV))
    (record,) = read_all(PathSource(tmp_path / f"a.csv.{packer}"))
    assert record.source.name == "a.csv"
    np.testing.assert_allclose(record.signal, CASE.truth, atol=1e-6)


def test_the_two_files_of_a_record_may_be_packed_one_by_one(tmp_path: Path) -> None:
    for name, data in WFDB.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    (record,) = read_all(PathSource(tmp_path / "ecg.hea.gz"))
    np.testing.assert_allclose(record.signal, CASE.truth, atol=write_wfdb(CASE).tolerance)


def test_formats_that_are_zip_files_themselves_are_no_archives() -> None:
    npz = write_npz(CASE).files["ecg.npz"]
    assert archive_kind(memory("ecg.zip", npz)) is None
    (record,) = read_all(memory("ecg.zip", npz))
    assert record.source.format == "npz"
    assert archive_kind(memory("m.zip", zipped({"model.onnx": b"x"}))) is None


def test_an_archive_in_a_folder_is_planned_as_something_to_read() -> None:
    files = {"a.zip": zipped({"ecg.csv": CSV}), "b.tar": tarred({"ecg.csv": CSV}), "c.csv.gz": gzip.compress(CSV)}
    found = plan([MemorySource(name, files) for name in files])
    assert [source.name for source in found.records] == list(files)
    assert found.reasons["a.zip"] == "ZIP archive"


def test_every_file_of_an_archive_is_accounted_for() -> None:
    files = {"a/ecg.csv": CSV, "labels.csv": b"file_name,label\na,b\n", "photo.jpg": b"\xff\xd8\xff", ".DS_Store": b"x",
             "__MACOSX/a/._ecg.csv": b"x", "README.md": b"x"}  # fmt: skip
    piles = {found.name: found.pile for found in files_in(memory("f.zip", zipped(files)))}
    assert piles == {
        "f.zip/a/ecg.csv": "record", "f.zip/labels.csv": "label table", "f.zip/photo.jpg": "unknown",
        "f.zip/README.md": "companion",
    }  # fmt: skip


def test_shares_of_an_archive_are_together_the_whole() -> None:
    files = {f"{number}.csv": CSV for number in range(7)} | {"bad.jpg": b"\xff\xd8\xff"}
    whole = sorted(found.name for found in files_in(memory("f.zip", zipped(files))))
    shared = [found.name for k in range(3) for found in files_in(memory("f.zip", zipped(files)), share=(k, 3))]
    assert sorted(shared) == whole


def test_what_cannot_be_read_in_an_archive_is_said_after_what_can() -> None:
    source = memory("f.zip", zipped({"a.csv": CSV, "bad.jpg": b"\xff\xd8\xff"}))
    records = read_all(source)
    assert next(records).source.name == "f.zip/a.csv"
    with pytest.raises(FormatError, match=r"f\.zip: 1 of its files cannot be read, 1 can.*JPEG"):
        next(records)


@pytest.mark.parametrize(
    "name", ["../secret.csv", "a/../../secret.csv", "/etc/secret.csv", "C:/secret.csv", "..\\s.csv"]
)
def test_a_name_that_leads_out_is_refused_and_the_others_are_read(name: str) -> None:
    for data in (zipped({name: CSV, "good.csv": CSV}), tarred({name: CSV, "good.csv": CSV})):
        with Archive(memory("a", data)) as archive:
            assert [source.name for source in archive.sources] == ["a/good.csv"]
            (refused,) = archive.refused
            assert "leads out" in str(refused.error) or "absolute" in str(refused.error)


def test_links_and_devices_are_refused() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.CHRTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    found = refusals(stream.getvalue(), "a.tar")
    assert set(found) == {"a.tar/s", "a.tar/h", "a.tar/d", "a.tar/f"}
    assert all("never followed" in reason for reason in found.values())
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    assert "never followed" in refusals(stream.getvalue())["a.zip/link"]


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zipped({"a.csv": CSV}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    assert "encrypted" in refusals(bytes(data))["a.zip/a.csv"]


def test_a_name_that_stands_twice_is_read_once() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.csv", CSV)
        archive.writestr("a.csv", CSV)
    assert "twice" in refusals(stream.getvalue())["a.zip/a.csv"]


def test_a_bomb_is_refused_by_what_it_states_and_by_what_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 2**20)
    bomb = zipped({"bomb.csv": bytes(20 * 2**20)})
    assert "fill the disk" in refusals(bomb)["a.zip/bomb.csv"]
    packed = gzip.compress(bytes(20 * 2**20))
    with pytest.raises(FormatError, match="fill the disk"):
        list(read_all(memory("a.csv.gz", packed)))
    with pytest.raises(FormatError, match="fill the disk"):
        list(read_all(memory("a.tgz", gzip.compress(tarred({"x": bytes(20 * 2**20)})))))
    many = zipped({f"{k}.zip": zipped({"x.csv": bytes(900_000)}) for k in range(50)})
    reasons = [found.reason for found in files_in(memory("m.zip", many))]
    assert len(reasons) == 50


def test_members_that_together_are_a_bomb_are_stopped_by_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 2**20)
    data = zipped({f"{k}.bin": bytes(900_000) for k in range(9)})
    with Archive(memory("a.zip", data)) as archive, pytest.raises(FormatError, match="fill the disk"):
        for source in archive.sources:
            source.read()


def test_a_stated_size_that_lies_is_found() -> None:
    data = bytearray(zipped({"a.csv": CSV}, zipfile.ZIP_STORED))
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (len(CSV) + 100).to_bytes(4, "little")
    with pytest.raises(FormatError, match=r"a\.csv"):
        list(read_all(memory("a.zip", bytes(data))))


def test_archives_lie_only_so_deep_in_each_other() -> None:
    data = zipped({"ecg.csv": CSV})
    for level in range(6):
        data = zipped({f"{level}.zip": data})
    (found,) = files_in(memory("deep.zip", data))
    assert found.pile == "unknown" and "that deep" in found.reason


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    with pytest.raises(FormatError, match="more than 5 files"):
        Archive(memory("a.zip", zipped({str(k): b"x" for k in range(6)})))


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_a_damaged_archive_is_refused_by_name_whatever_is_wrong(kind: str) -> None:
    data = ARCHIVES[kind]({"ecg.csv": CSV})
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 4):
            broken[place] ^= int(rng.integers(1, 256))
        cut = bytes(broken[: int(rng.integers(len(data) // 4, len(data)))])
        for version in (bytes(broken), cut):
            try:
                list(read_all(memory("broken.bin", version)))
            except FormatError as error:
                assert "broken.bin" in str(error)


def test_nothing_of_an_archive_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMORY_BYTES", 1000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    list(read_all(memory("a.tgz", gzip.compress(tarred({"ecg.csv": CSV})))))
    assert list(tmp_path.iterdir()) == []

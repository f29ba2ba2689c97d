"""What a file is when it is no ECG of ours: for messages that help, and for sorting a folder."""

import re
from pathlib import PurePosixPath

from einthoven.errors import FormatError
from einthoven.formats.columns import looks_like_labels
from einthoven.formats.source import FileSource
from einthoven.formats.text_table import decode_text, split_row

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a database"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened"),
    (b"\x80\x03", "a Python pickle, which is never opened"),
    (b"\x80\x05\x95", "a Python pickle, which is never opened"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office document"),
    (b"0       ", "an EDF recording whose header does not agree with itself"),
    (b"\xffBIOSEMI", "a BDF recording whose header does not agree with itself"),
)


def foreign_kind(source: FileSource) -> str | None:
    """In words what the content is, with article; None when it is nothing we recognise."""
    head = source.head()
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if is_workbook(head):
        return "an Excel workbook"
    if is_model_bundle(head):
        return "an exported model, to be taken in on the page Models"
    if head.startswith(b"PK"):
        return "a ZIP archive"
    if head[14:25] == b"SCPECG\0\0\0\0\0" or head[16:22] == b"SCPECG":
        return "an SCP-ECG file whose sections do not agree with each other"
    if head[4:].startswith(b"##NEUTRAL HOLTER RECORDING##"):
        return "an Edan Holter archive, whose layout is not published"
    if is_label_table(head):
        return "a table of labels"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return "an XML or HTML file"
    return None


def is_workbook(head: bytes) -> bool:
    """Whether a ZIP's beginning is that of an XLSX workbook."""
    return head.startswith(b"PK\x03\x04") and (b"xl/" in head or b"[Content_Types].xml" in head[:100])


def is_model_bundle(head: bytes) -> bool:
    """Whether a ZIP's beginning is that of a model that this program exported: the graph is its first member."""
    return head.startswith(b"PK\x03\x04") and head[30:40] == b"model.onnx"


def is_label_table(head: bytes) -> bool:
    """Whether the content begins like a table of labels: a workbook, or text whose first row names such columns."""
    if is_workbook(head):
        return True
    text = decode_text(head)
    first = next((line for line in text.splitlines() if line.strip()), "") if text else ""
    return any(looks_like_labels(split_row(first, sign)) for sign in ("\t", ";", ",") if sign in first)


def header_that_names(source: FileSource) -> FileSource | None:
    """The WFDB header beside a data file that names it, or None."""
    path = PurePosixPath(source.name)
    if path.suffix.casefold() not in (".dat", ".mat") or source.size == 0:
        return None
    header = source.sibling(f"{path.stem}.hea")
    if header is None:
        return None
    try:
        text = header.head().decode("latin-1")
    except FormatError:
        return None
    named = re.search(rf"^{re.escape(path.name)}\s+\d", text, re.MULTILINE | re.IGNORECASE)
    return header if named else None

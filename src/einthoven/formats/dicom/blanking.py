"""A DICOM ECG without anything that says whose it is.

The idea of the basic confidentiality profile (PS3.15, table E.1-1), turned round: not what identifies is
removed, but what is known not to is kept, so that private elements, new attributes and misused ones go too.
UIDs are replaced by others made from their hash (PS3.5, B.2), the same for the same, so that a study stays together.
"""

import hashlib
import re
import struct
from collections.abc import Callable, Mapping

from einthoven.formats.dicom import tags
from einthoven.formats.dicom.elements import DEFLATED, EXPLICIT_LITTLE, Dicom, Element, Item, text_of
from einthoven.formats.dicom.groups import MEDIAN, groups_in
from einthoven.formats.dicom.leads import lead_from_meaning
from einthoven.formats.dicom.values import Values
from einthoven.formats.harmless import is_device, is_label
from einthoven.formats.source import FileSource
from einthoven.formats.statements import is_statement
from einthoven.formats.units import is_ecg_name

_LONG = frozenset((b"OB", b"OW", b"OD", b"OF", b"OL", b"OV", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_NAME = "record.dcm"
_METHOD = b"Einthoven: known elements kept, all others removed"
_WRITER_UID = b"2.25.305828488182831875890203105390285383139"
_MEDIA_CLASS, _MEDIA_INSTANCE, _SYNTAX, _WRITER = 0x00020002, 0x00020003, 0x00020010, 0x00020012
_SCHEME_VERSION = 0x00080103
# PS3.16, table 8-1: what their codes mean is published. Other schemes are of whoever wrote the file.
_PUBLIC_SCHEMES = frozenset({"MDC", "SCPECG", "SCP-ECG", "UCUM", "DCM", "LN", "SCT", "SRT", "SNM3"})
_NO_ECG = b"MARKER"  # a name that no lead has
_IDENTITY_REMOVED, _DEIDENTIFICATION = 0x00120062, 0x00120063


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The file with the elements of `tags.KEPT` only; None when a lead has no known name, FormatError when it is
    damaged."""
    values = Values.of(source)
    file = values.file
    groups, _ = groups_in(source, values)
    if not all(channel.lead is None or is_label(channel.lead) for group in groups for channel in group.channels):
        return None
    dataset = _kept(values)
    meta: Item = {
        0x00020001: Element(b"OB", b"\0\1"),
        _MEDIA_CLASS: dataset.get(tags.SOP_CLASS_UID, Element(b"UI", b"")),
        _MEDIA_INSTANCE: dataset[tags.SOP_INSTANCE_UID],
        _SYNTAX: Element(b"UI", _syntax(file).encode()),
        _WRITER: Element(b"UI", _WRITER_UID),
    }
    body = _written(meta, implicit=False, endian="<")
    length = _written({0x00020000: Element(b"UL", struct.pack("<L", len(body)))}, implicit=False, endian="<")
    data = _written(dataset, implicit=file.implicit, endian=">" if file.big_endian else "<")
    return {_NAME: bytes(128) + b"DICM" + length + body + data}


def _syntax(file: Dicom) -> str:
    """The transfer syntax of what is written; what was deflated becomes what it was inside, explicit little endian."""
    syntax = text_of(file.meta.get(_SYNTAX)) or EXPLICIT_LITTLE
    return EXPLICIT_LITTLE if syntax == DEFLATED else syntax


def _kept(values: Values) -> Item:
    old = values.file.dataset
    new: Item = {tag: Element(tags.VRS[tag], b"") for tag in tags.EMPTIED}
    for tag in tags.KEPT & old.keys():
        element = old[tag]
        new[tag] = element if element.items is None else _kept_items(values, element)
    for tag in (tags.MANUFACTURER, tags.MODEL):
        _empty_unless(is_device, values, new, tag)
    for tag in (tags.SOP_INSTANCE_UID, tags.STUDY_UID, tags.SERIES_UID):
        new[tag] = Element(b"UI", _other_uid(text_of(old.get(tag))))
    new[_IDENTITY_REMOVED] = Element(b"CS", b"YES")
    new[_DEIDENTIFICATION] = Element(b"LO", _METHOD)
    return new


def _kept_items(values: Values, element: Element) -> Element:
    items = []
    for item in element.items or ():
        kept = {
            tag: part if part.items is None else _kept_items(values, part)
            for tag, part in item.items()
            if tag in tags.KEPT_IN_ITEMS
        }
        _blank_labels(values, kept)
        if tags.TEXT_VALUE in kept:
            kept[tags.TEXT_VALUE] = Element(kept[tags.TEXT_VALUE].vr, _statements(values.text(item, tags.TEXT_VALUE)))
        items.append(kept)
    return Element(element.vr, b"", items)


def _blank_labels(values: Values, item: Item) -> None:
    """Labels and codes of which not each word is known lose it; what they decide stays."""
    label = values.text(item, tags.GROUP_LABEL)
    if label and not is_label(label):
        item[tags.GROUP_LABEL] = Element(item[tags.GROUP_LABEL].vr, b"MEDIAN" if MEDIAN.search(label) else b"")
    _relabel(values, item, tags.CHANNEL_LABEL)
    if tags.CODING_SCHEME in item and text_of(item[tags.CODING_SCHEME]).upper() not in _PUBLIC_SCHEMES:
        for tag in (tags.CODING_SCHEME, _SCHEME_VERSION):
            _empty_unless(_is_short_code, values, item, tag)
        _relabel(values, item, tags.CODE_MEANING)
        if not _is_short_code(values.text(item, tags.CODE_VALUE)):
            _relabel(values, item, tags.CODE_VALUE)


def _relabel(values: Values, item: Item, tag: int) -> None:
    """A label with unknown words becomes the lead that it names, or a name that no lead has where it says so."""
    label = values.text(item, tag)
    if not label or is_label(label):
        return
    lead = lead_from_meaning(label) or ""
    known = lead.encode() if lead and is_label(lead) else b""
    item[tag] = Element(item[tag].vr, known if is_ecg_name(label) else _NO_ECG)


def _empty_unless(harmless: Callable[[str], bool], values: Values, item: Item, tag: int) -> None:
    if tag in item and not harmless(values.text(item, tag)):
        item[tag] = Element(item[tag].vr, b"")


def _is_short_code(text: str) -> bool:
    return re.fullmatch(r"99[A-Z]{1,8}|[A-Z]{1,4}[-._]?\d{1,4}|\d{1,3}(?:\.\d{1,3}){1,3}", text) is not None


def _statements(text: str) -> bytes:
    """The lines that are read as statements of the device; others may name a person."""
    lines = [line.strip() for line in text.splitlines() if is_statement(line.strip())]
    return "\r\n".join(line for line in lines if line.isascii()).encode()


def _other_uid(uid: str) -> bytes:
    """A UID made of the hash of another, below 2.25 as PS3.5, B.2 has it for numbers of 128 bits."""
    return b"2.25.%d" % int.from_bytes(hashlib.sha256(uid.encode()).digest()[:16], "big")


def _written(item: Item, *, implicit: bool, endian: str) -> bytes:
    """A dataset in tag order; sequences and items with their lengths, values padded to an even one."""
    parts = []
    for tag, element in sorted(item.items()):
        sequence = element.items is not None
        if sequence:
            value = b"".join(
                struct.pack(endian + "HHL", 0xFFFE, 0xE000, len(inner)) + inner
                for inner in (_written(one, implicit=implicit, endian=endian) for one in element.items or ())
            )
        else:
            odd = len(element.value) % 2
            value = element.value + (b"\0" if element.vr in (b"UI", b"OB", b"UN") else b" ") * odd
        # Inside a sequence of unknown type the value types are not stated (PS3.5, 6.2.2).
        vr = b"SQ" if sequence else element.vr or b"UN"
        if implicit:
            head = struct.pack(endian + "HHL", tag >> 16, tag & 0xFFFF, len(value))
        elif vr in _LONG:
            head = struct.pack(endian + "HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value))
        else:
            head = struct.pack(endian + "HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value))
        parts += [head, value]
    return b"".join(parts)

"""MFER without what says whose it is: definitions stay, only harmless values keep their bytes."""

from einthoven.formats.mfer.definitions import Definition, Tag, definitions

_KEPT = frozenset({
    Tag.BYTE_ORDER, Tag.VERSION, Tag.CHARACTERS, Tag.BLOCK, Tag.CHANNELS, Tag.SEQUENCES, Tag.POINTER, Tag.DATA_TYPE,
    Tag.INTERVAL, Tag.SENSITIVITY, Tag.OFFSET, Tag.COMPRESSION, Tag.INTERPOLATION, Tag.NULL, Tag.SKEW, Tag.SEX,
    Tag.TIME, Tag.DATA,
})  # fmt: skip
_LONGEST_KEPT = {Tag.CHARACTERS: 16, Tag.TIME: 11}
_FIRST_BYTES = {Tag.WAVEFORM: 2, Tag.AGE: 3, Tag.PREAMBLE: 4}
_LONGEST_LEAD = 34


def blank_mfer(data: bytes) -> bytes:
    """The file of the same length up to its last definition; FormatError when it cannot be taken apart."""
    out = bytearray(data)
    end = 0
    for definition in definitions(data):
        value = data[definition.start : definition.end]
        kept = _kept(definition, value)
        out[definition.start : definition.end] = kept.ljust(len(value), b"\0")
        end = definition.end
    # Behind the last definition stand ends of groups, the end of the file, and whatever else somebody put there.
    tail = data[end:]
    out[end:] = b"\x80\x00" if tail[:1] == bytes([Tag.END]) else bytes(min(len(tail), 16))
    return bytes(out)


def _kept(definition: Definition, value: bytes) -> bytes:
    tag = definition.tag
    if tag in _KEPT:
        return value[: _LONGEST_KEPT.get(Tag(tag), len(value))]
    if tag in _FIRST_BYTES:
        return value[: _FIRST_BYTES[Tag(tag)]]
    if tag == Tag.LEAD:
        return value[:_LONGEST_LEAD]
    if tag == Tag.MAKER:
        return b"^".join(value.split(b"^")[:2])
    if tag == Tag.FILTER:
        text = value.split(b"\0")[0].split(b"^")[0].strip()
        return text if text[:4] in (b"HPF=", b"LPF=", b"BEF=") and len(text) < 16 else b""
    return b""

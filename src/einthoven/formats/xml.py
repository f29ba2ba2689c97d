"""XML as ECG devices write it: told by its root, parsed safely, and written again with identifying text blanked.

Parsing goes through defusedxml: entities and external references are refused, and so is a document type with
declarations of its own (attribute defaults in it could multiply a small file). A bare document type, as GE MUSE
writes it (`<!DOCTYPE RestingECG SYSTEM "restecg.dtd">`), is harmless: nothing is fetched for it.

Devices differ in the namespaces they declare, so names are compared without them. Many state an encoding
that they do not use; the bytes decide first (byte order mark, pattern of the first characters), then the declaration.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from einthoven.errors import FormatError
from einthoven.formats.source import HEAD_BYTES, FileSource

Element = ElementTree.Element
Path = tuple[str, ...]
"""Names from the root down, without namespaces."""

Keeps = Callable[[Path, str | None, str], bool]
"""Whether a value, the text of the element at a path or its attribute of that name, is kept in a blanked file."""

MAX_XML_BYTES = 256 * 1024**2
MAX_DEPTH = 100
_FEWEST_ELEMENTS_ALLOWED = 10_000
_BYTES_PER_ELEMENT = 16  # ECG files have 40 and more; an element in memory takes ten times this
_LONGEST_PROLOG = 64 * 1024
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
# Other codecs of Python are no encodings of XML, and some take long on damaged bytes.
_CODECS = re.compile(r"iso8859-\d+|cp\d+|koi8-[ru]|mac-\w+|gb2312|gbk|gb18030|big5|shift_jis|euc_(jp|kr)|tis-620")


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: the root element, names without namespaces, and what was odd about its text."""

    root: Element
    doubts: tuple[str, ...] = ()


def root_of(source: FileSource) -> tuple[str, str]:
    """Name of the root element without namespace, and the text from there on; two empty strings for no XML."""
    head = source.head(HEAD_BYTES)
    found = _root(head)
    if found is None and source.size > len(head):
        found = _root(source.head(_LONGEST_PROLOG))
    return found or ("", "")


_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_SKIPPED = (("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"))


def _root(head: bytes) -> tuple[str, str] | None:
    """None when the head ends before the root begins."""
    text = _roughly(head)
    if not text.startswith("<"):
        return "", ""
    at = 0
    while True:
        for opening, closing in _SKIPPED:
            if text.startswith(opening, at):
                end = text.find(closing, at)
                if opening == "<!DOCTYPE" and 0 <= text.find("[", at) < end:
                    end = text.find("]", at)
                    end = text.find(closing, end) if end >= 0 else end
                if end < 0:
                    return None
                at = end + len(closing)
                at += len(text[at:]) - len(text[at:].lstrip())
                break
        else:
            match = _ROOT.match(text, at)
            if match is None:
                return None if at >= len(text) else ("", "")
            return match[1], text[at:]


def _roughly(head: bytes) -> str:
    """The head as text, good enough for names of elements, which are ASCII."""
    encoding = _by_bytes(head)
    if encoding is None:
        return head.decode("latin-1").lstrip()
    return head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")


def _by_bytes(data: bytes) -> str | None:
    for mark, encoding in (*_BOMS, *_FIRST_BYTES):
        if data.startswith(mark):
            return encoding
    return None


def parse(data: bytes) -> Document:
    """The file as a tree.

    Raises
    ------
    FormatError
        When the XML is damaged, declares entities, or is larger or deeper than any ECG.
    """
    text, doubts = _as_utf8(data)
    return Document(_feed(text, _Tree(_most_elements(text))), doubts)


def blank(data: bytes, keeps: Keeps) -> bytes:
    """The file as UTF-8 with every text and attribute blanked that `keeps` does not name; comments are left out."""
    text, _ = _as_utf8(data)
    return _feed(text, _Blanked(keeps, _most_elements(text))).encode()


def _most_elements(text: bytes) -> int:
    return max(_FEWEST_ELEMENTS_ALLOWED, len(text) // _BYTES_PER_ELEMENT)


def _as_utf8(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The text as UTF-8 without byte order mark, and a doubt when it is not in the encoding it states."""
    if len(data) > MAX_XML_BYTES:
        raise FormatError(
            f"It is an XML file of {len(data) / 1024**2:.0f} MiB; up to {MAX_XML_BYTES // 1024**2} are read.",
            advice="Export each recording into a file of its own.",
        )
    encoding = _by_bytes(data)
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise FormatError(
                f"It starts as {encoding.upper()} text and is none from byte {error.start} on.",
                advice="Copy the file again from where it came from.",
            ) from None
        return text.removeprefix("\ufeff").encode("utf-8", errors="replace"), ()
    match = _DECLARED.match(data)
    stated = match[1].decode("ascii") if match else "utf-8"
    name = _codec(stated)
    if name is not None:
        try:
            return data.decode(name).encode(), ()
        except UnicodeDecodeError:
            pass
    else:
        try:
            data.decode("utf-8")
            return data, ()
        except UnicodeDecodeError:
            name = "utf-8"
    # Only names and comments are affected: numbers and the names of elements are ASCII in each of them.
    return data.decode("latin-1").encode(), (f"the text is not in the encoding {stated} that it states",)


def _codec(stated: str) -> str | None:
    """Python's name for an 8-bit or multi-byte encoding; None for UTF-8, for UTF-16 (which the bytes
    would have shown) and for what is no encoding of text."""
    try:
        name = codecs.lookup(stated).name
    except LookupError:
        return None
    return name if _CODECS.fullmatch(name) else None


def _feed(text: bytes, target: "_Target[T]") -> T:
    from defusedxml import EntitiesForbidden, ExternalReferenceForbidden
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=target, encoding="utf-8")
    # Straight from expat, names as `namespace}name` and attributes as a list: twice as fast as through ElementTree.
    parser.parser.StartElementHandler = target.start
    parser.parser.EndElementHandler = target.end
    parser.parser.StartDoctypeDeclHandler = _refuse_declarations
    try:
        parser.feed(text)
        result: T = parser.close()
        return result
    except (EntitiesForbidden, ExternalReferenceForbidden):
        raise FormatError(
            "It declares XML entities or refers to other files, which could fill the memory or read private files.",
            advice="Remove the declarations from its first lines.",
        ) from None
    except ElementTree.ParseError as error:
        raise FormatError(
            f"Its XML is damaged or cut off: {error}.", advice="Copy the file again from where it came from."
        ) from None


def _refuse_declarations(name: str, system: str | None, public: str | None, internal: int) -> None:
    if internal:
        raise FormatError(
            "Its document type has declarations of its own, which no ECG needs and which could fill the memory.",
            advice="Remove the part in square brackets from its first lines.",
        )


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


class _Target(Protocol[T_co]):
    """What the parser reports to."""

    def start(self, name: str, attributes: Sequence[str]) -> None: ...

    def data(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...

    def close(self) -> T_co: ...


def _pairs(attributes: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(attributes[::2], attributes[1::2], strict=True)


class _Limits:
    """Counts elements while they come, so that a hostile file ends early."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._depth = 0

    def enter(self) -> None:
        self._left -= 1
        self._depth += 1
        if self._left < 0:
            raise FormatError("It has more XML elements than any ECG file of its size.")
        if self._depth > MAX_DEPTH:
            raise FormatError(f"Its XML elements are nested more than {MAX_DEPTH} deep.")

    def leave(self) -> None:
        self._depth -= 1


class _Tree:
    """Parser target that builds elements, without namespaces."""

    def __init__(self, most: int) -> None:
        self._limits = _Limits(most)
        self._builder = ElementTree.TreeBuilder()
        self.data = self._builder.data

    def start(self, name: str, attributes: Sequence[str]) -> None:
        self._limits.enter()
        pairs = {local(key): value for key, value in _pairs(attributes)} if attributes else {}
        self._builder.start(local(name), pairs)

    def end(self, name: str) -> None:
        self._limits.leave()
        self._builder.end(local(name))

    def close(self) -> Element:
        return self._builder.close()


class _Blanked:
    """Parser target that writes the document again, with what is not kept left empty."""

    def __init__(self, keeps: Keeps, most: int) -> None:
        self._keeps = keeps
        self._limits = _Limits(most)
        self._path: list[str] = []
        self._spaces = [""]
        self._parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
        self._text: list[str] = []

    def start(self, name: str, attributes: Sequence[str]) -> None:
        self._limits.enter()
        self._write_text()
        space, _, bare = name.rpartition("}")
        self._path.append(bare)
        path = tuple(self._path)
        parts = [f"<{bare}"]
        if space != self._spaces[-1]:
            parts.append(f"xmlns={quoteattr(space)}")
        self._spaces.append(space)
        for number, (key, value) in enumerate(_pairs(attributes)):
            kept = value if self._keeps(path, local(key), value) else ""
            space, _, bare = key.rpartition("}")
            prefix = "" if not space else "xml:" if space == _XML_NAMESPACE else f"n{number}:"
            if prefix not in ("", "xml:"):
                parts.append(f"xmlns:{prefix[:-1]}={quoteattr(space)}")
            parts.append(f"{prefix}{bare}={quoteattr(kept)}")
        self._parts.append(" ".join(parts) + ">")

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        self._limits.leave()
        self._write_text()
        self._spaces.pop()
        self._parts.append(f"</{self._path.pop()}>")

    def _write_text(self) -> None:
        """What came since the last tag, which belongs to the element that is open; it comes in pieces."""
        text = "".join(self._text)
        self._text.clear()
        if text and (not text.strip() or self._keeps(tuple(self._path), None, text)):
            self._parts.append(escape(text))

    def close(self) -> str:
        return "".join(self._parts)


def find(element: Element | None, path: str) -> Element | None:
    """The first element at a path below `element`; None when there is none."""
    return None if element is None else element.find(path)


def text_of(element: Element | None, path: str = ".") -> str:
    """Text of the first element at a path, stripped; empty when there is none."""
    found = find(element, path)
    return "" if found is None else (found.text or "").strip()


def attribute(element: Element | None, path: str, name: str) -> str:
    """An attribute of the first element at a path, stripped; empty when there is none."""
    found = find(element, path)
    return "" if found is None else found.get(name, "").strip()


def number(text: str) -> float | None:
    """A finite number; None for an empty text. FormatError for what is neither."""
    if not text.strip():
        return None
    value = number_or_none(text)
    if value is None:
        raise FormatError(f"It has {text.strip()[:20]!r} where a number is needed.")
    return value


def number_or_none(text: str) -> float | None:
    """A finite number; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def each(element: Element | None, path: str) -> Iterator[Element]:
    """All elements at a path below `element`."""
    return iter(()) if element is None else element.iterfind(path)

"""Parsing, detection and blanking of XML, whatever encoding and namespaces a device writes."""

import time

import pytest

from einthoven.errors import FormatError
from einthoven.formats import MemorySource
from einthoven.formats.stored_text import from_base64, numbers
from einthoven.formats.xml import MAX_DEPTH, blank, parse, root_of

BODY = "<RestingECG><Name>Zoë Müller</Name><Data>1 2</Data></RestingECG>"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE RestingECG [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + k)} "{"&" + chr(97 + k) + ";"}{("&" + chr(97 + k) + ";") * 9}">' for k in range(9))
    + "]><RestingECG><Name>&j;</Name></RestingECG>"
)


def _source(data: bytes) -> MemorySource:
    return MemorySource("a.xml", {"a.xml": data})


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize("stated", ["right", "utf-16", "utf-8", None])
def test_the_bytes_decide_the_encoding_before_the_declaration(codec: str, stated: str | None) -> None:
    name = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be") if stated == "right" else stated
    declaration = "" if name is None else f'<?xml version="1.0" encoding="{name}"?>'
    data = (declaration + BODY).encode(codec)
    document = parse(data)
    assert document.root.findtext("Data") == "1 2"
    assert document.root.findtext("Name") == "Zoë Müller"
    wrong = codec == "iso-8859-1" and stated != "right"
    assert bool(document.doubts) == wrong, "only a text that is not in its encoding is doubted"
    assert root_of(_source(data))[0] == "RestingECG"


@pytest.mark.parametrize("codec", ["gb2312", "gb18030", "shift_jis", "windows-1252", "koi8-r"])
def test_encodings_that_the_parser_itself_does_not_know_are_read(codec: str) -> None:
    name = {"gb2312": "张三", "gb18030": "张三", "shift_jis": "山田", "windows-1252": "Zoë", "koi8-r": "Иван"}[codec]
    data = f'<?xml version="1.0" encoding="{codec}"?><A><B>{name}</B></A>'.encode(codec)
    assert parse(data).root.findtext("B") == name


@pytest.mark.parametrize("stated", ["zlib", "punycode", "idna", "unicode_escape", "utf-7", "klingon"])
def test_codecs_that_are_no_encodings_of_xml_are_never_used(stated: str) -> None:
    data = f'<?xml version="1.0" encoding="{stated}"?><A>\\u0041+AGEAYQBh-</A>'.encode()
    assert parse(data).root.text == "\\u0041+AGEAYQBh-"


def test_a_bare_document_type_is_harmless_and_read() -> None:
    assert parse(b'<!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG><A>1</A></RestingECG>').root[0].text == "1"
    assert parse(b'<!DOCTYPE A PUBLIC "-//x" "http://localhost:9/x.dtd"><A/>').root.tag == "A"


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>',
        '<!DOCTYPE A [<!ENTITY % x SYSTEM "http://localhost:9/x.dtd"> %x;]><A/>',
        f'<!DOCTYPE A [<!ATTLIST B c CDATA "{"x" * 50_000}">]><A>{"<B/>" * 5000}</A>',
    ],
    ids=["billion laughs", "external entity", "parameter entity", "attribute default"],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_entities_and_declarations_are_refused_with_the_reason(text: str, codec: str) -> None:
    started = time.perf_counter()
    for work in (lambda: parse(text.encode(codec)), lambda: blank(text.encode(codec), lambda path, name, value: True)):
        with pytest.raises(FormatError, match="declar") as caught:
            work()
        assert "first lines" in caught.value.advice
    assert time.perf_counter() - started < 2


def test_too_deep_and_too_many_elements_are_refused() -> None:
    with pytest.raises(FormatError, match=f"more than {MAX_DEPTH} deep"):
        parse(b"<a>" * 5000 + b"</a>" * 5000)
    with pytest.raises(FormatError, match="more XML elements than any ECG"):
        parse(b"<a>" + b"<b/>" * 300_000 + b"</a>")
    assert parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).root.tag == "a"


def test_damaged_text_is_refused_by_line() -> None:
    with pytest.raises(FormatError, match=r"damaged or cut off: .*line 1"):
        parse(b"<a><b></a>")
    with pytest.raises(FormatError, match="damaged or cut off"):
        parse(b"")
    with pytest.raises(FormatError, match="starts as UTF-16"):
        parse("<a/>".encode("utf-16") + b"\0\xd8\0\xd8")


def test_the_root_is_found_behind_comments_types_and_prefixes() -> None:
    prolog = '<?xml version="1.0"?>\n<!-- <Wrong> -->\n<!DOCTYPE hl7 SYSTEM "a.dtd" [<!ELEMENT x (y)>]>\n<?style a?>'
    assert root_of(_source(f"{prolog}<hl7:AnnotatedECG a='1'>".encode()))[0] == "AnnotatedECG"
    long = f"<!--{'x' * 20_000}--><RestingECG>".encode()
    assert root_of(_source(long))[0] == "RestingECG"
    for nothing in (b"", b"<", b"<!--", b"< a", b"no xml", b"<!DOCTYPE a", b"\xff\xfe", b"\0<", b"<?xml"):
        assert root_of(_source(nothing)) == ("", "")


def test_blanking_keeps_structure_and_what_is_named_and_nothing_else() -> None:
    data = (
        '<?xml version="1.0" encoding="utf-16"?><!-- Meier --><x:a xmlns:x="urn:one" xmlns:y="urn:two" '
        'y:id="Meier" k="1">'
        "<?note Meier?><x:b>Meier</x:b>Meier<c xmlns='urn:three' xml:lang='Meier'>5 &lt; 6</c>"
        "<x:d><![CDATA[Meier]]></x:d></x:a>"
    ).encode("utf-16")

    def keeps(path: tuple[str, ...], name: str | None, value: str) -> bool:
        if (path, name) == (("a", "c"), None):
            assert value == "5 < 6", "the whole text is judged, not the pieces in which it comes"
        return (path == ("a", "c") and name is None) or (path, name) == (("a",), "k")

    blanked = blank(data, keeps)
    assert b"Meier" not in blanked and "Meier".encode("utf-16-le") not in blanked
    root = parse(blanked).root
    assert root.get("k") == "1" and root.get("id") == "" and root.findtext("c") == "5 < 6"
    assert [part.tag for part in root] == ["b", "c", "d"]
    assert blank(blanked, lambda path, name, value: True).count(b"urn:three") == 1, "namespaces are kept"


def test_written_out_numbers() -> None:
    assert numbers(" 1 -2\n+3\t4 ", "x").tolist() == [1, -2, 3, 4]
    assert numbers("1.5 -2e3", "x").tolist() == [1.5, -2000]
    assert numbers("1,2,\n\t3,", "x", separator=",").tolist() == [1, 2, 3]
    assert numbers("", "x").tolist() == []
    assert numbers("123456789012345678901234567890 -1", "x").tolist() == [123456789012345678901234567890.0, -1]
    assert numbers("-123456789012345678901234567890", "x").tolist() == [-123456789012345678901234567890.0]
    for wrong in ("1 2-3", "1 - 2", "--1", "1 x"):
        with pytest.raises(FormatError, match="no number"):
            numbers(wrong, "Lead I")


def test_base64_is_read_strictly() -> None:
    assert from_base64("AQD/\n/w==", "x").tolist() == [1, -1]
    for wrong in ("AQD", "AQ!/", "ÄQD/", "AQD/AQ=="[:6]):
        with pytest.raises(FormatError, match="no base64"):
            from_base64(wrong, "Lead I")
    with pytest.raises(FormatError, match="no whole number of 2-byte samples"):
        from_base64("AQID", "Lead I")

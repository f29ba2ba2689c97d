"""The documentation of formats is made from the registry, and readers keep to their sources."""

import ast
from pathlib import Path

from einthoven import formats
from einthoven.formats import FORMATS, formats_page
from formats_page import page

PACKAGE = Path(formats.__file__).parent
DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"
# Whoever else opens files: `source.py` is the door to them, `archives.py` unpacks large members into private files
# without a name, `hdf5/reader.py` opens its source as a stream, and `reading.py` makes a source of a user's path.
MAY_TOUCH_FILES = {"source.py", "archives.py", "hdf5/reader.py", "reading.py"}
FILE_CALLS = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "iterdir", "glob", "rglob", "stat",
              "exists", "is_file", "fromfile", "Path", "PosixPath", "TemporaryDirectory", "mkdtemp"}  # fmt: skip
FILE_MODULES = {"os", "shutil", "tempfile", "glob", "pathlib"}


def test_the_documented_page_is_the_registrys() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "make it again: python tools/formats_page.py"


def test_a_format_that_no_real_file_has_been_held_against_says_so() -> None:
    page = formats_page()
    for entry in FORMATS:
        section = page.split(f"## {entry.title}\n")[1].split("\n## ")[0]
        assert (entry.tried or "none could be had") in section
        assert all(limit in section for limit in entry.limits)


def _file_accesses(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found |= {name} & FILE_CALLS
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & FILE_MODULES
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FILE_MODULES:
            found |= {alias.name for alias in node.names} - {"PurePosixPath"}
    return found


def test_readers_touch_the_file_system_only_through_their_source() -> None:
    modules = {module.relative_to(PACKAGE).as_posix(): _file_accesses(module) for module in PACKAGE.rglob("*.py")}
    assert {name for name, accesses in modules.items() if accesses} <= MAY_TOUCH_FILES
    assert modules["source.py"], "the check sees what it looks for"

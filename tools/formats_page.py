"""Write `docs/formats.md` from the registries of readers, writers and layouts: `python tools/formats_page.py`."""

from pathlib import Path

from einthoven.formats import formats_page
from einthoven.labels.layouts import layouts_table
from einthoven.writers import writers_table

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"

_WRITING = """
# Writing files

`einthoven convert IN OUT` writes what it read, in the format of OUT's ending; with `--dataset NAME --to .edf FOLDER` it
writes a dataset. No identity is ever written: of a file age and sex at most, of a dataset also the pseudonymous id,
which was made with the library's secret key. The command says what the file does not hold and how far its numbers are
from the record's. Of an archive what can be read is written and the rest is named; the exit code is then 3.

"""
_LAYOUTS = """
# Data sets in their published layout

`einthoven import FOLDER --layout NAME` brings labels, subjects and folds with the ECGs, and corrects what is known to
be wrong in the files (the passport says so). File names of these public sets are kept.

"""


def page() -> str:
    """The whole page, in Markdown."""
    return formats_page() + _WRITING + writers_table() + _LAYOUTS + layouts_table()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

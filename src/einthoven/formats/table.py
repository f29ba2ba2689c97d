"""The table of formats for the documentation and the command line, made from the registry."""

from einthoven.formats.entry import FORMATS


def formats_table() -> str:
    """A Markdown table with one row per format, in the order of their names."""
    rows = ["| format | name | files | what it states, what needs hints | needs |", "|---|---|---|---|---|"]
    for entry in FORMATS:
        files = " ".join(f"`{extension}`" for extension in entry.extensions)
        rows.append(f"| {entry.title} | `{entry.name}` | {files} | {entry.states} | {', '.join(entry.requires)} |")
    return "\n".join(rows) + "\n"

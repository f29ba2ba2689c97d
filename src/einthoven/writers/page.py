"""The table of formats to write for the documentation and the command line, made from the registry."""

from einthoven.writers.entry import WRITERS


def writers_table() -> str:
    """A Markdown table with one row per format, in the order of their names."""
    rows = ["| format | file | what is lost | read back by |", "|---|---|---|---|"]
    for entry in WRITERS:
        read_by = ", ".join(("einthoven", *entry.read_by))
        rows.append(f"| {entry.title} | `{entry.suffix}` | {entry.loses} | {read_by} |")
    return "\n".join(rows) + "\n"

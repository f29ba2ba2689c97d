"""The table of data set layouts for the documentation and the command line, made from the registry."""

from einthoven.labels.layouts.entry import LAYOUTS


def layouts_table() -> str:
    """A Markdown table with one row per layout, in the order of their names."""
    rows = ["| data set | `--layout` | the folder holds | what comes with it | tried on |", "|---|---|---|---|---|"]
    for entry in LAYOUTS:
        tried = entry.tried or "files made from the published layout; no real ones could be had"
        rows.append(f"| {entry.title} ({entry.source}) | `{entry.name}` | {entry.holds} | {entry.brings} | {tried} |")
    return "\n".join(rows) + "\n"

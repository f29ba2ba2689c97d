"""Published data sets in their official folders: files, subjects, folds and tasks together.

One module with a constant `ENTRY` adds one data set.
"""

from einthoven.labels.layouts.entry import LAYOUTS, Correction, Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import advice, locate, recognise
from einthoven.labels.layouts.page import layouts_table

__all__ = [
    "LAYOUTS",
    "Correction",
    "Layout",
    "LayoutEntry",
    "LayoutRecord",
    "Missing",
    "advice",
    "layouts_table",
    "locate",
    "recognise",
]

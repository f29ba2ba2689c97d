"""Labels and scores -> numbers: one module per number, each with an `ENTRY` that `METRICS` finds."""

from einthoven.metrics.entry import MetricEntry
from einthoven.registry import Registry

METRICS: Registry[MetricEntry] = Registry("einthoven.metrics", MetricEntry, "metric")

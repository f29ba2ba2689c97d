"""The tables. A change here needs a migration in `migrations/versions`; a test compares the two."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()


def _belongs_to(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


datasets = Table(
    "datasets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("note", String, nullable=False),
    Column("created", String, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("id", String, primary_key=True),
    Column("rate", Float, nullable=False),
    Column("n_samples", Integer, nullable=False),
    Column("n_leads", Integer, nullable=False),
    Column("amplitude", String, nullable=False),
    Column("format", String, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("doubts", JSON, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", _belongs_to("datasets.id"), nullable=False),
    Column("record_id", ForeignKey("records.id"), nullable=False),
    Column("file_name", String, nullable=False),
    Column("subject", String),
    Column("age", Float),
    Column("sex", String),
    Column("fold", Integer),
    UniqueConstraint("dataset_id", "file_name"),
    Index("items_by_record", "record_id"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", _belongs_to("datasets.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("title", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("classes", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),
    UniqueConstraint("dataset_id", "name"),
)

# One row per class that applies; a row with neither label nor value says "none of the classes".
answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", _belongs_to("tasks.id"), nullable=False),
    Column("item_id", _belongs_to("items.id"), nullable=False),
    Column("label", String),
    Column("value", Float),
    Index("answers_by_task", "task_id", "label", "item_id"),
    Index("answers_by_item", "item_id"),
)

refused = Table(
    "refused",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", _belongs_to("datasets.id"), nullable=False),
    Column("file_name", String, nullable=False),
    Column("error", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("advice", String, nullable=False),
    Column("missing", JSON, nullable=False),
    Column("size", Integer, nullable=False),
    Column("files", JSON, nullable=False),
    Column("created", String, nullable=False),
    UniqueConstraint("dataset_id", "file_name"),
)

models = Table(
    "models",
    metadata,
    Column("name", String, primary_key=True),
    Column("folder", String, nullable=False, unique=True),
    Column("created", String, nullable=False),
    Column("architecture", String),
    Column("base", String),
    Column("run", String),
    Column("trained_on", String),
    Column("n_train", Integer),
    Column("parameters", Integer),
    Column("simulated", Boolean, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("statistics", JSON, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created", String, nullable=False),
    Column("started", String),
    Column("finished", String),
    Column("request", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("headline", String, nullable=False),
    Column("problem", JSON),
    Column("worker", String),
    Column("heartbeat", Float),
    Index("jobs_by_state", "state", "created"),
)

events = Table(
    "events",
    metadata,
    Column("job_id", _belongs_to("jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("time", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", JSON, nullable=False),
)

# A server that is up renews its row; the command line then leaves the work to it.
servers = Table(
    "servers",
    metadata,
    Column("id", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("heartbeat", Float, nullable=False),
)

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
    # Counted up by every change of members or labels, so that counts need not be made anew for every page.
    Column("changed", Integer, nullable=False, server_default="0"),
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
    # The bytes it was read from, and which of the ECGs in them (None: before these were noted).
    Column("sha256", String),
    Column("part", Integer),
    # The original: hash of what is kept of it, its bytes, and whether identifying fields still stand in it.
    Column("original", String),
    Column("original_bytes", Integer),
    Column("identifiers", Boolean, nullable=False, server_default="0"),
    Column("grade", String),
    # `twins.sketch`: by which the same ECG is found again in another format.
    *(Column(f"sketch_{part}", Float) for part in "abcde"),
    Index("records_by_sha256", "sha256"),
    Index("records_by_sketch", "n_samples", *(f"sketch_{part}" for part in "abcde")),
)

# Apart from `records`: it is ten times as large as all the rest of a row, and no list shows it.
qualities = Table(
    "qualities",
    metadata,
    Column("record_id", _belongs_to("records.id"), primary_key=True),
    Column("quality", JSON, nullable=False),
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
    # What lists sort and filter by stands here too, so that they need no other table.
    Column("rate", Float, nullable=False, server_default="0"),
    Column("duration", Float, nullable=False, server_default="0"),
    Column("n_doubts", Integer, nullable=False, server_default="0"),
    Column("format", String, nullable=False, server_default=""),
    Column("amplitude", String, nullable=False, server_default="mV"),
    Column("simulated", Boolean, nullable=False, server_default="0"),
    Column("grade", String),
    # The item of the same dataset that is the same ECG in another file.
    Column("same_as", Integer),
    UniqueConstraint("dataset_id", "file_name"),
    Index("items_by_record", "record_id"),
    Index("items_by_subject", "dataset_id", "subject", "file_name"),
    Index("items_by_age", "dataset_id", "age", "file_name"),
    Index("items_by_rate", "dataset_id", "rate", "file_name"),
    Index("items_by_duration", "dataset_id", "duration", "file_name"),
    Index("items_by_doubts", "dataset_id", "n_doubts", "file_name"),
    Index("items_by_twin", "dataset_id", "same_as"),
    Index("items_by_name", "dataset_id", "file_name", "subject"),
    Index("items_by_kind", "dataset_id", "rate", "amplitude", "simulated", "format", "grade"),
    Index("items_by_group", "dataset_id", "fold", "sex", "age", "file_name"),
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

# Times of waves that a person set by hand; the beat is the one whose R peak is nearest (`beats/corrections.py`).
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", _belongs_to("items.id"), nullable=False),
    Column("channel", String, nullable=False),
    Column("r_peak", Float, nullable=False),
    Column("fiducial", String, nullable=False),
    # None: the person says that this is not there.
    Column("time", Float),
    Column("who", String, nullable=False),
    Column("made", String, nullable=False),
    Index("corrections_by_item", "item_id", "channel", "fiducial"),
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
    # The name under which everything but this table knows the file.
    Column("stored_name", String),
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
    Column("attempts", Integer, nullable=False, server_default="0"),
    # How far a job that can go on after a crash has come.
    Column("checkpoint", JSON),
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

# Files that an import has dealt with, by a keyed hash, until it ends: it then goes on where it was.
finished_files = Table(
    "finished_files",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    sqlite_with_rowid=False,
)

# A server that is up renews its row; the command line then leaves the work to it.
servers = Table(
    "servers",
    metadata,
    Column("id", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("heartbeat", Float, nullable=False),
)

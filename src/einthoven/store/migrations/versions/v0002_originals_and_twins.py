"""Originals, sameness of ECGs, resumable imports, and lists that stay fast with 100,000 records."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SKETCH = tuple(f"sketch_{part}" for part in "abcde")


def upgrade() -> None:
    # SQLite adds columns in place; nothing is copied, so that a large library opens at once.
    op.add_column("datasets", sa.Column("changed", sa.Integer(), nullable=False, server_default="0"))
    for name, kind in (("sha256", sa.String()), ("part", sa.Integer()), ("original", sa.String())):
        op.add_column("records", sa.Column(name, kind, nullable=True))
    op.add_column("records", sa.Column("original_bytes", sa.Integer(), nullable=True))
    op.add_column("records", sa.Column("identifiers", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("records", sa.Column("grade", sa.String(), nullable=True))
    for name in SKETCH:
        op.add_column("records", sa.Column(name, sa.Float(), nullable=True))
    op.create_table(
        "qualities",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("records_by_sha256", "records", ["sha256"])
    op.create_index("records_by_sketch", "records", ["n_samples", *SKETCH])
    op.add_column("items", sa.Column("rate", sa.Float(), nullable=False, server_default="0"))
    op.add_column("items", sa.Column("duration", sa.Float(), nullable=False, server_default="0"))
    op.add_column("items", sa.Column("n_doubts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("items", sa.Column("format", sa.String(), nullable=False, server_default=""))
    op.add_column("items", sa.Column("amplitude", sa.String(), nullable=False, server_default="mV"))
    op.add_column("items", sa.Column("simulated", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("items", sa.Column("grade", sa.String(), nullable=True))
    op.add_column("items", sa.Column("same_as", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE items SET rate = r.rate, duration = r.n_samples / r.rate, n_doubts = json_array_length(r.doubts), "
        "format = r.format, amplitude = r.amplitude, simulated = r.simulated "
        "FROM records AS r WHERE r.id = items.record_id"
    )
    for name in ("subject", "age", "rate", "duration"):
        op.create_index(f"items_by_{name}", "items", ["dataset_id", name, "file_name"])
    op.create_index("items_by_doubts", "items", ["dataset_id", "n_doubts", "file_name"])
    op.create_index("items_by_twin", "items", ["dataset_id", "same_as"])
    op.create_index("items_by_name", "items", ["dataset_id", "file_name", "subject"])
    op.create_index("items_by_kind", "items", ["dataset_id", "rate", "amplitude", "simulated", "format", "grade"])
    op.create_index("items_by_group", "items", ["dataset_id", "fold", "sex", "age", "file_name"])
    op.add_column("refused", sa.Column("stored_name", sa.String(), nullable=True))
    op.add_column("jobs", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("checkpoint", sa.JSON(), nullable=True))
    op.create_table(
        "finished_files",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "key"),
        sqlite_with_rowid=False,
    )

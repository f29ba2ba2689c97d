"""Times of waves that a person set by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("r_peak", sa.Float(), nullable=False),
        sa.Column("fiducial", sa.String(), nullable=False),
        sa.Column("time", sa.Float(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("made", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("corrections_by_item", "corrections", ["item_id", "channel", "fiducial"])

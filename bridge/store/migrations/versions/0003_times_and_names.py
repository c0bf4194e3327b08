"""Times of cases, records by their names, and how often an author writes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("heard_at", "opened_at", "replied_at"):
        op.add_column("case_row", sa.Column(name, BIG, nullable=True))
    op.create_table(
        "record",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.PrimaryKeyConstraint("crm", "named"),
    )
    op.create_index("item_author", "item", ["lane", "ingested_at"])


def downgrade() -> None:
    op.drop_index("item_author", "item")
    op.drop_table("record")
    for name in ("replied_at", "opened_at", "heard_at"):
        op.drop_column("case_row", name)

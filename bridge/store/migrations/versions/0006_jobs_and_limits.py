"""What a CRM does in jobs, its limits by the minute, and the cases in which agents have written."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("filing", sa.Column("job", sa.Text(), nullable=False, server_default=""))
    op.create_index("reply_case", "reply", ["crm_case", "id"])
    op.create_table(
        "rung",
        sa.Column("crm", sa.Text(), primary_key=True),
        sa.Column("crm_case", sa.Text(), primary_key=True),
        sa.Column("reply", sa.Text(), primary_key=True),
        sa.Column("at", BIG, nullable=False),
    )
    op.create_table(
        "bucket",
        sa.Column("crm", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("most", BIG, nullable=False),
        sa.Column("used", BIG, nullable=False),
        sa.Column("resets_at", BIG, nullable=False),
    )


def downgrade() -> None:
    for name in ("bucket", "rung"):
        op.drop_table(name)
    op.drop_index("reply_case", "reply")
    op.drop_column("filing", "job")

"""What a CRM says of a case without being asked, and how much of its API is used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("case_row", sa.Column("status", sa.Text(), nullable=False, server_default=""))
    op.add_column("case_row", sa.Column("status_at", BIG, nullable=True))
    op.create_table(
        "meter",
        sa.Column("crm", sa.Text(), primary_key=True),
        sa.Column("used", BIG, nullable=False),
        sa.Column("most", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("meter")
    for name in ("status_at", "status"):
        op.drop_column("case_row", name)

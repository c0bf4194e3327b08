"""Published mapping sets, what watched beside them, and when things happened to an item."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("fetched", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("placed_at", BIG),
        sa.Column("frozen_at", BIG),
        sa.Column("url_digest", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("item", column)
    op.add_column("filing", sa.Column("why", sa.Text(), nullable=False, server_default=""))
    addressed = sa.text("url_digest != ''")
    op.create_index("item_url", "item", ["url_digest"], postgresql_where=addressed, sqlite_where=addressed)
    op.create_index("reply_answers", "reply", ["answers"])
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("published_at", BIG, nullable=False),
    )
    op.create_table(
        "text",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "shadow",
        sa.Column("mapping", sa.Text(), primary_key=True),
        sa.Column("item", BIG, sa.ForeignKey("item.id"), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("differs", sa.Text(), nullable=False),
    )
    op.create_table(
        "shadowed",
        sa.Column("mapping", sa.Text(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True),
        sa.Column("same", BIG, nullable=False),
        sa.Column("differs", BIG, nullable=False),
        sa.Column("unasked", BIG, nullable=False),
    )
    op.create_table(
        "emptied",
        sa.Column("sources", sa.Text(), primary_key=True),
        sa.Column("upto", BIG, nullable=False),
    )


def downgrade() -> None:
    for name in ("emptied", "shadowed", "shadow", "text", "revision"):
        op.drop_table(name)
    op.drop_index("reply_answers", "reply")
    op.drop_index("item_url", "item")
    for name in ("url_digest", "frozen_at", "placed_at", "fetched", "revision"):
        op.drop_column("item", name)
    op.drop_column("filing", "why")

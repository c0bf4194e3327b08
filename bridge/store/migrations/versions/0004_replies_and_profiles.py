"""Replies on their way, who authors are at their platforms, what handshakes told, and what the clock needs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "talk",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("due_at", BIG),
        sa.Column("owner", sa.Text()),
        sa.Column("open", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("crashes", sa.Integer(), nullable=False, server_default="0"),
    )
    due = sa.text("due_at is not null")
    op.create_index("talk_due", "talk", ["account", "due_at"], postgresql_where=due, sqlite_where=due)
    _replies()
    _pieces()
    op.create_table(
        "undone",
        sa.Column("connection", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("sent_id", sa.Text(), primary_key=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
    )
    op.create_table(
        "profile",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("author", sa.Text(), primary_key=True),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", BIG, nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("crm", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("due_at", BIG, nullable=False),
    )
    op.create_table(
        "learned",
        sa.Column("connection", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
    )
    _upkeep()
    filed = sa.text("crm_case != ''")
    op.create_index("item_crm_case", "item", ["crm_case", "id"], postgresql_where=filed, sqlite_where=filed)


def _upkeep() -> None:
    op.create_table(
        "token",
        sa.Column("connection", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("origin", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", BIG),
        sa.Column("renewed_at", BIG),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("put_off_at", BIG),
        sa.Column("due_at", BIG, nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("do", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("told_at", BIG, nullable=False),
        sa.Column("post_at", BIG),
        sa.Column("over_at", BIG),
    )
    op.create_table(
        "chore",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("due_at", BIG, nullable=False),
    )


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("crm_case", sa.Text(), nullable=False),
        sa.Column("talk", sa.Text(), sa.ForeignKey("talk.id")),
        sa.Column("answers", BIG, sa.ForeignKey("item.id")),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("taken_at", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("url", sa.Text(), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("report_at", BIG),
        sa.UniqueConstraint("crm", "crm_id"),
        sqlite_autoincrement=True,
    )
    opened = sa.text("state in ('ready', 'sending')")
    op.create_index("reply_talk", "reply", ["talk", "id"], postgresql_where=opened, sqlite_where=opened)
    untold = sa.text("report_at is not null")
    op.create_index("reply_report", "reply", ["crm", "report_at"], postgresql_where=untold, sqlite_where=untold)


def _pieces() -> None:
    op.create_table(
        "piece",
        sa.Column("reply", BIG, sa.ForeignKey("reply.id"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("mark", sa.Text(), nullable=False, unique=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tried_at", BIG),
        sa.Column("tried_last", BIG),
        sa.Column("sent_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("url", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("piece_sent", "piece", ["sent_id"])
    op.create_index("piece_digest", "piece", ["digest"])


def downgrade() -> None:
    op.drop_index("item_crm_case", "item")
    for table in ("chore", "alarm", "token", "learned", "cursor", "profile", "undone", "piece", "reply", "talk"):
        op.drop_table(table)

"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "beat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "case_row",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("due_at", BIG, nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("open", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("known", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "case_row_due",
        "case_row",
        ["target", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "lane",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("due_at", BIG, nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("open", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "lane_due",
        "lane",
        ["connection", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "person",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.PrimaryKeyConstraint("crm", "rules", "author"),
    )
    op.create_table(
        "skipped",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "day", "reason", "event"),
    )
    op.create_table(
        "target",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("paused_until", BIG, nullable=False),
        sa.Column("probe_at", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "filing",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("op_at", BIG, nullable=False),
        sa.Column("unsure_since", BIG, nullable=True),
        sa.Column("unsure_last", BIG, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_row.id"],
        ),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_table(
        "item",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("ingested_at", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("mapping", sa.Text(), server_default="", nullable=False),
        sa.Column("decision", sa.Text(), server_default="{}", nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("crm_case", sa.Text(), server_default="", nullable=False),
        sa.Column("crm_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("crm_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("warnings", sa.Text(), server_default="", nullable=False),
        sa.Column("unsure_since", BIG, nullable=True),
        sa.Column("unsure_last", BIG, nullable=True),
        sa.Column("settled_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_row.id"],
        ),
        sa.ForeignKeyConstraint(
            ["lane"],
            ["lane.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "item_case",
        "item",
        ["case_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready'"),
        sqlite_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "item_dead",
        "item",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "item_lane",
        "item",
        ["lane", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready' AND case_id IS NULL"),
        sqlite_where=sa.text("state = 'ready' AND case_id IS NULL"),
    )
    op.create_index("item_message", "item", ["message_id"], unique=False)


def downgrade() -> None:
    op.drop_index("item_message", table_name="item")
    op.drop_index(
        "item_lane",
        table_name="item",
        postgresql_where=sa.text("state = 'ready' AND case_id IS NULL"),
        sqlite_where=sa.text("state = 'ready' AND case_id IS NULL"),
    )
    op.drop_index(
        "item_dead",
        table_name="item",
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )
    op.drop_index(
        "item_case",
        table_name="item",
        postgresql_where=sa.text("state = 'ready'"),
        sqlite_where=sa.text("state = 'ready'"),
    )
    op.drop_table("item")
    op.drop_table("filing")
    op.drop_table("target")
    op.drop_table("skipped")
    op.drop_table("person")
    op.drop_index(
        "lane_due",
        table_name="lane",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("lane")
    op.drop_index(
        "case_row_due",
        table_name="case_row",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("case_row")
    op.drop_table("beat")

"""What nobody could read, kept encrypted; which items are masked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("item", sa.Column("masked", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("item", "masked")
    op.drop_column("item", "sealed")

# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order events

Revision ID: 3c
Revises: 2b
Create Date: 2026-01-03 10:00:00
"""
from alembic import op
import sqlalchemy as sa

revision = "3c"
down_revision = "2b"
branch_labels = None
depends_on = None


# cutover: phase=expand
def upgrade():
    # Code of 1.2 goes on without both.
    op.add_column("orders", sa.Column("client_tag", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade():
    op.drop_table("order_events")
    op.drop_column("orders", "client_tag")

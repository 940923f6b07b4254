# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferences of users

Revision ID: 4d
Revises: 3c
Create Date: 2026-01-04 10:00:00
"""
from alembic import op
import sqlalchemy as sa

revision = "4d"
down_revision = "3c"
branch_labels = None
depends_on = None


# cutover: phase=expand
def upgrade():
    op.create_table(
        "user_preferences",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("theme", sa.String(50), server_default="light"),
        sa.Column("notifications", sa.Boolean, server_default=sa.true()),
    )
    op.create_index("user_preferences_user", "user_preferences", ["user_id"])


def downgrade():
    op.drop_index("user_preferences_user")
    op.drop_table("user_preferences")

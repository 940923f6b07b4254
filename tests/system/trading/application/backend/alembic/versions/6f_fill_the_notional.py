# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the notional

Revision ID: 6f
Revises: 5e
Create Date: 2026-01-06 10:00:00
"""
from alembic import op
import sqlalchemy as sa

revision = "6f"
down_revision = "5e"
branch_labels = None
depends_on = None


# cutover: phase=data loses=nothing
BATCH = 1000


def upgrade():
    connection = op.get_bind()
    last = 0
    while True:
        ids = connection.execute(sa.text("SELECT id FROM orders WHERE id > :last AND notional IS NULL ORDER BY id LIMIT :size"), {"last": last, "size": BATCH}).scalars().all()
        if not ids:
            break
        connection.execute(sa.text("UPDATE orders SET notional = quantity * price WHERE id = ANY(:ids)"), {"ids": ids})
        last = ids[-1]


def downgrade():
    # cutover: loses=nothing
    # The value follows from the row, and the revision before takes its column away.
    op.execute("UPDATE orders SET notional = NULL")

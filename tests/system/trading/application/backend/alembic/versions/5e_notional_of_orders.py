# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notional of orders

Revision ID: 5e
Revises: 4d
Create Date: 2026-01-05 10:00:00
"""
from alembic import op
import sqlalchemy as sa

revision = "5e"
down_revision = "4d"
branch_labels = None
depends_on = None


# cutover: phase=expand
def upgrade():
    op.add_column("orders", sa.Column("notional", sa.Float))
    # What code of 1.3 writes beside the next revision, and after it, has its value, too.
    op.execute(
        "CREATE FUNCTION orders_fill_notional() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF NEW.notional IS NULL THEN NEW.notional := NEW.quantity * NEW.price; END IF; RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER orders_notional BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION orders_fill_notional()")


def downgrade():
    # cutover: loses=orders.notional
    op.execute("DROP TRIGGER orders_notional ON orders")
    op.execute("DROP FUNCTION orders_fill_notional()")
    op.drop_column("orders", "notional")

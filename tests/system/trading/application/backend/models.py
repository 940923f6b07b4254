# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database shall look like, for "alembic revision --autogenerate"."""
import sqlalchemy as sa

metadata = sa.MetaData()

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migrationfolder.h"

#include <QStandardPaths>

namespace cutover::testing {

/**
 * An Alembic project as "alembic init" makes it, with revisions of a small trading system. Its ini
 * file names a database that does not exist: whoever uses that has not got ours.
 */
class AlembicProject
{
public:
    explicit AlembicProject(const QString &folder)
        : m_folder(folder)
    {
        writeFile(folder + u"/alembic.ini"_s, ini);
        writeFile(folder + u"/alembic/env.py"_s, env);
        writeFile(folder + u"/alembic/script.py.mako"_s, mako);
        writeFile(folder + u"/models.py"_s, models);
        QDir().mkpath(folder + u"/alembic/versions"_s);
    }

    [[nodiscard]] static bool isInstalled() { return !QStandardPaths::findExecutable(u"alembic"_s).isEmpty(); }
    [[nodiscard]] QString folder() const { return m_folder; }
    [[nodiscard]] QString file(const QString &revision) const { return m_folder + u"/alembic/versions/"_s + revision + u"_x.py"_s; }

    /// Bodies are Python, indented by four.
    void add(const QString &revision, const QString &down, const QByteArray &message, const QByteArray &up, const QByteArray &back, const QByteArray &head = {}) const
    {
        writeFile(file(revision),
                  "\"\"\"" + message + "\n\nRevision ID: " + revision.toUtf8() + "\nCreate Date: 2026-01-01\n\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n"
                      + head + "revision = '" + revision.toUtf8() + "'\ndown_revision = " + (down.isEmpty() ? QByteArray("None") : QByteArray(down.startsWith(u'(') ? down.toUtf8() : "'" + down.toUtf8() + "'"))
                      + "\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n" + up + "\n\n\ndef downgrade():\n" + back + "\n");
    }

    /// 1a … 5e: orders, a note, a data migration that reads, tags, and a column that goes.
    void addFive() const
    {
        add(u"1a"_s, {}, "make orders",
            "    op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True), sa.Column('side', sa.String(8)), sa.Column('amount', sa.Integer))",
            "    op.drop_table('orders')");
        add(u"2b"_s, u"1a"_s, "add a note", "    op.add_column('orders', sa.Column('note', sa.String(80)))", "    op.drop_column('orders', 'note')");
        add(u"3c"_s, u"2b"_s, "double what was bought",
            "    bind = op.get_bind()\n    rows = bind.execute(sa.text(\"SELECT id, amount FROM orders WHERE side = 'BUY'\")).fetchall()\n"
            "    for row in rows:\n        bind.execute(sa.text('UPDATE orders SET amount = :a WHERE id = :i'), {'a': row[1] * 2, 'i': row[0]})",
            "    # cutover: loses=nothing\n    op.execute(\"UPDATE orders SET amount = amount / 2 WHERE side = 'BUY'\")", "# cutover: phase=data loses=nothing\n");
        add(u"4d"_s, u"3c"_s, "tags",
            "    op.create_table('tags', sa.Column('id', sa.Integer, primary_key=True), sa.Column('tag', sa.String(20)))\n    op.create_index('tags_tag', 'tags', ['tag'])",
            "    op.drop_index('tags_tag')\n    op.drop_table('tags')");
        add(u"5e"_s, u"4d"_s, "sides go", "    op.drop_column('orders', 'side')", "    op.add_column('orders', sa.Column('side', sa.String(8)))");
    }

    /// Of those five only the first so many.
    void keepUpTo(int count) const
    {
        const auto others = QStringList{u"1a"_s, u"2b"_s, u"3c"_s, u"4d"_s, u"5e"_s}.sliced(count);
        for (const QString &revision : others) {
            QFile::remove(file(revision));
        }
    }

    static constexpr auto ini = R"(# What "alembic init" writes, shortened.
[alembic]
script_location = alembic
prepend_sys_path = .
sqlalchemy.url = postgresql://nobody@127.0.0.1:1/
    elsewhere

[loggers]
keys = root,sqlalchemy,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARN
handlers = console
qualname =

[logger_sqlalchemy]
level = WARN
handlers =
qualname = sqlalchemy.engine

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
)";

    static constexpr auto env = R"(from logging.config import fileConfig

from sqlalchemy import engine_from_config
from sqlalchemy import pool

from alembic import context

from models import metadata

config = context.config

if config.config_file_name is not None:
    fileConfig(config.config_file_name)

target_metadata = metadata


def run_migrations_offline():
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
)";

    static constexpr auto models = R"(import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("side", sa.String(8)), sa.Column("amount", sa.Integer),
         sa.Column("colour", sa.String(12)))
)";

    static constexpr auto mako = R"("""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
)";

private:
    QString m_folder;
};

} // namespace cutover::testing

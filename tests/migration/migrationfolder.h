// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"

#include <QDir>
#include <QFile>
#include <QTest>

namespace cutover::testing {

using namespace Qt::StringLiterals;

inline void writeFile(const QString &path, const QByteArray &content)
{
    QDir().mkpath(path.section(u'/', 0, -2));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
}

inline QVariant valueOf(const QString &file, const QString &sql)
{
    auto connection = sqlite::Connection::open(file, sqlite::Connection::Mode::Existing);
    if (!connection) {
        return {};
    }
    return connection->value(sql).value_or(QVariant());
}

inline void runSql(const QString &file, const QStringList &statements)
{
    auto connection = sqlite::Connection::open(file, sqlite::Connection::Mode::Create);
    QVERIFY(connection);
    for (const QString &statement : statements) {
        const auto done = connection->execute(statement);
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
    }
}

/// Orders as a service has them: the table, in WAL mode, with so many rows.
inline void makeOrders(const QString &file, int rows)
{
    runSql(file,
           {u"PRAGMA journal_mode = WAL"_s, u"CREATE TABLE orders (id INTEGER PRIMARY KEY, side TEXT, amount INTEGER)"_s,
            u"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %1) "
            "INSERT INTO orders (side, amount) SELECT iif(i % 2, 'BUY', 'SELL'), i FROM n"_s.replace(u"%1"_s, QString::number(rows))});
}

} // namespace cutover::testing

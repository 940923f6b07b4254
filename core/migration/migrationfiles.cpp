// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationchain.h"
#include "migration/migrationheader.h"
#include "migration/migrationscript.h"
#include "system/files.h"
#include "system/json.h"

#include <QDir>
#include <QMap>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<> badHeader(const QString &file, int line, const QString &text, const QString &expected)
{
    return fail(u"migration.header"_s, {{u"text"_s, text}, {u"expected"_s, expected}}, file + u':' + QString::number(line));
}

} // namespace

Result<> readMigrationHeader(const QString &script, const QString &file, Migration &migration)
{
    constexpr auto prefix = "-- cutover:"_L1;
    static const QRegularExpression name(u"^[A-Za-z_][A-Za-z0-9_]*$"_s);
    static const QRegularExpression lost(u"^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)?$"_s);
    int number = 0;
    for (const QStringView line : QStringView(script).split(u'\n')) {
        ++number;
        if (!line.trimmed().startsWith(prefix)) {
            continue;
        }
        for (const QStringView part : line.trimmed().sliced(prefix.size()).split(u' ', Qt::SkipEmptyParts)) {
            const qsizetype equals = part.indexOf(u'=');
            const QString key = part.first(qMax<qsizetype>(equals, 0)).toString();
            const QString value = part.sliced(equals + 1).toString();
            if (key == "phase"_L1) {
                if (!QStringList{u"expand"_s, u"contract"_s, u"data"_s}.contains(value)) {
                    return badHeader(file, number, part.toString(), u"phase=expand, phase=contract, phase=data"_s);
                }
                migration.phase = value;
            } else if (key == "loses"_L1) {
                if (!lost.match(value).hasMatch()) {
                    return badHeader(file, number, part.toString(), u"loses=TABLE, loses=TABLE.COLUMN"_s);
                }
                migration.loses.append(value);
            } else if (key == "batch"_L1 || key == "key"_L1) {
                if (!name.match(value).hasMatch()) {
                    return badHeader(file, number, part.toString(), u"batch=TABLE key=COLUMN size=1000"_s);
                }
                (key == "batch"_L1 ? migration.batchTable : migration.batchKey) = value;
            } else if (key == "size"_L1) {
                migration.batchSize = value.toInt();
                if (migration.batchSize < 1 || migration.batchSize > 1000000) {
                    return badHeader(file, number, part.toString(), u"size=1 … size=1000000"_s);
                }
            } else {
                return badHeader(file, number, part.toString(), u"phase=, loses=, batch=, key=, size="_s);
            }
        }
    }
    const bool batch = !migration.batchTable.isEmpty();
    if (batch != !migration.batchKey.isEmpty() || batch != (migration.batchSize > 0) || (batch && migration.phase != "data"_L1)) {
        return badHeader(file, 1, migration.batchTable, u"phase=data batch=TABLE key=COLUMN size=1000"_s);
    }
    return {};
}

Result<QList<Migration>> readMigrations(const QString &folder)
{
    static const QRegularExpression fileName(u"^([0-9]{4})_([A-Za-z0-9_]+)\\.(up|down)\\.sql$"_s);
    QMap<QString, Migration> found;
    QMap<QString, QString> downs;
    const QStringList names = QDir(folder).entryList(QDir::Files, QDir::Name);
    for (const QString &name : names) {
        const QString path = folder + u'/' + name;
        if (!name.endsWith(u".sql"_s)) {
            continue;
        }
        const auto match = fileName.match(name);
        if (!match.hasMatch()) {
            return fail(u"migration.file_name"_s, {{u"file"_s, name}}, path);
        }
        TRY(const QByteArray bytes, files::read(path));
        Migration &migration = found[match.captured(1)];
        if (!migration.name.isEmpty() && migration.name != match.captured(2)) {
            return fail(u"migration.duplicate"_s,
                        {{u"revision"_s, match.captured(1)}, {u"first"_s, migration.name}, {u"second"_s, match.captured(2)}}, path);
        }
        migration.revision = match.captured(1);
        migration.name = match.captured(2);
        (match.captured(3) == "up"_L1 ? migration.up : migration.down) = QString::fromUtf8(bytes);
    }
    QList<Migration> chain;
    for (Migration &migration : found) {
        const QString stem = folder + u'/' + migration.revision + u'_' + migration.name;
        const QString up = stem + u".up.sql"_s;
        const QString down = stem + u".down.sql"_s;
        if (const QString expected = u"%1"_s.arg(chain.size() + 1, 4, 10, QChar(u'0')); migration.revision != expected) {
            return fail(u"migration.gap"_s, {{u"expected"_s, expected}, {u"found"_s, migration.revision}}, up);
        }
        if (migration.up.isEmpty()) {
            return fail(u"migration.no_up"_s, {{u"revision"_s, migration.revision}}, up);
        }
        CHECK(readMigrationHeader(migration.up, up, migration));
        migration.upLoses = std::exchange(migration.loses, {});
        CHECK(splitScript(migration.up, up));
        if (migration.down.isEmpty()) {
            if (migration.phase == "expand"_L1) {
                return fail(u"migration.no_down"_s, {{u"revision"_s, migration.revision}}, down);
            }
        } else {
            Migration back;
            CHECK(readMigrationHeader(migration.down, down, back));
            CHECK(splitScript(migration.down, down));
            migration.loses = back.loses;
        }
        migration.upSha256 = json::sha256(migration.up.toUtf8());
        chain.append(migration);
    }
    return chain;
}

} // namespace cutover

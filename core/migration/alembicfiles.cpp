// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembicfiles.h"

#include "migration/migrationheader.h"
#include "system/files.h"
#include "system/json.h"

#include <QFileInfo>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

/// Names as the headers have them: TABLE or TABLE.COLUMN.
QList<Lost> lossesOf(const QStringList &names)
{
    QList<Lost> losses;
    for (const QString &name : names) {
        if (name != "nothing"_L1) {
            losses.append({{}, name.section(u'.', 0, 0), name.section(u'.', 1)});
        }
    }
    return losses;
}

/// What every revision runs with.
struct EnvironmentFiles {
    QByteArray ini;
    QByteArray environment; ///< env.py; empty where a location within a package is found by Python alone.
};

Result<EnvironmentFiles> environmentFiles(const Project &project)
{
    EnvironmentFiles found;
    TRY(found.ini, files::read(project.ini()));
    static const QRegularExpression location(uR"(^script_location\s*[=:]\s*(\S.*?)\s*$)"_s, QRegularExpression::MultilineOption);
    QString folder = location.match(QString::fromUtf8(found.ini)).captured(1);
    folder.replace(u"%(here)s"_s, QFileInfo(project.ini()).absolutePath());
    const QString file = (folder.startsWith(u'/') ? folder : QString(project.folder() + u'/' + folder)) + u"/env.py"_s;
    if (!folder.isEmpty() && QFileInfo(file).isFile()) {
        TRY(found.environment, files::read(file));
    }
    return found;
}

} // namespace

Result<RevisionFile> readRevisionFile(const QString &file)
{
    TRY(const QByteArray bytes, files::read(file));
    RevisionFile read;
    read.source = QString::fromUtf8(bytes);
    read.sha256 = json::sha256(bytes);
    read.leavesTransaction = read.source.contains("autocommit_block"_L1);
    // As headers of SQL files, each in its line.
    static const QRegularExpression header(uR"(\A\s*#\s*cutover:)"_s);
    QStringList up, down;
    bool inDowngrade = false;
    const QStringList lines = read.source.split(u'\n');
    for (const QString &line : lines) {
        if (line.startsWith("def "_L1)) {
            inDowngrade = line.startsWith("def downgrade("_L1);
        }
        const auto match = header.match(line);
        const QString text = match.hasMatch() ? QString(u"-- cutover:"_s + line.sliced(match.capturedEnd())) : QString();
        up.append(inDowngrade ? QString() : text);
        down.append(inDowngrade ? text : QString());
    }
    Migration there, back;
    there.phase.clear();
    CHECK(readMigrationHeader(up.join(u'\n'), file, there));
    CHECK(readMigrationHeader(down.join(u'\n'), file, back));
    read.phase = there.phase;
    read.upSaid = !there.loses.isEmpty();
    read.downSaid = !back.loses.isEmpty();
    read.upLoses = lossesOf(there.loses);
    read.downLoses = lossesOf(back.loses);
    return read;
}

Result<bool> commitsEachStatement(const Project &project)
{
    TRY(const EnvironmentFiles found, environmentFiles(project));
    static const QRegularExpression level(uR"(^[^#\n]*isolation_level\W{1,8}AUTOCOMMIT\b)"_s, QRegularExpression::MultilineOption | QRegularExpression::CaseInsensitiveOption);
    return level.match(QString::fromUtf8(found.ini)).hasMatch() || level.match(QString::fromUtf8(found.environment)).hasMatch();
}

Result<QString> environmentDigest(const Project &project)
{
    TRY(const EnvironmentFiles found, environmentFiles(project));
    return json::sha256(json::sha256(found.ini).toUtf8() + json::sha256(found.environment).toUtf8());
}

Result<Loss> countLosses(const Project &project, const QString &revisionFile, const QList<Lost> &losses)
{
    if (losses.isEmpty()) {
        return Loss();
    }
    // Where nothing can be read nothing is known.
    const EnvironmentFiles found = environmentFiles(project).value_or(EnvironmentFiles());
    const QByteArray revision = files::read(revisionFile).value_or(QByteArray());
    static const QRegularExpression chooses(uR"(search_path|schema_translate_map|\bSET\s+(?:LOCAL\s+|SESSION\s+)?SCHEMA\b)"_s, QRegularExpression::CaseInsensitiveOption);
    const bool ownPath = found.environment.isEmpty() || revision.isEmpty() || QString::fromUtf8(found.ini + found.environment + revision).contains(chooses);
    return count(project.database, losses, ownPath);
}

} // namespace cutover::alembic

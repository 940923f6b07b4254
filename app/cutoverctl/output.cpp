// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "output.h"

#include "system/files.h"

#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QTextStream>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool s_json = false;

void write(FILE *file, const QString &text)
{
    const QByteArray bytes = text.toLocal8Bit();
    std::fwrite(bytes.constData(), 1, size_t(bytes.size()), file);
    std::fflush(file);
}

} // namespace

void setJsonMode(bool on)
{
    s_json = on;
}

bool jsonMode()
{
    return s_json;
}

QString localTime(const QDateTime &time)
{
    return time.isValid() ? time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"-"_s;
}

void say(const QString &line)
{
    if (!s_json) {
        write(stdout, line + u'\n');
    }
}

void sayJson(const QJsonObject &object)
{
    if (s_json) {
        write(stdout, QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact)) + u'\n');
    }
}

int sayError(const Error &error)
{
    if (s_json) {
        QJsonObject json = error.toJson();
        json.insert(u"what"_s, error.what());
        json.insert(u"hint"_s, error.hint());
        sayJson({{u"error"_s, json}});
    } else {
        write(stderr, u"cutoverctl: "_s + error.text() + u'\n');
    }
    return exitCodeOf(error);
}

int exitCodeOf(const Error &error)
{
    static const QStringList gates{u"approval.none"_s, u"approval.other_plan"_s, u"approval.expired"_s, u"approval.same_person"_s, u"approval.unknown_key"_s, u"approval.damaged"_s, u"approval.no_keys"_s, u"approval.not_pinned"_s,
                                   u"checklist.open_before"_s, u"checklist.run_not_closed"_s};
    if (error.code == "gate.blackout_now"_L1) {
        return ExitBlackout;
    }
    if (gates.contains(error.code) || error.code.startsWith(u"staging.")) {
        return ExitGate;
    }
    static const QStringList refused{u"serve.conn_elsewhere"_s, u"serve.confirm_name"_s, u"serve.confirm_loss"_s, u"serve.confirm_decision"_s, u"serve.command_state"_s, u"serve.command_refused"_s,
                                     u"serve.plan_edited"_s, u"serve.plan_target"_s, u"serve.no_release"_s, u"journal.run_active"_s, u"restart.refused"_s,
                                     u"journal.conn_held"_s, u"plan.nothing_to_do"_s, u"cli.not_confirmed"_s, u"cli.no_run"_s,
                                     u"repository.digest"_s, u"repository.size"_s, u"git.signature_wrong"_s, u"git.tag_unsigned"_s, u"git.tag_name"_s, u"git.tag_moved"_s, u"git.commit_unsigned"_s, u"git.commit_product"_s, u"git.signer_changed"_s, u"target.identity_changed"_s, u"target.claimed"_s, u"target.claim_busy"_s, u"target.claim_unreadable"_s};
    if (refused.contains(error.code) || error.code.startsWith(u"approval.") || error.code.startsWith(u"checklist.") || error.code.startsWith(u"gate.") || error.code.startsWith(u"derive.") || error.code.startsWith(u"package.") || error.code.startsWith(u"path.")) {
        return ExitRefused;
    }
    return error.code.startsWith(u"cli.") ? ExitUsage : ExitFailed;
}

Result<> writePrivately(const QString &path, const QByteArray &content)
{
    // An existing file keeps its mode, so it is closed to others before anything is in it.
    QFile file(path);
    if (file.exists() && !file.setPermissions(files::privateFile)) {
        return fail(u"file.write"_s, {{u"path"_s, path}, {u"reason"_s, file.errorString()}}, path);
    }
    return files::replace(path, content, files::privateFile);
}

void sayTable(const QList<QStringList> &rows)
{
    QList<qsizetype> widths;
    for (const QStringList &row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (qsizetype i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    for (const QStringList &row : rows) {
        QString line;
        for (qsizetype i = 0; i < row.size(); ++i) {
            line += i + 1 < row.size() ? QString(row[i].leftJustified(widths[i]) + u"  "_s) : row[i];
        }
        say(line);
    }
}

} // namespace cutover

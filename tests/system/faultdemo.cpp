// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "target/target.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using cutover::Target;

namespace {

constexpr int PatienceMs = 60000; ///< For what takes a moment, on a machine that is slow and busy.

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

/// Codes of an error and of all that it tells as its cause.
QStringList codesIn(const QJsonValue &value)
{
    QStringList codes;
    if (value.isObject()) {
        const QJsonObject object = value.toObject();
        for (auto member = object.begin(); member != object.end(); ++member) {
            if (member.key() == u"code" && member.value().isString()) {
                codes.append(member.value().toString());
            }
            codes += codesIn(member.value());
        }
    }
    return codes;
}

} // namespace

bool FaultDemo::startBusy()
{
    return create() && begin();
}

bool FaultDemo::shortenWatch() const
{
    // A busy machine has not sent fifty requests by then.
    return edit(u"duration: 60000ms"_s, u"duration: 1000ms"_s) && edit(u"minimum_samples: 50"_s, u"minimum_samples: 5"_s);
}

bool FaultDemo::begin()
{
    if (!shortenWatch()) {
        return false;
    }
    keep();
    return startServices() && QTest::qWaitFor([this] { return requestsSent() > 30; }, PatienceMs);
}

QString FaultDemo::told(const Outcome &outcome, int exitCode, const QString &code, const QStringList &words)
{
    const QString all = QString::fromUtf8(outcome.errors.left(3000));
    if (outcome.exitCode != exitCode) {
        return u"exit code %1, expected %2: %3"_s.arg(outcome.exitCode).arg(exitCode).arg(all);
    }
    const bool isRun = outcome.json.contains(u"run"_s);
    const QJsonObject error = isRun ? outcome.json[u"run"].toObject() : outcome.json[u"error"].toObject();
    QStringList codes = isRun ? codesIn(error[u"reason"]) + codesIn(error[u"error"]) : codesIn(error);
    if (!codes.contains(code)) {
        return u"no %1 in %2: %3"_s.arg(code, codes.join(u' '), all);
    }
    const QString sentence = isRun ? outcome.json[u"reason"].toString() : QString(error[u"what"].toString() + u' ' + error[u"hint"].toString());
    // A refusal may tell in its second sentence why, and so what to do.
    if (!isRun && error[u"hint"].toString().isEmpty() && !sentence.contains(u". ")) {
        return u"no hint for "_s + code;
    }
    if (sentence.contains(u"%{") || sentence.contains(code) || sentence.contains(u"(?)") || !sentence.contains(u' ')) {
        return u"the sentence is not for people: "_s + sentence;
    }
    for (const QString &word : words) {
        if (!sentence.contains(word)) {
            return u"“%1” is not in: %2"_s.arg(word, sentence);
        }
    }
    return {};
}

QString FaultDemo::harm(const QString &version, bool requestsMayFail)
{
    if (!QTest::qWaitFor([&] { return servesOnly(version); }, PatienceMs)) {
        return u"serves “%1”, expected %2"_s.arg(servedVersion(), version);
    }
    const qint64 sent = requestsSent();
    if (!QTest::qWaitFor([&] { return requestsSent() > sent + 20; }, PatienceMs)) {
        return u"the traffic has stopped"_s;
    }
    const QStringList failed = failures();
    const QStringList fresh = failed.sliced(qMin(std::exchange(m_failuresSeen, failed.size()), failed.size()));
    if (!requestsMayFail && !fresh.isEmpty()) {
        return u"%1 requests failed, the first: %2"_s.arg(fresh.size()).arg(fresh.first());
    }
    if (const QString overlap = strategyOverlap(); !overlap.isEmpty()) {
        return overlap;
    }
    if (const QStringList lost = lostOrders(); !lost.isEmpty()) {
        return u"%1 acknowledged orders are lost, one of them: %2"_s.arg(lost.size()).arg(lost.first());
    }
    // What cannot be read would have no rows to miss.
    for (const QString &name : {u"orders"_s, u"feature_flags"_s, u"feature_flag_audit"_s, u"cutover_migrations"_s}) {
        const auto table = std::ranges::find(m_before, name, &Table::name);
        if (table == m_before.end() || table->rows.isEmpty()) {
            return u"no rows of %1 were kept to compare"_s.arg(name);
        }
    }
    if (const QString missing = missingOf(m_before); !missing.isEmpty()) {
        return missing;
    }
    if (const QStringList whole = query(u"PRAGMA integrity_check"_s); whole != QStringList{u"ok"_s}) {
        return u"the database is damaged: "_s + whole.join(u", "_s);
    }
    QDirIterator it(folder(), QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (it.hasNext()) {
        const QString path = it.next();
        static const QRegularExpression temporary(u"/\\.[^/]+\\.cutover-[a-z]+(/|$)|\\.proof$"_s);
        // What was downloaded in part is kept for the next attempt.
        if (temporary.match(path).hasMatch() && !path.contains(u".cutover-part"_s)) {
            return u"left behind: "_s + path;
        }
    }
    return {};
}

bool FaultDemo::edit(const QString &from, const QString &to) const
{
    QByteArray content = contentOf(targetFile());
    if (!content.contains(from.toUtf8())) {
        return false;
    }
    return write(targetFile(), content.replace(from.toUtf8(), to.toUtf8()));
}

void FaultDemo::keep()
{
    m_target = contentOf(targetFile());
    m_before = tables();
}

void FaultDemo::restoreTarget() const
{
    QVERIFY(write(targetFile(), m_target));
}

bool FaultDemo::putGate(const QString &afterKind) const
{
    QFile::remove(folder() + u"/at-gate"_s);
    QFile::remove(folder() + u"/gate-open"_s);
    const QString commands = u"\ncommands:\n"
                             "  - name: gate\n"
                             "    after: %1\n"
                             "    apply: [/bin/sh, -c, \"touch at-gate; while [ ! -e gate-open ]; do sleep 0.02; done\"]\n"
                             "    revert: [/bin/true]\n"
                             "    inspect: [/bin/false]\n"_s.arg(afterKind);
    return write(targetFile(), contentOf(targetFile()) + commands.toUtf8());
}

bool FaultDemo::waitAtGate(QProcess &update) const
{
    const QString mark = folder() + u"/at-gate"_s;
    return QTest::qWaitFor([&] { return QFile::exists(mark) || update.state() == QProcess::NotRunning; }, PatienceMs) && QFile::exists(mark);
}

bool FaultDemo::waitAtStep(QProcess &update, const QString &kind) const
{
    const auto atStep = [&] {
        const QString run = ctl({u"status"_s}).json[u"activeRun"].toString();
        const QJsonArray steps = run.isEmpty() ? QJsonArray() : ctl({u"history"_s, run}).json[u"steps"].toArray();
        return std::ranges::any_of(steps, [&](const QJsonValue &step) {
            return step[u"spec"][u"kind"].toString() == kind && step[u"record"][u"state"].toString() == u"applying";
        });
    };
    bool there = false;
    return QTest::qWaitFor([&] { return (there = atStep()) || update.state() == QProcess::NotRunning; }, 2 * PatienceMs) && there;
}

void FaultDemo::openGate() const
{
    QVERIFY(write(folder() + u"/gate-open"_s, {}));
}

qint64 FaultDemo::pidOf(const QString &instance) const
{
    const QJsonArray instances = ctl({u"status"_s}).json[u"instances"].toArray();
    for (const auto &each : instances) {
        if (each[u"name"].toString() == instance) {
            return each[u"pid"].toInteger();
        }
    }
    return 0;
}

qint64 FaultDemo::supervisorPid() const
{
    return QJsonDocument::fromJson(contentOf(stateFolder() + u"/supervisor/state.json"_s)).object()[u"supervisor"].toInteger();
}

QStringList FaultDemo::releases() const
{
    return QDir(folder() + u"/releases"_s).entryList(QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot | QDir::NoSymLinks, QDir::Name);
}

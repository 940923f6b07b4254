// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashworkers.h"

#include "descendants.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>

#include <atomic>
#include <csignal>
#include <memory>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

constexpr int TickMs = 10;

std::atomic<int> signalled = 0;

void onSignal(int number)
{
    signalled = number;
}

} // namespace

CrashWorkers::CrashWorkers(QStringList scenarios, QStringList kinds, Tell tell)
    : m_scenarios(std::move(scenarios))
    , m_kinds(std::move(kinds))
    , m_tell(std::move(tell))
{
}

int CrashWorkers::run(const QList<QStringList> &arguments)
{
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        std::signal(number, onSignal);
    }
    // Removed behind the processes that use it.
    const QTemporaryDir base(systemsTemplate());
    if (!base.isValid()) {
        m_tell(u"No folder for the systems can be made: "_s + base.errorString());
        return 1;
    }
    qputenv("CUTOVER_CRASH_BASE", base.path().toLocal8Bit());
    QByteArray libraries = CUTOVER_NOPROXY;
    if (const QByteArray others = qgetenv("LD_LIBRARY_PATH"); !others.isEmpty()) {
        libraries += ':' + others;
    }
    qputenv("LD_LIBRARY_PATH", libraries);
    const Descendants descendants;
    std::vector<std::unique_ptr<QProcess>> workers;
    QSet<qint64> pids;
    QEventLoop loop;
    bool well = true;
    qsizetype running = arguments.size();
    for (const QStringList &words : arguments) {
        QProcess *worker = workers.emplace_back(std::make_unique<QProcess>()).get();
        worker->setProcessChannelMode(QProcess::MergedChannels);
        const auto readLines = [this, worker, count = arguments.size()] {
            while (worker->canReadLine()) {
                read(worker->readLine().trimmed(), count);
            }
        };
        QObject::connect(worker, &QProcess::readyRead, &loop, readLines);
        const auto oneLess = [&] {
            if (--running == 0) {
                loop.quit();
            }
        };
        const auto tellStart = [&, worker, oneLess](QProcess::ProcessError error) {
            if (error == QProcess::FailedToStart) {
                well = false;
                m_tell(u"A process that tests could not be started: "_s + worker->errorString());
                oneLess();
            }
        };
        QObject::connect(worker, &QProcess::errorOccurred, &loop, tellStart, Qt::QueuedConnection);
        QObject::connect(worker, &QProcess::finished, &loop, [&, worker, readLines, oneLess](int exitCode, QProcess::ExitStatus status) {
            readLines();
            if (status == QProcess::CrashExit || exitCode > 1) {
                well = false;
                m_tell(u"A process that tests ended badly: %1 %2"_s.arg(exitCode).arg(QString::fromUtf8(worker->readAll())));
            }
            oneLess();
        });
        worker->start(QCoreApplication::applicationFilePath(), words);
        pids.insert(worker->processId());
    }
    QTimer tick;
    QObject::connect(&tick, &QTimer::timeout, &loop, [&] {
        descendants.reap(pids);
        if (signalled != 0) {
            loop.quit();
        }
    });
    tick.start(TickMs);
    loop.exec();
    tick.stop();
    if (signalled != 0) {
        return 128 + signalled;
    }
    return tellTable(arguments.size()) && well ? 0 : 1;
}

void CrashWorkers::read(const QByteArray &line, qsizetype workers)
{
    const QJsonObject told = QJsonDocument::fromJson(line).object();
    if (told.isEmpty()) {
        m_tell(QString::fromUtf8(line));
        return;
    }
    const QString name = told[u"scenario"_s].toString() + u", "_s + told[u"kind"_s].toString();
    Sum &sum = m_sums[name];
    ++sum.reports;
    if (const QString error = told[u"error"_s].toString(); !error.isEmpty()) {
        sum.failed = true;
        m_tell(name + u": "_s + error);
    }
    sum.report.add(told[u"report"_s].toObject());
    if (sum.reports == workers && !sum.failed) {
        m_tell(name + u": "_s + sum.report.text());
        for (const auto &[reason, count] : sum.report.reasons.asKeyValueRange()) {
            m_tell(u"  held %1 times: %2"_s.arg(count).arg(reason));
        }
    }
}

bool CrashWorkers::tellTable(qsizetype workers) const
{
    bool well = true;
    QStringList failures;
    m_tell(u"\n%1 %2 %3 %4 %5 %6  endings"_s.arg(u"scenario"_s, -17).arg(u"kind"_s, -7).arg(u"points"_s, 6).arg(u"tested"_s, 6).arg(u"failed"_s, 6).arg(u"s each"_s, 6));
    for (const QString &scenario : m_scenarios) {
        for (const QString &kind : m_kinds) {
            const Sum sum = m_sums.value(scenario + u", "_s + kind);
            const CrashReport &report = sum.report;
            QStringList endings;
            for (const auto &[ending, count] : report.endings.asKeyValueRange()) {
                endings.append(QString::number(count) + u' ' + ending);
            }
            if (sum.failed || sum.reports != workers) {
                endings.append(u"not all was tested"_s);
                well = false;
            }
            m_tell(u"%1 %2 %3 %4 %5 %6  %7"_s.arg(scenario, -17).arg(kind, -7).arg(report.points, 6).arg(report.before + report.tested, 6).arg(report.failures.size(), 6).arg(double(report.milliseconds) / 1000 / qMax(report.tested, 1), 6, 'f', 2).arg(endings.join(u", "_s)));
            failures += report.failures;
        }
    }
    if (!failures.isEmpty()) {
        m_tell(u"\nFailed:\n"_s + failures.join(u'\n'));
    }
    m_tell(well && failures.isEmpty() ? u"All judged well: 0 failed."_s : u"%1 failed."_s.arg(failures.size()));
    return well && failures.isEmpty();
}

} // namespace cutover::testing

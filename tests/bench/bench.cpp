// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "bench.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTextStream>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

const Catalogue::Registration texts{{
    {"bench.program", QT_TRANSLATE_NOOP("catalogue", "“%{program}” ended with %{code}: %{output}"), nullptr},
    {"bench.gone", QT_TRANSLATE_NOOP("catalogue", "“%{what}” did not come in time."), nullptr},
}};

void line(const QString &name, const QString &unit, const Samples &samples, double ratio)
{
    QTextStream(stdout) << u"  %1 %2 %3   (%4 … %5, %6 ×)   %7\n"_s.arg(name, -34)
                               .arg(samples.median(), 10, 'f', samples.median() < 100 ? 2 : 0)
                               .arg(unit, -5)
                               .arg(samples.minimum(), 0, 'f', samples.median() < 100 ? 2 : 0)
                               .arg(samples.maximum(), 0, 'f', samples.median() < 100 ? 2 : 0)
                               .arg(samples.values.size())
                               .arg(ratio < 0 ? u"peer"_s : QString(u"ratio "_s + QString::number(ratio, 'f', ratio < 0.1 ? 4 : 2)));
}

} // namespace

double Samples::median() const
{
    if (values.isEmpty()) {
        return 0;
    }
    QList<double> sorted = values;
    std::ranges::sort(sorted);
    const qsizetype middle = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Samples::minimum() const
{
    return values.isEmpty() ? 0 : *std::ranges::min_element(values);
}

double Samples::maximum() const
{
    return values.isEmpty() ? 0 : *std::ranges::max_element(values);
}

Result<> alternate(int rounds, Samples &ours, const std::function<Result<double>()> &measureOurs, Samples &peer,
                   const std::function<Result<double>()> &measurePeer)
{
    for (int i = 0; i < rounds; ++i) {
        TRY(const double a, measureOurs());
        ours.values.append(a);
        TRY(const double b, measurePeer());
        peer.values.append(b);
    }
    return {};
}

void print(const QString &what, const QString &unit, const Samples &ours, const Samples &peer)
{
    QTextStream(stdout) << what << '\n';
    line(ours.name, unit, ours, peer.median() > 0 ? ours.median() / peer.median() : 0);
    line(peer.name, unit, peer, -1);
}

void note(const QString &text)
{
    QTextStream(stdout) << "  " << text << '\n';
}

Result<QByteArray> runProgram(const QString &program, const QStringList &arguments, int timeoutMs, const QStringList &environment)
{
    QProcess process;
    process.setEnvironment(QProcess::systemEnvironment() + environment);
    process.start(program, arguments);
    process.closeWriteChannel();
    if (!process.waitForFinished(timeoutMs) || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0) {
        const QString said = QString::fromUtf8(process.readAllStandardError() + process.readAllStandardOutput()).right(2000);
        return fail(u"bench.program"_s,
                    {{u"program"_s, QString(program + u' ' + arguments.join(u' '))}, {u"code"_s, process.exitCode()}, {u"output"_s, said}});
    }
    return process.readAllStandardOutput();
}

double secondsOf(const std::function<void()> &work)
{
    QElapsedTimer timer;
    timer.start();
    work();
    return double(timer.nsecsElapsed()) / 1e9;
}

} // namespace cutover::bench

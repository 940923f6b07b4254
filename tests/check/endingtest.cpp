// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"

#include "check/probe.h"
#include "system/endprogram.h"

#include <QCoroTask>
#include <QEventLoop>
#include <QProcess>
#include <QTest>

#include <cstdio>

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

QCoro::Task<> probe(QString url)
{
    ProbeSpec spec;
    spec.name = u"health"_s;
    spec.http = url;
    spec.timeoutMs = 5000;
    (void)co_await probeOnce(spec);
}

/// The program itself: ends after some milliseconds, while probes are under way.
int leave(const QStringList &words)
{
    for (int i = 0; i < 4; ++i) {
        probe(words[2]);
    }
    QEventLoop loop;
    QTimer::singleShot(words[3].toInt(), &loop, &QEventLoop::quit);
    loop.exec();
    std::fputs("done\n", stdout);
    endProgram(7);
}

} // namespace

class EndingTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Whatever a request's thread is at just then, the program's own last word and its exit code are not lost.
    void requestsUnderWayHarmNothing()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{.body = QByteArray(2000, 'x')}; });
        const QString url = u"http://127.0.0.1:%1/health"_s.arg(server.serverPort());
        for (int i = 0; i < 60; ++i) {
            QProcess program;
            program.start(QCoreApplication::applicationFilePath(), {u"leave"_s, url, QString::number(i % 10)});
            QVERIFY(QTest::qWaitFor([&program] { return program.state() == QProcess::NotRunning; }, 30000));
            QCOMPARE(program.exitStatus(), QProcess::NormalExit);
            QCOMPARE(program.exitCode(), 7);
            QCOMPARE(program.readAllStandardOutput(), QByteArray("done\n"));
            QCOMPARE(program.readAllStandardError(), QByteArray());
        }
    }
};

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList words = QCoreApplication::arguments();
    if (words.value(1) == u"leave") {
        return leave(words);
    }
    EndingTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "endingtest.moc"

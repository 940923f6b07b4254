// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "changeddemo.h"
#include "tests/support/skip.h"

#include <QDir>
#include <QProcess>

using namespace Qt::StringLiterals;

/** Backends that are units of a real systemd, updated and taken back by cutoverctl, under traffic. */
class SystemdSystemTest : public QObject
{
    Q_OBJECT

    static constexpr int PatienceMs = 400000;
    std::unique_ptr<ChangedDemo> m_demo;
    QString m_troubles;
    bool m_isUsers = false; ///< Units of the user's manager, else of the machine's.

    QString systemctl(QStringList arguments) const
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        arguments.prepend(m_isUsers ? u"--user"_s : u"--system"_s);
        process.start(u"systemctl"_s, arguments);
        process.waitForFinished();
        return QString::fromUtf8(process.readAll()).trimmed();
    }
    /// What systemd tells of both units' processes: the release that each was started from.
    void unitsRun(const QString &version) const
    {
        for (const QString &unit : {u"cutover-demo@1"_s, u"cutover-demo@2"_s}) {
            QCOMPARE(systemctl({u"is-active"_s, unit}), u"active"_s);
            const QString pid = systemctl({u"show"_s, u"--value"_s, u"--property=MainPID"_s, unit});
            QCOMPARE(QFile::symLinkTarget(u"/proc/%1/exe"_s.arg(pid)), QDir(m_demo->folder()).canonicalPath() + u"/releases/%1/cutover-demo-service"_s.arg(version));
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        // Never the manager of the machine itself.
        QFile first(u"/proc/1/comm"_s);
        if (!first.open(QIODevice::ReadOnly) || first.readAll().trimmed() != "systemd" || qEnvironmentVariable("CUTOVER_UNDER_SYSTEMD") != u"1") {
            SKIP_WITHOUT_ROOT("units of systemd by the real program: they need root and control groups of version 2, to run a systemd of their own");
        }
    }
    void cleanup()
    {
        m_demo.reset();
        systemctl({u"stop"_s, u"cutover-demo@1"_s, u"cutover-demo@2"_s});
    }

    void forthAndBack_data()
    {
        QTest::addColumn<bool>("isUsers");
        QTest::newRow("systemd") << false;
        QTest::newRow("systemd_user") << true;
    }
    void forthAndBack()
    {
        QFETCH(const bool, isUsers);
        m_isUsers = isUsers;
        const QString folder = isUsers ? QDir::homePath() + u"/.config/systemd/user"_s : u"/etc/systemd/system"_s;
        QVERIFY(QDir().mkpath(folder));
        QFile unit(folder + u"/cutover-demo@.service"_s);
        QVERIFY(unit.open(QIODevice::WriteOnly) && unit.write("[Unit]\nDescription=Backend %i\n[Service]\nRestart=on-failure\nRestartSec=100ms\n") > 0);
        unit.close();
        systemctl({u"daemon-reload"_s});
        m_demo = std::make_unique<ChangedDemo>();
        QVERIFY2(m_demo->create(5000, 50, {u"--no-retries"_s}), qPrintable(m_demo->problem()));
        m_demo->change(u"target.yaml"_s, u"strategy: rolling\n(\\s+)instances:\n\\s+- \\{name: backend-1, port: (\\d+)\\}\n\\s+- \\{name: backend-2, port: (\\d+)\\}\n"_s,
                       u"runtime: "_s + QString::fromLatin1(QTest::currentDataTag()) + u"\n\\1instances:\n\\1  - {name: backend-1, port: \\2, unit: cutover-demo@1.service}\n\\1  - {name: backend-2, port: \\3, unit: cutover-demo@2.service}\n"_s);
        QVERIFY2(m_demo->startByRuntimes(), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 100, 60000);
        m_troubles = m_demo->balancerTroubles();
        unitsRun(u"1.2.0"_s);

        const auto before = m_demo->tables();
        for (const QString &version : {u"1.2.1"_s, u"1.3.0"_s}) {
            const auto update = m_demo->ctl({u"update"_s, version, u"--yes"_s, u"--watch"_s, u"3s"_s}, PatienceMs);
            QVERIFY2(update.exitCode == 0, update.errors);
            unitsRun(version);
            m_demo->nobodyNoticed(version, m_troubles);
        }
        const auto back = m_demo->ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s}, PatienceMs);
        QVERIFY2(back.exitCode == 0, back.errors);
        unitsRun(u"1.2.0"_s);
        m_demo->nobodyNoticed(u"1.2.0"_s, m_troubles);
        QCOMPARE(m_demo->missingOf(before), QString());
    }
};

QTEST_GUILESS_MAIN(SystemdSystemTest)
#include "systemdsystemtest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "balancedsystem.h"
#include "deploy/servicerestart.h"
#include "tests/support/skip.h"

namespace cutover::testing {

/**
 * Two backends that are the units demo@1 and demo@2 of a template, behind a real HAProxy, under a systemd of the test's own
 * (tests/support/undersystemd): what its tests have in common.
 */
class SystemdSystem : public BalancedSystem
{
protected:
    [[nodiscard]] virtual bool isUsers() const { return false; } ///< The manager of the user, else that of the machine.
    [[nodiscard]] static QStringList all() { return {u"backend-1"_s, u"backend-2"_s}; }
    [[nodiscard]] QString unitFile(const QString &name) const
    {
        return (isUsers() ? QDir::homePath() + u"/.config/systemd/user/"_s : u"/etc/systemd/system/"_s) + name;
    }
    [[nodiscard]] std::shared_ptr<Runtime> runtime() const { return VALUE(RuntimeRegistry::create(isUsers() ? u"systemd_user"_s : u"systemd"_s, m_target)); }
    // NOLINTNEXTLINE(modernize-use-nodiscard): mostly done for its effect
    QByteArray systemctl(QStringList arguments) const
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        arguments.prepend(isUsers() ? u"--user"_s : u"--system"_s);
        process.start(u"systemctl"_s, arguments);
        process.waitForFinished();
        return process.readAll().trimmed();
    }
    [[nodiscard]] qint64 mainPid(int number) const { return systemctl({u"show"_s, u"--value"_s, u"--property=MainPID"_s, u"demo@%1"_s.arg(number)}).toLongLong(); }

    /// Never the manager of the machine itself.
    [[nodiscard]] static bool isUnderSystemd() { return readFile(u"/proc/1/comm"_s).trimmed() == "systemd" && qEnvironmentVariable("CUTOVER_UNDER_SYSTEMD") == u"1"; }

    /// program: lines of the template's [Service] beside those of all.
    void makeUnits(const QByteArray &program = {}) const
    {
        writeFile(unitFile(u"demo@.service"_s), "[Unit]\nDescription=Backend %i\n[Service]\nRestart=on-failure\nRestartSec=100ms\n" + program);
        systemctl({u"daemon-reload"_s});
    }
    void startUnits()
    {
        const auto names = all();
        for (const QString &name : names) {
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
    }
    void removeUnits()
    {
        for (const int number : {1, 2}) {
            const QString unit = u"demo@%1.service"_s.arg(number);
            systemctl({u"stop"_s, unit});
            QDir(unitFile(unit + u".d"_s)).removeRecursively();
            QFile::remove(unitFile(unit));
        }
        systemctl({u"reset-failed"_s});
        QFile::remove(unitFile(u"demo@.service"_s));
        systemctl({u"daemon-reload"_s});
        m_folder.reset();
    }

    void startHaproxy()
    {
        QByteArray configuration = "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8()
            + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout check 5s\n    retries 0\n"
              "frontend front\n    bind 127.0.0.1:"
            + QByteArray::number(m_front) + "\n    default_backend app\nbackend app\n    balance roundrobin\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n";
        for (int i = 0; i < 2; ++i) {
            configuration += "    server backend-" + QByteArray::number(i + 1) + " 127.0.0.1:" + QByteArray::number(m_ports[i]) + '\n';
        }
        writeFile(path(u"haproxy.cfg"_s), configuration);
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_haproxy->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)});
        QVERIFY(m_haproxy->waitForStarted());
        const auto names = all();
        for (const QString &name : names) {
            QTRY_VERIFY_WITH_TIMEOUT(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 1000)).has_value(), 10000);
        }
    }
    void stopHaproxy()
    {
        if (m_haproxy) {
            m_haproxy->kill();
            m_haproxy->waitForFinished();
        }
    }

    Result<> restart(const QString &instance = {})
    {
        TRY(const auto lock, QCoro::waitFor(RunLock::acquire(m_target.stateDirectory, {}, {})));
        TRY(const RestartChoice choice, QCoro::waitFor(chooseRestart(m_target, u"backend"_s, instance)));
        return QCoro::waitFor(restartService(m_target, choice, {.lock = lock->descriptor()}));
    }
    /// Outside of a run, one after the other, from what they run.
    void bothAreRestarted()
    {
        const qint64 first = mainPid(1);
        const qint64 second = mainPid(2);
        User user(m_front);
        OK(restart());
        noneFailed(user);
        bothServe(u"1.0.0"_s);
        QVERIFY(mainPid(1) > 0 && mainPid(1) != first);
        QVERIFY(mainPid(2) > 0 && mainPid(2) != second);
        const qint64 now = mainPid(1);
        OK(restart(u"backend-2"_s));
        QCOMPARE(mainPid(1), now);
    }

private:
    std::unique_ptr<QProcess> m_haproxy;
};

} // namespace cutover::testing

/// For a test that needs units of a systemd of its own.
#define NEEDS_SYSTEMD                                                                                                             \
    do {                                                                                                                          \
        if (!isUnderSystemd()) {                                                                                                  \
            SKIP_WITHOUT_ROOT("units of systemd: they need root and control groups of version 2, to run a systemd of their own"); \
        }                                                                                                                         \
    } while (false)

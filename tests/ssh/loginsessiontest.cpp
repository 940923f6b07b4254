// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/loginsession.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <pwd.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

/**
 * What the end of a login does to what it has started. What systemd-logind answers is told by a
 * script here, to have all of its answers; a real one is asked in loginendtest.cpp.
 */
class LoginSessionTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    void write(const QString &name, const QByteArray &content, bool executable = false)
    {
        const QString path = m_folder.filePath(name);
        QVERIFY(QDir().mkpath(QFileInfo(path).path()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write(content);
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | (executable ? QFile::ExeOwner : QFile::Permissions()));
    }
    static QByteArray account() { return ::getpwuid(::getuid())->pw_name; }

private Q_SLOTS:
    void fates_data()
    {
        QTest::addColumn<QByteArray>("cgroup");
        QTest::addColumn<QByteArray>("answer"); ///< Of logind: KillUserProcesses, KillOnlyUsers, KillExcludeUsers.
        QTest::addColumn<bool>("lingers");
        QTest::addColumn<bool>("manager");
        QTest::addColumn<LoginSession::Fate>("fate");
        using enum LoginSession::Fate;
        const QByteArray session = "0::/user.slice/user-1000.slice/session-12.scope\n";
        const QByteArray old = "12:pids:/user.slice/user-1000.slice/session-c2.scope\n1:name=systemd:/user.slice/user-1000.slice/session-c2.scope\n";
        const QByteArray me = '"' + account() + '"';
        // Root is spared by an empty list of excluded ones alone.
        const auto answer = [](const QByteArray &kill, const QByteArray &only = {}, const QByteArray &exclude = "\"somebody\"") {
            return QByteArray("{\"type\":\"b\",\"data\":" + kill + "}\n{\"type\":\"as\",\"data\":[" + only + "]}\n{\"type\":\"as\",\"data\":[" + exclude + "]}\n");
        };
        QTest::newRow("Debian's default") << session << answer("false") << false << true << Stay;
        QTest::newRow("ends all") << session << answer("true") << false << true << End;
        QTest::newRow("ends all, old hierarchy") << old << answer("true") << false << true << End;
        QTest::newRow("lingers") << session << answer("true") << true << true << MoveOut;
        QTest::newRow("lingers, and its manager is gone") << session << answer("true") << true << false << End;
        QTest::newRow("excluded") << session << answer("true", {}, me) << false << true << Stay;
        QTest::newRow("nobody is excluded by name") << session << answer("true", {}, {}) << false << true << (account() == "root" ? Stay : End);
        QTest::newRow("only others") << session << answer("true", "\"somebody\"") << false << true << Stay;
        QTest::newRow("only us") << session << answer("false", me) << false << true << End;
        QTest::newRow("a service") << QByteArray("0::/system.slice/cutover.service\n") << answer("true") << false << true << Stay;
        QTest::newRow("the account's own manager") << QByteArray("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n") << answer("true") << false << true << Stay;
        QTest::newRow("no systemd") << QByteArray("0::/\n") << answer("true") << false << true << Stay;
        QTest::newRow("logind is silent") << session << QByteArray() << false << true << Stay;
        QTest::newRow("logind talks nonsense") << session << QByteArray("true\nfalse\nx\n") << false << true << Stay;
    }
    void fates()
    {
        QFETCH(QByteArray, cgroup);
        QFETCH(QByteArray, answer);
        QFETCH(bool, lingers);
        QFETCH(bool, manager);
        QFETCH(LoginSession::Fate, fate);
        QDir(m_folder.path()).removeRecursively();
        QVERIFY(QDir().mkpath(m_folder.path()));
        write(u"proc/self/cgroup"_s, cgroup);
        write(u"answer"_s, answer);
        write(u"busctl"_s, "#!/bin/sh\nfor word; do last=$word; done\n[ \"$last\" = KillExcludeUsers ] && [ -s \"${0%/*}/answer\" ] && cat \"${0%/*}/answer\"\n", true);
        write(u"systemd-run"_s, "#!/bin/sh\n", true);
        if (lingers) {
            write(u"var/lib/systemd/linger/"_s + QString::fromLocal8Bit(account()), {});
        }
        if (manager) {
            write(u"run/user/%1/systemd/private"_s.arg(::getuid()), {});
        }
        const LoginSession session = lookAtLoginSession({m_folder.path(), m_folder.filePath(u"busctl"_s), m_folder.filePath(u"systemd-run"_s)});
        QCOMPARE(session.fate, fate);
        QCOMPARE(session.user, QString::fromLocal8Bit(account()));
        const auto warning = sessionWarning(session);
        QCOMPARE(warning.has_value(), fate == LoginSession::Fate::End);
        if (warning) {
            QVERIFY2(warning->hint().contains(u"loginctl enable-linger "_s + session.user), qPrintable(warning->hint()));
        }
    }
};

QTEST_GUILESS_MAIN(LoginSessionTest)
#include "loginsessiontest.moc"

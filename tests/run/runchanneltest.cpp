// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runchannel.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class RunChannelTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tellsAndWakes_data()
    {
        QTest::addColumn<QString>("below");
        QTest::newRow("short path") << QString();
        QTest::newRow("path too long for a socket") << QString(120, u'x');
    }

    void tellsAndWakes()
    {
        QFETCH(const QString, below);
        QTemporaryDir folder;
        const QString state = folder.filePath(below);
        QVERIFY(QDir().mkpath(state));

        RunChannelClient client(state);
        QCOMPARE(client.silence(), -1);
        client.wake(); // Before there is a server: delivered once there is.
        QSignalSpy received(&client, &RunChannelClient::received);
        {
            RunChannelServer server(state);
            QSignalSpy woken(&server, &RunChannelServer::woken);
            QVERIFY(server.listen());
            if (!below.isEmpty()) {
                // Where every version looks for it: under a name made of the state folder.
                const QByteArray digest = QCryptographicHash::hash(QFile::encodeName(state), QCryptographicHash::Sha256).toHex();
                QVERIFY(QFile::exists(QDir::tempPath() + u"/cutover-%1/"_s.arg(::getuid()) + QString::fromLatin1(digest.first(16)) + u".sock"_s));
            }
            QTRY_COMPARE(woken.size(), 1);
            server.send({{u"type"_s, u"progress"_s}, {u"done"_s, 7}});
            QTRY_COMPARE(received.size(), 2);
            QCOMPARE(received[0][0].toJsonObject()[u"type"_s].toString(), u"alive"_s);
            QCOMPARE(received[1][0].toJsonObject()[u"done"_s].toInt(), 7);
            QVERIFY(client.silence() >= 0);
        }
        // A new runner takes the name over, and the client comes back by itself.
        RunChannelServer next(state);
        QVERIFY(next.listen());
        QTRY_COMPARE(received.size(), 3);
    }
};

QTEST_GUILESS_MAIN(RunChannelTest)
#include "runchanneltest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/logfile.h"
#include "deploysystem.h"

#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

class LogFileTest : public QObject
{
    Q_OBJECT

    static QStringList read(const QString &file, int lines)
    {
        QStringList told;
        const auto done = QCoro::waitFor(readLogFile(file, lines, false, [&told](const QString &line) { told.append(line); }));
        return done ? told : QStringList{done.error().code};
    }

private Q_SLOTS:
    void tellsTheLastLines_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<int>("lines");
        QTest::addColumn<QStringList>("told");
        QTest::newRow("fewer than there are") << QByteArray("a\nb\nc\n") << 2 << QStringList{u"b"_s, u"c"_s};
        QTest::newRow("more than there are") << QByteArray("a\nb\n") << 9 << QStringList{u"a"_s, u"b"_s};
        QTest::newRow("all") << QByteArray("a\n\nb\n") << -1 << QStringList{u"a"_s, QString(), u"b"_s};
        QTest::newRow("none") << QByteArray("a\nb\n") << 0 << QStringList();
        QTest::newRow("being written") << QByteArray("a\nb") << 1 << QStringList{u"b"_s};
        QTest::newRow("empty") << QByteArray() << 5 << QStringList();
        // Over the end of what is read at once.
        QTest::newRow("long") << QByteArray("first\n" + QByteArray(70000, 'x') + "\nlast\n") << 2 << QStringList{QString(70000, u'x'), u"last"_s};
    }
    void tellsTheLastLines()
    {
        QFETCH(const QByteArray, content);
        QFETCH(const int, lines);
        const QTemporaryDir folder;
        writeFile(folder.filePath(u"log"_s), content);
        QTEST(read(folder.filePath(u"log"_s), lines), "told");
    }

    void missingOneTellsNothing() { QCOMPARE(read(u"/nowhere/log"_s, 5), QStringList()); }

    void followsWhatComesAndWhatBeginsAnew()
    {
        const QTemporaryDir folder;
        const QString name = folder.filePath(u"log"_s);
        QStringList told;
        std::stop_source stop;
        QTimer::singleShot(60000, this, [&stop] { stop.request_stop(); });
        // Each line that is told brings the next one about.
        const auto next = [&](const QString &line) {
            told.append(line);
            QFile file(name);
            if (line == u"one" && file.open(QIODevice::Append)) {
                file.write("two\nhal");
                QTimer::singleShot(300, this, [&] { QFile rest(name); if (rest.open(QIODevice::Append)) { rest.write("f\n"); } });
            } else if (line == u"half" && file.open(QIODevice::WriteOnly | QIODevice::Truncate)) {
                file.write("a\n");
            } else if (line == u"a") {
                stop.request_stop();
            }
        };
        QTimer::singleShot(300, this, [&] { writeFile(name, "one\n"); });
        const auto done = QCoro::waitFor(readLogFile(name, 10, true, next, stop.get_token()));
        QCOMPARE(done.error().code, u"system.cancelled"_s);
        QCOMPARE(told, (QStringList{u"one"_s, u"two"_s, u"half"_s, u"a"_s}));
    }
};

} // namespace

QTEST_GUILESS_MAIN(LogFileTest)
#include "logfiletest.moc"

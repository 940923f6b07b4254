// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/shellword.h"

#include <QProcess>
#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Words for a shell, against real shells. */
class ShellWordTest : public QObject
{
    Q_OBJECT

    /// What a shell hands to a program for these words.
    static QList<QByteArray> through(const QString &shell, const QList<QByteArray> &words)
    {
        QByteArray script = "printf '%s\\0'";
        for (const QByteArray &word : words) {
            script += ' ' + *shellWord(word);
        }
        // By its input: an argument of a process goes through a string, which has no room for odd bytes.
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(shell, {u"-s"_s});
        process.write(script + '\n');
        process.closeWriteChannel();
        if (!process.waitForFinished(20000) || process.exitCode() != 0) {
            return {"the shell failed"};
        }
        QList<QByteArray> told = process.readAllStandardOutput().split('\0');
        told.removeLast();
        return told;
    }

private Q_SLOTS:
    void shells_data()
    {
        QTest::addColumn<QString>("shell");
        QTest::newRow("sh") << u"/bin/sh"_s;
        QTest::newRow("bash") << u"/bin/bash"_s;
    }
    void shells()
    {
        QFETCH(QString, shell);
        QList<QByteArray> odd{"", " ", "-", "--", "-n", "~", "~root", "*", "?", "[a]", "a b", "a  b", "\t", "\n", "\r\n", "a\nb", "'", "''", "'\\''", "\"", "\\", "\\\\", "\\n",
                              "$HOME", "${HOME}", "$(id)", "`id`", "!", "!!", "#", "# x", "a#b", ";", ";id", "&", "&&id", "|", "||", "<x", ">x", "(", ")", "{a,b}", "a=b",
                              "PATH=/x", "%s", "%%", "\x01\x02\x7f", "\xff\xfe", "\xc3", "\xc3\xa9", "\xf0\x9f\x9a\x80", "\x1b[31m", "if", "for", "[", "]]", "\\'", "'\"'\"'"};
        for (int byte = 1; byte < 256; ++byte) {
            odd.append(QByteArray(1, char(byte)));
            odd.append("a" + QByteArray(1, char(byte)) + "'");
        }
        QCOMPARE(through(shell, odd), odd);
        QRandomGenerator random(20260101);
        const QByteArray favourites = "'\\\"$`!\n\t *?[]{}()<>|&;#~=-\x80\xff";
        for (int round = 0; round < 60; ++round) {
            QList<QByteArray> words;
            for (int i = 0; i < 40; ++i) {
                QByteArray word;
                const int length = random.bounded(30);
                for (int at = 0; at < length; ++at) {
                    word += random.bounded(2) ? favourites[random.bounded(int(favourites.size()))] : char(1 + random.bounded(255));
                }
                words.append(word);
            }
            QCOMPARE(through(shell, words), words);
        }
    }

    void noWordHasANullByte()
    {
        const auto word = shellWord(QByteArray("a\0b", 3));
        QVERIFY(!word);
        QCOMPARE(word.error().code, u"system.null_byte"_s);
        QVERIFY2(word.error().what().contains(u"a\\0b"), qPrintable(word.error().what()));
        QVERIFY(!shellLine({u"fine"_s, QString(QChar(0))}));
        QCOMPARE(shellLine({u"a b"_s, QString(), u"it's"_s}).value(), QByteArray("'a b' '' 'it'\\''s'"));
    }
};

QTEST_GUILESS_MAIN(ShellWordTest)
#include "shellwordtest.moc"

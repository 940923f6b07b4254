// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include <QDirIterator>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

using namespace Qt::StringLiterals;

/** Every sentence of the programs can be taken out by lupdate, so that it can be translated. */
class TranslatableTest : public QObject
{
    Q_OBJECT

private:
    /// What a C++ string literal says, neighbours joined.
    static QString unescaped(QString literals)
    {
        static const QRegularExpression joint(u"\"\\s*\""_s);
        literals.remove(joint);
        return literals.replace(u"\\\""_s, u"\""_s).replace(u"\\n"_s, u"\n"_s);
    }

private Q_SLOTS:
    void programs_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("mark");
        QTest::addColumn<QString>("context");
        QTest::addColumn<int>("atLeast");
        // Sentences of the program itself, and those kept in tables until they are said.
        QTest::newRow("cutoverctl") << u"app/cutoverctl"_s << u"Cli::tr\\("_s << u"cutoverctl"_s << 40;
        QTest::newRow("cutoverctl's tables") << u"app/cutoverctl"_s << u"QT_TRANSLATE_NOOP\\(\"cutoverctl\",\\s*"_s << u"cutoverctl"_s << 60;
        QTest::newRow("cutoverctl's errors") << u"app/cutoverctl"_s << u"QT_TRANSLATE_NOOP\\(\"catalogue\",\\s*"_s << u"catalogue"_s << 15;
        QTest::newRow("cutover") << u"app/cutover"_s << u"Main::tr\\("_s << u"Main"_s << 10;
    }

    void programs()
    {
        QFETCH(QString, folder);
        QFETCH(QString, mark);
        QFETCH(QString, context);
        QFETCH(int, atLeast);
        const QString sources = QStringLiteral(CUTOVER_SOURCES) + u'/' + folder;
        QTemporaryDir scratch;
        const QString catalogue = scratch.filePath(u"words.ts"_s);
        QProcess lupdate;
        lupdate.setProcessChannelMode(QProcess::MergedChannels);
        lupdate.start(QStringLiteral(LUPDATE), {u"-locations"_s, u"none"_s, sources, u"-ts"_s, catalogue});
        QVERIFY(lupdate.waitForFinished(60000));
        const QByteArray said = lupdate.readAll();
        QVERIFY2(lupdate.exitCode() == 0 && !said.contains("cannot be called without context") && !said.contains("lacks Q_OBJECT"), said.constData());

        QSet<QString> known;
        QFile file(catalogue);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QXmlStreamReader xml(&file);
        QString in;
        while (!xml.atEnd()) {
            xml.readNext();
            if (xml.isStartElement() && xml.name() == u"name") {
                in = xml.readElementText();
            } else if (xml.isStartElement() && xml.name() == u"source" && in == context) {
                known.insert(xml.readElementText());
            }
        }
        QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));

        const QRegularExpression sentence(mark + u"((?:\"(?:[^\"\\\\]|\\\\.)*\"\\s*)+)"_s);
        int found = 0;
        QDirIterator files(sources, {u"*.cpp"_s});
        while (files.hasNext()) {
            QFile source(files.next());
            QVERIFY(source.open(QIODevice::ReadOnly));
            for (const auto &match : sentence.globalMatch(QString::fromUtf8(source.readAll()))) {
                QString literals = match.captured(1).trimmed();
                literals = unescaped(literals.sliced(1, literals.size() - 2));
                QVERIFY2(known.contains(literals), qPrintable(u"%1: lupdate does not find “%2”"_s.arg(source.fileName(), literals)));
                ++found;
            }
        }
        QVERIFY2(found >= atLeast, qPrintable(QString::number(found)));
    }
};

QTEST_GUILESS_MAIN(TranslatableTest)
#include "translatabletest.moc"

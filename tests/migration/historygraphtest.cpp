// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/historygraph.h"

#include <QTest>

using namespace cutover::alembic;
using namespace Qt::StringLiterals;

/** How branches and merges are drawn. */
class HistoryGraphTest : public QObject
{
    Q_OBJECT

    /// "3:1,2" is a merge of 1 and 2; oldest first.
    static QList<Revision> revisions(const QString &text)
    {
        QList<Revision> all;
        for (const QString &word : text.split(u' ', Qt::SkipEmptyParts)) {
            Revision revision;
            revision.revision = word.section(u':', 0, 0);
            revision.downRevisions = word.section(u':', 1).split(u',', Qt::SkipEmptyParts);
            all.append(revision);
        }
        return all;
    }

private Q_SLOTS:
    void draws_data()
    {
        QTest::addColumn<QString>("history");
        QTest::addColumn<QStringList>("drawn");
        QTest::newRow("nothing") << QString() << QStringList();
        QTest::newRow("a chain") << u"1 2:1 3:2"_s << QStringList{u"* 3"_s, u"* 2"_s, u"* 1"_s};
        QTest::newRow("two heads") << u"1 2:1 3:1"_s << QStringList{u"* 3"_s, u"| * 2"_s, u"|/"_s, u"* 1"_s};
        QTest::newRow("three heads") << u"1 2:1 3:1 4:1"_s << QStringList{u"* 4"_s, u"| * 3"_s, u"|/"_s, u"| * 2"_s, u"|/"_s, u"* 1"_s};
        QTest::newRow("a branch and a merge") << u"1 2:1 3:2 4:2 5:3,4 6:5"_s
                                              << QStringList{u"* 6"_s, u"* 5"_s, u"|\\"_s, u"| * 4"_s, u"* | 3"_s, u"|/"_s, u"* 2"_s, u"* 1"_s};
        QTest::newRow("a merge of three") << u"1 2:1 3:1 4:1 5:2,3,4"_s
                                          << QStringList{u"* 5"_s, u"|\\"_s, u"|\\ \\"_s, u"| * | 4"_s, u"| | * 3"_s, u"| |/"_s, u"* | 2"_s, u"|/"_s, u"* 1"_s};
        QTest::newRow("two trees") << u"1 2 3:2 4:1"_s << QStringList{u"* 4"_s, u"| * 3"_s, u"| * 2"_s, u"* 1"_s};
        QTest::newRow("a tree that ends beside another") << u"1 2 3:2 4:1"_s.replace(u"1 2"_s, u"2 1"_s)
                                                         << QStringList{u"* 4"_s, u"| * 3"_s, u"* | 1"_s, u" /"_s, u"* 2"_s};
        // Two longer branches from one point: the second joins below what lies between.
        QTest::newRow("across a lane") << u"1 9 2:1 8:9 3:1"_s << QStringList{u"* 3"_s, u"| * 8"_s, u"| | * 2"_s, u"|_|/"_s, u"| * 9"_s, u"* 1"_s};
        QTest::newRow("branches of their own length") << u"1 2:1 3:1 4:3 5:4 6:2,5"_s
                                                      << QStringList{u"* 6"_s, u"|\\"_s, u"| * 5"_s, u"| * 4"_s, u"| * 3"_s, u"* | 2"_s, u"|/"_s, u"* 1"_s};
        QTest::newRow("a parent that is not there") << u"2:1 3:2"_s << QStringList{u"* 3"_s, u"* 2"_s};
        // Whoever is told in another order is drawn below what follows it all the same.
        QTest::newRow("in disorder") << u"3:2 1 2:1"_s << QStringList{u"* 3"_s, u"* 2"_s, u"* 1"_s};
    }
    void draws()
    {
        QFETCH(const QString, history);
        QFETCH(const QStringList, drawn);
        QStringList lines;
        for (const GraphLine &line : graphOf(revisions(history))) {
            lines.append(line.revision.isEmpty() ? line.lanes : QString(line.lanes + u' ' + line.revision));
        }
        QVERIFY2(lines == drawn, qPrintable(u'\n' + lines.join(u'\n')));
    }

    void aCircleEnds()
    {
        QCOMPARE(graphOf(revisions(u"1:2 2:1"_s)).size(), 2);
    }
};

QTEST_GUILESS_MAIN(HistoryGraphTest)
#include "historygraphtest.moc"

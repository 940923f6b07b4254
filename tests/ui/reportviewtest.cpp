// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/reportview.h"
#include "common/theme.h"
#include "run/report.h"
#include "ui/sampledata.h"

#include <QAbstractTextDocumentLayout>
#include <QApplication>
#include <QClipboard>
#include <QScrollBar>
#include <QTest>
#include <QTextBlock>
#include <QTextLayout>
#include <QTextTable>

using namespace Qt::StringLiterals;
using namespace cutover;

class ReportViewTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ReportView> m_view;

    /// A failed run of many steps, as the engine reports it.
    static QString report()
    {
        ScriptedEngine engine;
        sample::fillFull(&engine, 3);
        sample::holdRun(&engine);
        RunView view = engine.runViews.first();
        QList<StepRecord> steps;
        for (const StepView &step : std::as_const(view.steps)) {
            steps.append(step.record);
        }
        steps[3].error = Error{u"demo.not_empty"_s, {{u"folder"_s, u"/srv/a-folder-of-a-rather-long-name/with-another-one-in-it"_s}}, Error::Kind::Permanent, {}};
        view.run.planDigest = QString(64, u'd');
        return reportHtml(view.run, steps, engine.eventLists.value(view.run.id), {});
    }
    void show(int width, const QString &html)
    {
        m_view = std::make_unique<ReportView>();
        m_view->resize(width, 600);
        m_view->setReport(html);
        m_view->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
        // Its last words.
        QTRY_VERIFY(m_view->document()->toPlainText().contains(u"Events"_s));
        QTest::qWait(50);
    }
    QList<QTextBlock> blocks() const
    {
        QList<QTextBlock> all;
        for (QTextBlock block = m_view->document()->begin(); block.isValid(); block = block.next()) {
            all.append(block);
        }
        return all;
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void cleanup() { m_view.reset(); }

    void headingsAreWhole()
    {
        show(700, report());
        int headings = 0;
        for (const QTextBlock &block : blocks()) {
            // What is inserted into a block is no heading to the document, but looks like one.
            if (block.text() != u"Steps" && block.text() != u"Events") {
                continue;
            }
            ++headings;
            QVERIFY2(block.blockFormat().lineHeightType() != QTextBlockFormat::FixedHeight, qPrintable(block.text()));
            QVERIFY2(block.layout()->lineCount() > 0 && block.layout()->lineAt(0).height() > QFontMetrics(m_view->font()).height(), qPrintable(block.text()));
            // Apart from the table that ends above it.
            const QRectF place = m_view->document()->documentLayout()->blockBoundingRect(block);
            QTextBlock cell = block.previous();
            while (QTextCursor(cell).currentTable() == nullptr) {
                cell = cell.previous();
            }
            QVERIFY2(place.top() - m_view->document()->documentLayout()->blockBoundingRect(cell).bottom() >= 8, qPrintable(block.text()));
        }
        QCOMPARE_GE(headings, 2);
    }

    void aLongTableGoesOnWithoutAGap()
    {
        show(700, report());
        const auto all = blocks();
        int between = 0;
        for (int i = 1; i + 1 < all.size(); ++i) {
            const bool tables = QTextCursor(all[i - 1]).currentTable() != nullptr && QTextCursor(all[i + 1]).currentTable() != nullptr;
            if (tables && QTextCursor(all[i]).currentTable() == nullptr && all[i].text().isEmpty()) {
                ++between;
                QCOMPARE(all[i].blockFormat().lineHeightType(), int(QTextBlockFormat::FixedHeight));
                QCOMPARE(all[i].blockFormat().lineHeight(), 1.0);
            }
        }
        QCOMPARE_GE(between, 1);
    }

    void aNarrowOneBreaksNoWordAndNeedsNoBar()
    {
        // As beside the list of runs in a window of 1280.
        show(390, report());
        QVERIFY(!m_view->horizontalScrollBar()->isVisible());
        int words = 0;
        for (const QTextBlock &block : blocks()) {
            const QString text = block.text();
            if (text != u"Passed" && text != u"Took" && text != u"Expected" && text != u"No.") {
                continue;
            }
            ++words;
            QVERIFY2(block.layout()->lineCount() == 1, qPrintable(text));
        }
        QCOMPARE_GE(words, 6);
    }

    void whatIsCopiedHasNoHiddenBreaks()
    {
        show(390, report());
        QVERIFY(m_view->document()->toPlainText().contains(QChar(0x200b)));
        m_view->selectAll();
        m_view->copy();
        const QString copied = QApplication::clipboard()->text();
        QVERIFY(!copied.contains(QChar(0x200b)));
        QVERIFY(copied.contains(QString(64, u'd')));
        QVERIFY(copied.contains(u"/srv/a-folder-of-a-rather-long-name/with-another-one-in-it"_s));
    }
};

QTEST_MAIN(ReportViewTest)
#include "reportviewtest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/codeview.h"
#include "common/theme.h"

#include <QApplication>
#include <QTest>
#include <QTextBlock>
#include <QTextLayout>

using namespace Qt::StringLiterals;
using namespace cutover;

class CodeViewTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void everyColourCanBeRead_data()
    {
        QTest::addColumn<Theme::Mode>("mode");
        QTest::newRow("light") << Theme::Mode::Light;
        QTest::newRow("dark") << Theme::Mode::Dark;
    }
    void everyColourCanBeRead()
    {
        QFETCH(Theme::Mode, mode);
        Theme::instance().setMode(mode);
        const std::pair<QString, QString> examples[]{
            {u"SQL"_s, u"-- cutover: phase=expand\nALTER TABLE orders ADD COLUMN tag TEXT NOT NULL DEFAULT 'none';\nSELECT 12.5, id FROM orders;\n"_s},
            {u"Diff"_s, u"--- .env\n+++ .env\n@@ -1,2 +1,2 @@\n TRADING=demo\n-LOG_LEVEL=warning\n+LOG_LEVEL=info\n"_s}};
        for (const auto &[definition, text] : examples) {
            CodeView view(u"Code"_s);
            view.setCode(text, definition);
            int coloured = 0;
            for (QTextBlock block = view.document()->begin(); block.isValid(); block = block.next()) {
                for (const QTextLayout::FormatRange &range : block.layout()->formats()) {
                    if (!range.format.hasProperty(QTextFormat::ForegroundBrush)) {
                        continue;
                    }
                    ++coloured;
                    const QColor ink = range.format.foreground().color();
                    QVERIFY2(Theme::contrast(ink, Theme::color(Theme::Role::Raised)) >= 4.5, qPrintable(block.text().mid(range.start, range.length) + u' ' + ink.name()));
                }
            }
            QCOMPARE_GE(coloured, 3);
        }
    }
};

QTEST_MAIN(CodeViewTest)
#include "codeviewtest.moc"

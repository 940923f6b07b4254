// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>
#include <QWidget>

/**
 * Hands on the keyboard and nowhere else: keys go to the window that is active, which gives them to
 * whatever has the focus. Nothing sets a focus.
 */
namespace cutover::keyboard {

void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
void type(const QString &text);
/// Tab (or Shift+Tab) until what has the focus is called so: object name, text or accessible name. false: it never came.
[[nodiscard]] bool tabTo(const QString &name, bool backwards = false);
/// Names of what has the focus, for a failed test.
[[nodiscard]] QString focused();

} // namespace cutover::keyboard

/// Needs Qt's string literals and QTest.
#define TAB_TO(name) \
    QVERIFY2(cutover::keyboard::tabTo(name), qPrintable(u"the Tab key never came to “%1”; it is at “%2”"_s.arg(name, cutover::keyboard::focused())))

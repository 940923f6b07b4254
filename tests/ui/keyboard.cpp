// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ui/keyboard.h"

#include <QAbstractButton>
#include <QApplication>
#include <QTest>

using namespace Qt::StringLiterals;

namespace cutover::keyboard {

namespace {

/// More than any page has stops.
constexpr int MaxStops = 250;

QStringList namesOf(const QWidget *widget)
{
    QStringList names;
    if (widget != nullptr) {
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        names = {widget->objectName(), button != nullptr ? button->text() : QString(), widget->accessibleName()};
        names.removeAll(QString());
    }
    return names;
}

} // namespace

void press(Qt::Key key, Qt::KeyboardModifiers modifiers)
{
    if (QWindow *window = QGuiApplication::focusWindow()) {
        QTest::keyClick(window, key, modifiers);
    }
}

void type(const QString &text)
{
    for (const QChar c : text) {
        if (QWindow *window = QGuiApplication::focusWindow()) {
            QTest::sendKeyEvent(QTest::Click, window, Qt::Key_unknown, QString(c), Qt::NoModifier);
        }
    }
}

bool tabTo(const QString &name, bool backwards)
{
    for (int i = 0; i < MaxStops; ++i) {
        if (namesOf(QApplication::focusWidget()).contains(name)) {
            return true;
        }
        press(backwards ? Qt::Key_Backtab : Qt::Key_Tab, backwards ? Qt::ShiftModifier : Qt::NoModifier);
    }
    return false;
}

QString focused()
{
    const QWidget *focus = QApplication::focusWidget();
    return focus != nullptr ? QString(QString::fromLatin1(focus->metaObject()->className()) + u' ' + namesOf(focus).join(u" / "_s)) : QGuiApplication::focusWindow() != nullptr ? u"nothing"_s
                                                                                                                                                                                : u"no window"_s;
}

} // namespace cutover::keyboard

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "guiconsole.h"

#include "common/theme.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QTest>
#include <QWindow>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

constexpr QSize Usual(1280, 800);
constexpr QSize Large(1920, 1080);

QString textOf(const QWidget *widget)
{
    if (const auto *label = qobject_cast<const QLabel *>(widget)) {
        return label->text();
    }
    if (const auto *button = qobject_cast<const QAbstractButton *>(widget)) {
        return button->text();
    }
    const auto *field = qobject_cast<const QLineEdit *>(widget);
    return field ? field->text() : QString();
}

/// Some of it lies within everything that it lies in: not scrolled away.
bool canBeSeen(const QWidget *widget)
{
    QRect seen = widget->rect();
    for (const QWidget *at = widget; widget->isVisible() && !at->isWindow(); at = at->parentWidget()) {
        seen = seen.translated(at->pos()) & at->parentWidget()->rect();
    }
    return widget->isVisible() && !seen.isEmpty();
}

} // namespace

GuiConsole::GuiConsole(const SystemDemo &demo)
    : GuiConsole(SystemDemo::program(u"cutoverctl"_s), demo.targetFile())
{
}

GuiConsole::GuiConsole(const QString &control, const QString &targetFile)
    : m_engine(std::make_unique<ServeClient>(QStringList{control, u"serve"_s, u"--stdio"_s, u"--target"_s, targetFile}))
{
    Theme::instance().install(qApp);
    Theme::instance().setMode(Theme::Mode::Light);
    m_window = std::make_unique<MainWindow>(m_engine.get());
    m_window->resize(Usual);
}

GuiConsole::~GuiConsole()
{
    if (QTest::currentTestFailed()) {
        const QString picture = QDir::temp().filePath(u"cutover-%1.png"_s.arg(QString::fromLatin1(QTest::currentTestFunction())));
        top()->grab().save(picture);
        qWarning("what was seen at the end: %s\n%s", qPrintable(picture), qPrintable(seen()));
    }
    m_window.reset();
}

bool GuiConsole::fail(const QString &what)
{
    m_problem = what;
    return false;
}

bool GuiConsole::open(const QString &target)
{
    m_window->show();
    m_window->activateWindow();
    m_engine->start();
    return waitFor([this, &target] { return QTest::qWaitForWindowActive(m_window.get()) && m_window->windowTitle().contains(target); }, PatienceMs,
                   u"the window to show its target"_s);
}

bool GuiConsole::waitFor(const std::function<bool()> &so, int timeoutMs, const QString &what)
{
    return QTest::qWaitFor(so, timeoutMs) || fail(u"waited %1 s for %2"_s.arg(timeoutMs / 1000).arg(what));
}

QWidget *GuiConsole::top() const
{
    QWidget *dialog = QApplication::activeModalWidget();
    return dialog ? dialog : m_window.get();
}

QWidget *GuiConsole::search(const QMetaObject &type, const QString &name) const
{
    // What is said outright goes before what a reader is told.
    for (int pass = 0; pass < 3; ++pass) {
        for (QWidget *widget : top()->findChildren<QWidget *>()) {
            const QString told = pass == 0 ? widget->objectName() : pass == 1 ? textOf(widget)
                                                                              : widget->accessibleName();
            if (told == name && type.cast(widget) && canBeSeen(widget)) {
                return widget;
            }
        }
    }
    return nullptr;
}

QString GuiConsole::text(const QString &name) const
{
    const QWidget *widget = find<QWidget>(name);
    return widget ? textOf(widget) : QString();
}

QString GuiConsole::seen() const
{
    QStringList lines;
    for (const QWidget *widget : top()->findChildren<QWidget *>()) {
        if (const QString said = textOf(widget); canBeSeen(widget) && !said.isEmpty()) {
            lines.append(u"%1 “%2”%3"_s.arg(widget->objectName(), said, widget->isEnabled() ? QString() : u" (disabled)"_s));
        }
    }
    return lines.join(u'\n');
}

bool GuiConsole::canBeHit(const QWidget *widget, const QPoint &place)
{
    const QWidget *hit = widget->window()->childAt(widget->mapTo(widget->window(), place));
    if (hit == widget || (hit && widget->isAncestorOf(hit))) {
        return true;
    }
    return fail(u"“%1” can't be clicked: it lies outside of the window, or something covers it"_s.arg(textOf(widget)));
}

// Through the window, so that whatever lies at the place gets it.
bool GuiConsole::clickAt(QWidget *widget, const QPoint &place)
{
    if (!canBeHit(widget, place)) {
        return false;
    }
    QTest::mouseClick(widget->window()->windowHandle(), Qt::LeftButton, {}, widget->mapTo(widget->window(), place));
    return true;
}

bool GuiConsole::drag(QWidget *widget, const QPoint &from, const QPoint &to)
{
    if (!canBeHit(widget, from) || !canBeHit(widget, to)) {
        return false;
    }
    QWidget *window = widget->window();
    QTest::mousePress(window->windowHandle(), Qt::LeftButton, {}, widget->mapTo(window, from));
    constexpr int parts = 10;
    for (int i = 1; i <= parts; ++i) {
        QTest::mouseMove(window->windowHandle(), widget->mapTo(window, from + (to - from) * i / parts));
    }
    QTest::mouseRelease(window->windowHandle(), Qt::LeftButton, {}, widget->mapTo(window, to));
    return true;
}

bool GuiConsole::click(const QString &name, int timeoutMs)
{
    const auto ready = [this, name] {
        const QWidget *widget = find<QWidget>(name);
        return widget && widget->isEnabled();
    };
    if (!waitFor(ready, timeoutMs, u"“%1” to be there and enabled; %2"_s.arg(name, text(u"reason"_s)))) {
        return false;
    }
    auto *widget = find<QWidget>(name);
    // A switch or a radio button need not reach over its whole width.
    const int x = qobject_cast<QAbstractButton *>(widget) ? qMin(widget->width() / 2, 12) : widget->width() / 2;
    return clickAt(widget, {x, widget->height() / 2});
}

bool GuiConsole::clickRow(const QString &view, const QString &text, int column, int timeoutMs)
{
    QModelIndex found;
    const auto there = [&] {
        const auto *list = find<QAbstractItemView>(view);
        for (int row = 0; list && row < list->model()->rowCount(); ++row) {
            if (const QModelIndex index = list->model()->index(row, column); index.data().toString() == text) {
                found = index;
                return true;
            }
        }
        return false;
    };
    if (!waitFor(there, timeoutMs, u"“%1” in “%2”"_s.arg(text, view))) {
        return false;
    }
    const auto *list = find<QAbstractItemView>(view);
    return clickAt(list->viewport(), list->visualRect(found).center());
}

bool GuiConsole::openRoom(const QString &title)
{
    return clickRow(u"Rooms"_s, title);
}

void GuiConsole::key(Qt::Key key, Qt::KeyboardModifiers modifiers)
{
    QTest::keyClick(top()->windowHandle(), key, modifiers);
}

bool GuiConsole::tabTo(const QString &name)
{
    for (int i = 0; i < 200; ++i) {
        const QWidget *focus = QApplication::focusWidget();
        if (focus && (focus->objectName() == name || focus->accessibleName() == name)) {
            return true;
        }
        key(Qt::Key_Tab);
    }
    return fail(u"the Tab key never came to “%1”"_s.arg(name));
}

void GuiConsole::shoot(const QString &name)
{
    const QString folder = qEnvironmentVariable("CUTOVER_PICTURES");
    if (folder.isEmpty()) {
        return;
    }
    QDir().mkpath(folder);
    ++m_picture;
    for (const Theme::Mode mode : {Theme::Mode::Dark, Theme::Mode::Light}) {
        Theme::instance().setMode(mode);
        for (const QSize size : {Large, Usual}) {
            m_window->resize(size);
            QTest::qWait(150);
            const QString file = u"%1/%2-%3-%4-%5.png"_s.arg(folder, QString::fromLatin1(QTest::currentTestFunction()))
                                     .arg(m_picture, 2, 10, QChar(u'0'))
                                     .arg(name, u"%1-%2"_s.arg(mode == Theme::Mode::Dark ? u"dark"_s : u"light"_s).arg(size.width()));
            m_window->grab().save(file);
            if (top() != m_window.get()) {
                top()->grab().save(QString(file).replace(u".png"_s, u"-dialog.png"_s));
            }
        }
    }
}

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/serveclient.h"
#include "shell/mainwindow.h"
#include "systemdemo.h"

#include <functional>
#include <memory>

class QAbstractItemView;

/**
 * The real window on a demo system, with the real engine behind it, used as a person uses it: by the
 * mouse where a widget can be seen, and by keys where the focus is. Calls nothing of the window.
 * Each action waits for its widget; when that does not come, it is false and problem() says what.
 * With CUTOVER_PICTURES=FOLDER, shoot() draws every page, light and dark, in two sizes.
 */
class GuiConsole
{
public:
    explicit GuiConsole(const SystemDemo &demo);
    /// control: cutoverctl.
    GuiConsole(const QString &control, const QString &targetFile);
    ~GuiConsole();
    /// target: its name, which the title tells.
    [[nodiscard]] bool open(const QString &target = QStringLiteral("demo"));
    [[nodiscard]] const QString &problem() const { return m_problem; }
    [[nodiscard]] cutover::MainWindow *window() const { return m_window.get(); }

    /// On a machine that is slow and busy a moment may take so long.
    static constexpr int PatienceMs = 60000;
    [[nodiscard]] bool waitFor(const std::function<bool()> &so, int timeoutMs, const QString &what);
    /// The first widget that can be seen and has this object name, accessible name or text; null: none.
    template<class T>
    [[nodiscard]] T *find(const QString &name) const
    {
        return qobject_cast<T *>(search(T::staticMetaObject, name));
    }
    /// What a label, a button or a field says; empty where it can't be seen.
    [[nodiscard]] QString text(const QString &name) const;
    /// Names of what can be seen, for a failed test.
    [[nodiscard]] QString seen() const;

    [[nodiscard]] bool click(const QString &name, int timeoutMs = PatienceMs);
    [[nodiscard]] bool clickAt(QWidget *widget, const QPoint &place);
    /// Pressed at one place, moved and released at another.
    [[nodiscard]] bool drag(QWidget *widget, const QPoint &from, const QPoint &to);
    /// A line of a table or list whose cell in a column says this.
    [[nodiscard]] bool clickRow(const QString &view, const QString &text, int column = 0, int timeoutMs = PatienceMs);
    [[nodiscard]] bool openRoom(const QString &title);
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
    /// Tab until the widget of this name has the focus.
    [[nodiscard]] bool tabTo(const QString &name);
    void shoot(const QString &name);

private:
    [[nodiscard]] QWidget *search(const QMetaObject &type, const QString &name) const;
    [[nodiscard]] QWidget *top() const;
    [[nodiscard]] bool canBeHit(const QWidget *widget, const QPoint &place);
    bool fail(const QString &what);

    std::unique_ptr<cutover::ServeClient> m_engine;
    std::unique_ptr<cutover::MainWindow> m_window;
    QString m_problem;
    int m_picture = 0;
};

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "shell/room.h"
#include "shell/targetplace.h"
#include "system/error.h"

#include <QMainWindow>
#include <QTimer>

class QHBoxLayout;
class QStackedWidget;
class QVBoxLayout;

namespace cutover {

class Console;
class EngineClient;
class InlineMessage;
struct LinkState;
class Rail;

/** The window of one target: frame bar, rail, rooms, run bar. */
class MainWindow : public QMainWindow
{
    Q_OBJECT
public:
    /// engine outlives the window.
    explicit MainWindow(EngineClient *engine, QWidget *parent = nullptr);

    [[nodiscard]] Console *console() const { return m_console; }
    [[nodiscard]] Rail *rail() const { return m_rail; }
    /// Makes the room where it isn't there yet. Unknown names are ignored.
    void openRoom(const QString &id, const QString &argument = {});
    /// What goes on before there is a connection, in its banner; empty: it is being connected.
    void showStarting(const QString &doing);
    void showStartFailure(const Error &error);
    /// Where the target is that it shows; remembered among those recently opened once the target has told its name.
    void setPlace(const TargetPlace &place);
    [[nodiscard]] const TargetPlace &place() const { return m_place; }
    /// Something that was wanted of the window itself has failed: said in a banner.
    void tellFailure(const Error &error);
    [[nodiscard]] QString currentRoom() const;
    [[nodiscard]] Room *room(const QString &id);

Q_SIGNALS:
    /// The window is about to close.
    void closing();
    /// Another target is to be looked after.
    void openTargetWanted();

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    void makeNextRoom();
    void refreshBanners();
    /// Room around the banners, where there are some.
    void placeBanners();
    void tellConnection(const Error &error, const LinkState &link);
    void takeConn();
    /// holder: who has it, and finds the note; empty: nobody.
    void takeConnFrom(const QString &holder, const QString &note);
    void addThemeButton(QHBoxLayout *row);
    [[nodiscard]] QWidget *makeOpenButton();

    TargetPlace m_place; ///< No file: a demo, or none that is to be remembered.
    bool m_remembered = false;
    QString m_starting;
    Console *m_console;
    Rail *m_rail;
    QStackedWidget *m_stack;
    QVBoxLayout *m_banners;
    InlineMessage *m_connection;
    InlineMessage *m_conn;
    InlineMessage *m_problem;
    InlineMessage *m_failure;
    InlineMessage *m_host; ///< What the control host says about itself.
    QString m_warned; ///< The text of it that was told already.
    QTimer m_attempt;
    QHash<QString, Room *> m_rooms;
};

} // namespace cutover

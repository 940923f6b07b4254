// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/serveclient.h"
#include "shell/targetplace.h"

#include <QDialog>
#include <QTimer>

#include <memory>

class QLineEdit;
class QPushButton;
class QStandardItemModel;
class QVBoxLayout;

namespace cutover {

class InlineMessage;
class PrimaryButton;
class TableView;
class TextLabel;

/**
 * Which target to look after: its control host and its file, or one that was opened before. It connects
 * while it stays open, so that what keeps it from the target is told where it was named, and is accepted once it
 * is connected. Nothing is asked: ssh logs in with its own keys or not at all. GUI thread; nothing blocks.
 */
class OpenTargetDialog : public QDialog
{
    Q_OBJECT
public:
    /// program: the cutoverctl of this computer; empty: there is none.
    explicit OpenTargetDialog(const QString &program, QWidget *parent = nullptr);
    ~OpenTargetDialog() override;

    /// Into the fields.
    void fill(const TargetPlace &place);
    /// The one that the window shows already; it is not opened a second time.
    void setShown(const TargetPlace &place);
    /// Chooses what was opened last, where anything was.
    void chooseNewest();
    /// What keeps it from the target, beside the fields.
    void tell(const Error &error);
    [[nodiscard]] bool isConnecting() const { return m_client != nullptr && result() != Accepted; }
    /// Once it is accepted: what was opened, and the connection to it, for whoever takes it.
    [[nodiscard]] const TargetPlace &place() const { return m_place; }
    [[nodiscard]] std::unique_ptr<ServeClient> takeClient() { return std::move(m_client); }

public Q_SLOTS:
    /// Ends an attempt under way first.
    void reject() override;

private:
    void makeFields(QVBoxLayout *column);
    void makeRecent(QVBoxLayout *column);
    void loadRecent();
    void fillFromRecent();
    void removeRecent();
    void browse();
    void begin();
    void stop();
    void onConnection(bool connected, const Error &error);
    void refresh();
    void makeRoom();
    void tick();

    QString m_program;
    TargetPlace m_shown; ///< No file: none.
    TargetPlace m_place;
    QList<TargetPlace> m_recent;
    std::unique_ptr<ServeClient> m_client; ///< Connecting, or connected once accepted.
    QTimer m_tick;
    QLineEdit *m_host;
    QLineEdit *m_file;
    QLineEdit *m_there;
    TextLabel *m_thereLabel;
    TextLabel *m_thereHint;
    TextLabel *m_fileHint;
    QPushButton *m_browse;
    QStandardItemModel *m_model;
    TableView *m_table;
    TextLabel *m_none;
    QPushButton *m_remove;
    InlineMessage *m_message;
    QWidget *m_working;
    TextLabel *m_doing;
    TextLabel *m_reason;
    QPushButton *m_stop;
    QPushButton *m_cancel;
    PrimaryButton *m_open;
};

} // namespace cutover

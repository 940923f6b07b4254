// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "livesystem.h"

#include "system/error.h"

#include <QMap>
#include <QTemporaryDir>

/** A demo system of a test's own. Ends everything that it started. */
class SystemDemo : public LiveSystem
{
public:
    SystemDemo() = default;
    ~SystemDemo() override;
    Q_DISABLE_COPY_MOVE(SystemDemo)
    /// Makes and starts it, more: further options of "demo create"; false with a message in problem().
    [[nodiscard]] bool start(int orders = 5000, int rate = 50, const QStringList &more = {});
    [[nodiscard]] bool create(int orders = 5000, int rate = 50, const QStringList &more = {});
    [[nodiscard]] bool startServices();
    /// Of a target.yaml that was changed since create(): every instance by the runtime that it names now, but for these.
    [[nodiscard]] bool startByRuntimes(const QStringList &but = {});
    /// The same for any target file, by this process's own account.
    [[nodiscard]] static cutover::Result<> startInstances(const QString &targetFile, const QStringList &but = {});
    [[nodiscard]] QString problem() const { return m_problem; }
    [[nodiscard]] QString folder() const override { return m_folder.path(); }
    [[nodiscard]] QString databaseFile() const;

    [[nodiscard]] QStringList query(const QString &sql) const override;
    /// Digest of the schema as SQLite tells it, our own bookkeeping left out.
    [[nodiscard]] QString schema() const;
    /// Columns of every order that was there at a moment, for comparison: id → text.
    [[nodiscard]] QMap<qint64, QString> orders(qint64 upToId, const QString &columns) const;
    /// Empty when no two strategy processes ever ran at once; else what overlapped.
    [[nodiscard]] QString strategyOverlap() const;

protected:
    bool m_started = false; ///< Is stopped at the end.

    [[nodiscard]] QStringList tableNames() const override;
    [[nodiscard]] QStringList columnsOf(const QString &table) const override;
    [[nodiscard]] QStringList rowsOf(const QString &table, const QStringList &columns) const override;

private:
    QTemporaryDir m_folder;
    QString m_problem;
};

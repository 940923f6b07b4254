// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QJsonObject>
#include <QProcess>
#include <QSet>
#include <QStringList>
#include <QTemporaryDir>
#include <QUrl>

#include <memory>

/**
 * A demo system of a test's own, driven from outside as an operator drives it: through cutoverctl
 * and what its services wrote. Ends everything that it started.
 */
class SystemDemo
{
public:
    struct Outcome {
        int exitCode = -1;
        QJsonObject json; ///< What --json printed last.
        QByteArray errors;
    };

    ~SystemDemo();
    /// Makes and starts it, more: further options of "demo create"; false with a message in problem().
    [[nodiscard]] bool start(int orders = 5000, int rate = 50, const QStringList &more = {});
    [[nodiscard]] bool create(int orders = 5000, int rate = 50, const QStringList &more = {});
    [[nodiscard]] bool startServices();
    [[nodiscard]] QString problem() const { return m_problem; }
    [[nodiscard]] QString folder() const { return m_folder.path(); }
    [[nodiscard]] QString targetFile() const { return folder() + QStringLiteral("/target.yaml"); }
    [[nodiscard]] QString databaseFile() const;
    [[nodiscard]] QString stateFolder() const;

    Outcome ctl(const QStringList &arguments, int timeoutMs = 180000) const;
    /// The same, started and not waited for; outcomeOf() once it has finished.
    [[nodiscard]] std::unique_ptr<QProcess> startCtl(const QStringList &arguments, const QString &target = {}) const;
    [[nodiscard]] static Outcome outcomeOf(QProcess &process, int timeoutMs = 180000);
    /// What a program of ours is called with.
    [[nodiscard]] static QString program(const QString &name);

    /// Of a path through the balancer.
    [[nodiscard]] QUrl url(const QString &path) const;
    /// GET of a path through the balancer; the body, empty when it failed.
    [[nodiscard]] QByteArray get(const QString &path) const;
    [[nodiscard]] QString servedVersion() const;
    /// Every instance behind the balancer answers with this version: while a deployment rolls, two do.
    [[nodiscard]] bool servesOnly(const QString &version) const;
    /// What the balancer had to make good, or could not, since its start: requests asked again or
    /// elsewhere, connections and answers that failed, requests that got no answer.
    [[nodiscard]] QString balancerTroubles() const;
    /// Requests that failed since the start, one a line.
    [[nodiscard]] QStringList failures() const;
    [[nodiscard]] QSet<qint64> acknowledgedOrders() const;
    [[nodiscard]] QSet<qint64> storedOrders() const;
    /// First column of an SQL query.
    [[nodiscard]] QStringList query(const QString &sql) const;
    /// Digest of the schema as SQLite tells it, our own bookkeeping left out.
    [[nodiscard]] QString schema() const;
    /// A table as it was at a moment: each row as text.
    struct Table {
        QString name;
        QStringList columns;
        QStringList rows;
    };
    /// All tables with all of their rows, our own bookkeeping too.
    [[nodiscard]] QList<Table> tables() const;
    /// Empty when every row that was there at a moment is, in the columns of that moment; else which is not. More may have come.
    [[nodiscard]] QString missingOf(const QList<Table> &before) const;
    /// Columns of every order that was there at a moment, for comparison: id → text.
    [[nodiscard]] QMap<qint64, QString> orders(qint64 upToId, const QString &columns) const;
    /// Empty when no two strategy processes ever ran at once; else what overlapped.
    [[nodiscard]] QString strategyOverlap() const;
    /// Whether the traffic generator has sent more than count requests since it started.
    [[nodiscard]] qint64 requestsSent() const;

private:
    [[nodiscard]] QStringList rowsOf(const QString &table, const QStringList &columns) const;

    QTemporaryDir m_folder;
    QString m_problem;
    bool m_started = false;
};

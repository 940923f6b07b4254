// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QJsonObject>
#include <QProcess>
#include <QSet>
#include <QStringList>
#include <QUrl>

#include <memory>

/**
 * A system under traffic, driven from outside as an operator drives it: through cutoverctl and what
 * its services wrote. Its balancer's instance is "haproxy" or "nginx", its traffic generator's "traffic".
 */
class LiveSystem
{
public:
    struct Outcome {
        int exitCode = -1;
        QJsonObject json; ///< What --json printed last.
        QByteArray errors;
        QByteArray output; ///< All of standard output.
    };

    LiveSystem() = default;
    virtual ~LiveSystem();
    Q_DISABLE_COPY_MOVE(LiveSystem)

    [[nodiscard]] virtual QString folder() const = 0;
    [[nodiscard]] QString targetFile() const { return folder() + QStringLiteral("/target.yaml"); }
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
    /// 0: there is none of that name.
    [[nodiscard]] int portOfInstance(const QString &instance) const;
    /// What a version page tells; empty when it does not.
    [[nodiscard]] static QString versionAt(const QUrl &url);
    [[nodiscard]] QString servedVersion() const;
    /// Every instance behind the balancer answers with this version: while a deployment rolls, two do.
    [[nodiscard]] bool servesOnly(const QString &version) const;
    /// What the balancer had to make good, or could not, since its start: requests asked again or
    /// elsewhere, connections and answers that failed, requests that got no answer.
    [[nodiscard]] QString balancerTroubles() const;
    /// What the traffic generator tells of itself; no run when it does not answer.
    struct Traffic {
        QString run; ///< Another one after each of its starts.
        qint64 sent = 0;
        qint64 settled = 0; ///< Up to that request all were answered, or have failed.
        qint64 failed = 0;
    };
    [[nodiscard]] Traffic traffic() const;
    /// Requests that failed since the start, one a line, once all that were sent before this call are answered. Those that
    /// are not answered in time are a line, too, and so is a log that is missing.
    [[nodiscard]] QStringList failures() const;
    /// Requests sent since the generator was started.
    [[nodiscard]] qint64 requestsSent() const { return traffic().sent; }
    /// Each as "ID CLIENT_ID": an id alone is given again by a database of before.
    [[nodiscard]] QSet<QString> acknowledgedOrders() const;
    [[nodiscard]] QSet<QString> storedOrders() const;
    /// Acknowledged orders that are not stored.
    [[nodiscard]] QStringList lostOrders() const;

    /// First column of an SQL query.
    [[nodiscard]] virtual QStringList query(const QString &sql) const = 0;
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

protected:
    QStringList m_account; ///< In front of cutoverctl: the program that makes it another account's, and its arguments.

    /// Whole ones.
    [[nodiscard]] static QList<QByteArray> linesOf(const QString &path);
    [[nodiscard]] virtual QStringList tableNames() const = 0;
    [[nodiscard]] virtual QStringList columnsOf(const QString &table) const = 0;
    [[nodiscard]] virtual QStringList rowsOf(const QString &table, const QStringList &columns) const = 0;
};

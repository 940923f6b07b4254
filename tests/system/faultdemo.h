// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "systemdemo.h"

/**
 * A demo system that things go wrong in. What each fault has to show is asked here: the exit code,
 * the error's code, a sentence that names things and leaves no placeholder, and a system that
 * nothing has happened to. Functions that look for problems return an empty text when there is none.
 */
class FaultDemo : public SystemDemo
{
public:
    /// Starts it, waits for traffic and makes the watch short.
    [[nodiscard]] bool startBusy();
    /// The same for one that create() has made.
    [[nodiscard]] bool begin();

    /// "", or how the outcome of a command differs: exit code, an error with this code anywhere in
    /// the chain of causes, all words in the sentence for people, and something to do about it.
    [[nodiscard]] static QString told(const Outcome &outcome, int exitCode, const QString &code, const QStringList &words = {});
    /// "", or what the fault has harmed: the version served, requests that failed since the last
    /// call, orders, rows that were there when it began, the strategy that must not run twice, temporaries.
    [[nodiscard]] QString harm(const QString &version, bool requestsMayFail = false);

    /// Replaces text in target.yaml; false when it isn't there.
    [[nodiscard]] bool edit(const QString &from, const QString &to) const;
    /// The watch after an update; false when target.yaml is another than expected.
    [[nodiscard]] bool shortenWatch() const;
    /// What restoreTarget() writes and harm() looks for: target.yaml and the database as they are now. begin() does so too.
    void keep();
    void restoreTarget() const;

    /// The next update stops behind each step of this kind until openGate().
    [[nodiscard]] bool putGate(const QString &afterKind) const;
    [[nodiscard]] bool waitAtGate(QProcess &update) const;
    /// Until the run that this command leads is at work on a step of this kind; false when it ended before.
    [[nodiscard]] bool waitAtStep(QProcess &update, const QString &kind) const;
    void openGate() const;

    /// The pid that the supervisor has for an instance; 0: it does not run.
    [[nodiscard]] qint64 pidOf(const QString &instance) const;
    [[nodiscard]] qint64 supervisorPid() const;
    [[nodiscard]] QStringList releases() const;

private:
    QByteArray m_target;
    QList<Table> m_before;
    qsizetype m_failuresSeen = 0;
};

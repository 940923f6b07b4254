// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"
#include "system/processes.h"

#include <optional>

namespace cutover {

/** A service unit, as its manager tells of it. */
struct SystemdUnit {
    QString name;
    QString loadState; ///< "loaded", "not-found", "masked", "bad-setting", "error"
    QString activeState; ///< "active", "reloading", "inactive", "failed", "activating", "deactivating"
    QString subState; ///< As "running", "exited", "auto-restart".
    QString type; ///< As "simple", "notify", "oneshot".
    std::optional<QString> folder; ///< CUTOVER_RELEASE that its main process was started with, where this user may see it.
    QString version; ///< CUTOVER_VERSION of the environment that it starts with; empty: none of ours.
    QDateTime since; ///< Start of its main process.
    qint64 pid = 0; ///< Of its main process.
    qint64 controlPid = 0; ///< Of what starts or stops it just now.
    int restarts = 0; ///< By the manager, since it was last started by somebody.
    int exitCode = 0; ///< Of its last main process: a signal's number where one ended it.
    bool hasJob = false; ///< Is about to be started or stopped.

    [[nodiscard]] bool isGone() const { return (activeState == u"inactive" || activeState == u"failed") && pid == 0 && controlPid == 0 && !hasJob; }
    [[nodiscard]] bool isDead() const { return activeState == u"failed" || subState.startsWith(u"auto-restart") || restarts > 0; }
};

/**
 * The systemd manager of the machine or of this user, asked by systemctl and journalctl. Errors "systemd.*"; a manager that
 * does not answer is transient. Each member is safe to repeat. The object outlives its tasks. Event-loop thread.
 */
class SystemdManager
{
public:
    enum class Whose { Machine,
                       User }; ///< User: that of the user who runs Cutover.
    /// Of a host of the target; that of this machine where it is here.
    SystemdManager(const Target &target, const RuntimeTools &tools, Whose whose, const HostSpec &host = {});

    /// In the order of the names. A unit that there is not has the load state "not-found".
    [[nodiscard]] Async<QList<SystemdUnit>> look(QStringList names, qint64 limitMs, std::stop_token stop = {});
    /// Reads all unit files again.
    [[nodiscard]] Async<> reload();
    /// Returns when it is under way. One that failed too often before is started all the same.
    [[nodiscard]] Async<> start(QString unit);
    /// Returns when it is under way.
    [[nodiscard]] Async<> stop(QString unit);
    /// KILL, to all processes of the unit.
    [[nodiscard]] Async<> kill(QString unit);
    /// Of its journal, secrets hidden; empty where this user may not read it.
    [[nodiscard]] Async<QStringList> lastLines(QString unit);

    /// What units wrote, and what the manager says of them. instances: by unit.
    [[nodiscard]] Async<> logs(QMap<QString, QString> instances, LogRequest request, LogSink sink, std::stop_token stop);

    /// Who starts and stops units, by its name on that machine; empty: root, whom nobody asks.
    [[nodiscard]] Async<QString> account(std::stop_token stop);
    /// Whether that account may start and stop the unit and have unit files read again, by the word of systemd and polkit.
    /// Changes nothing, asks no person. "systemd.denied", "systemd.reload_denied", with the rule that is missing;
    /// "systemd.rights_unknown" where it can't be told beforehand, which need keep nobody from trying.
    [[nodiscard]] Async<> mayChange(QString unit, std::stop_token stop);

    /// Where the manager looks for what is added to the unit: ".../UNIT.d". Of a user on another host relative to its home.
    [[nodiscard]] QString dropInFolder(const QString &unit) const;
    /// Whether files can be made there: "systemd.no_drop_in".
    [[nodiscard]] Async<> checkDropIn(QString unit, std::stop_token stop);
    /// Replaces a file there, whole or not at all.
    [[nodiscard]] Async<> writeDropIn(QString unit, QString name, QByteArray text);

private:
    [[nodiscard]] bool isUsers() const { return m_whose == Whose::User; }
    /// The words that call journalctl for these units.
    [[nodiscard]] QStringList journalCommand(const QStringList &units) const;
    [[nodiscard]] static QProcessEnvironment environment();
    /// onLine: of what may be long, instead of keeping all of it.
    [[nodiscard]] Async<ProcessResult> run(QStringList command, bool isChange, qint64 limitMs, std::stop_token stop, ProcessLine onLine = {});
    [[nodiscard]] Async<QByteArray> control(QStringList arguments, bool isChange, qint64 limitMs, std::stop_token stop = {});

    /// Fills in their folders.
    [[nodiscard]] Async<> lookInto(QList<SystemdUnit> *units, qint64 limitMs, std::stop_token stop);
    /// Names who was denied, and the rule that would allow it.
    [[nodiscard]] Error denied(Error error, const QString &account) const;
    /// polkit tells only root what it would decide of a unit. So the manager is asked for a job of a mode that its verb can't
    /// have: it lets polkit decide first, and refuses the mode only to whoever may.
    [[nodiscard]] Async<> mayQueue(QString verb, QString mode, QString unit, QString account, std::stop_token stop);
    [[nodiscard]] Async<> mayReload(QString unit, QString account, std::stop_token stop);

    Target m_target;
    RuntimeTools m_tools;
    Whose m_whose;
    HostSpec m_host;
    std::optional<QString> m_account; ///< Once it was asked for.
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"
#include "system/processes.h"

namespace cutover {

/** A container of the project, as Docker tells of it. */
struct ComposeContainer {
    QString id;
    QString service; ///< In the Compose file.
    QString release; ///< Version whose folder its Compose file lies in; empty: none of ours.
    QString image; ///< Digest of what it was made from.
    QString status; ///< "created", "running", "paused", "restarting", "removing", "exited", "dead"
    QString health; ///< "starting", "healthy", "unhealthy"; empty: it has no health check.
    QDateTime since;
    qint64 pid = 0;
    int exitCode = 0;
    int restarts = 0;

    /// Anything of it is there, or comes back by itself.
    [[nodiscard]] bool isAlive() const { return pid > 0 || status == u"running" || status == u"restarting" || status == u"paused"; }
};

/** A service of the Compose files. */
struct ComposeService {
    QString image;
    bool isNamed = true; ///< By the file itself: else every release has the same name for its own.
    bool isBuilt = false; ///< Made here from sources, so that no registry has it.
    int replicas = 1;

    /// Named by content, so that it is always the same one.
    [[nodiscard]] bool isPinned() const { return image.startsWith(u"sha256:") || image.contains(u"@sha256:"); }
};

/**
 * The target's Compose project: Docker and Compose asked by argument lists, in an environment of
 * our own, so that variables in the Compose files come from their environment file alone. Errors "compose.*"; a daemon that
 * does not answer is transient. Each member is safe to repeat. The object outlives its tasks. Event-loop thread.
 */
class ComposeProject
{
public:
    ComposeProject(const Target &target, const RuntimeTools &tools);

    /// Of the Docker server.
    [[nodiscard]] Async<QString> serverVersion(std::stop_token stop = {});
    [[nodiscard]] Async<QList<ComposeContainer>> containers(qint64 limitMs);
    /// What the Compose files in a folder say. Errors "compose.no_file", "compose.invalid".
    [[nodiscard]] Async<QMap<QString, ComposeService>> services(QString folder, std::stop_token stop = {});
    /// isBack: of a release that has run before, which is taken as it is.
    /// The services of these instances, all known, named, and each with one container. Errors "compose.unknown_service", "compose.unnamed_image", "compose.replicas".
    [[nodiscard]] Async<QMap<QString, ComposeService>> servicesOf(QString folder, QStringList instances, std::stop_token stop = {}, bool isBack = false);
    [[nodiscard]] Async<bool> hasImage(QString image, std::stop_token stop = {});
    /// Whether its registry offers it; error "compose.no_image".
    [[nodiscard]] Async<> canBePulled(QString service, QString image, std::stop_token stop = {});
    /// Error "compose.no_image".
    [[nodiscard]] Async<> pull(QString service, QString image, std::stop_token stop = {});
    /// Makes the service's container anew from a folder's files and starts it; neither builds nor pulls, touches no other.
    [[nodiscard]] Async<> up(QString folder, QString service);
    /// TERM, then KILL after graceMs.
    [[nodiscard]] Async<> stop(QStringList containers, qint64 graceMs);
    /// What is stopped stays so, whatever its restart policy says: the daemon would bring it back beside its successor.
    [[nodiscard]] Async<> neverStart(QStringList containers);
    [[nodiscard]] Async<QStringList> lastLines(QString container);

private:
    enum class Work { Look,
                      Change };
    [[nodiscard]] Async<ProcessResult> run(QStringList command, Work work, qint64 limitMs, std::stop_token stop);
    /// The same, and another exit code than 0 is an error.
    [[nodiscard]] Async<ProcessResult> done(QStringList command, Work work, qint64 limitMs, std::stop_token stop);
    /// The words that call Compose, from target.yaml or found.
    [[nodiscard]] Async<QStringList> program();
    [[nodiscard]] Async<QStringList> composeCommand(QString folder, QStringList arguments);
    [[nodiscard]] QString releaseOf(const QString &composeFile) const;

    Target m_target;
    RuntimeTools m_tools;
    QStringList m_program;
};

} // namespace cutover

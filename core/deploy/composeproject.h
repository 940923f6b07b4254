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
    int number = 0; ///< Among those of its service, rising: the older one has the smaller.
    QString instance; ///< Which replica it was made as; empty: not one of several, or not made by us.
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
    bool hasHealthCheck = false;
    bool pulls = true; ///< false: its pull_policy wants what is here, where it is here.
    QString containerName; ///< Given by the file: there can be only one then.

    /// By a name that is meant to become another one: without a tag, or with one that tells no version ("latest", "stable").
    [[nodiscard]] bool isMoving() const;
    /// Named by content, so that it is always the same one.
    [[nodiscard]] bool isPinned() const { return image.startsWith(u"sha256:") || image.contains(u"@sha256:"); }
};

/**
 * The target's Compose project, or that of one colour: Docker and Compose asked by argument lists, in an environment of
 * our own, so that variables in the Compose files come from their environment file alone. Errors "compose.*"; a daemon that
 * does not answer is transient. Each member is safe to repeat. The object outlives its tasks. Event-loop thread.
 */
class ComposeProject
{
public:
    /// colour: instances with a colour live in a project of their own; empty: those without.
    ComposeProject(const Target &target, const RuntimeTools &tools, const QString &colour = {});

    /// Of the Docker server.
    [[nodiscard]] Async<QString> serverVersion(std::stop_token stop = {});
    [[nodiscard]] Async<QList<ComposeContainer>> containers(qint64 limitMs);
    /// What the Compose files in a folder say, of spares that are in a profile, too. Errors "compose.no_file", "compose.invalid".
    [[nodiscard]] Async<QMap<QString, ComposeService>> services(QString folder, std::stop_token stop = {});
    /// The services of these instances, all known, named, and each with one container. Errors "compose.unknown_service", "compose.unnamed_image", "compose.replicas", "compose.replica_count", "compose.replica_name", "compose.replica_health".
    /// isBack: of a release that has run before, which is taken as it is.
    [[nodiscard]] Async<QMap<QString, ComposeService>> servicesOf(QString folder, QStringList instances, std::stop_token stop = {}, bool isBack = false);
    [[nodiscard]] Async<bool> hasImage(QString image, std::stop_token stop = {});
    /// Id of what a name (or an id) means; empty: it is not on this host.
    [[nodiscard]] Async<QString> imageId(QString image, std::stop_token stop = {});
    /// Gives an image a name, which another one may have had.
    [[nodiscard]] Async<> nameImage(QString id, QString name);
    /// Whether its registry offers it; errors "compose.no_image", "compose.no_login", "compose.not_asked".
    [[nodiscard]] Async<> canBePulled(QString service, QString image, std::stop_token stop = {});
    /// Whether an image that is here was pulled from, or pushed to, the registry that its name tells; else it was made here.
    [[nodiscard]] Async<bool> cameFromRegistry(QString image, std::stop_token stop = {});
    /// Errors "compose.no_image", "compose.no_login" {service, image, login, reason}.
    [[nodiscard]] Async<> pull(QString service, QString image, std::stop_token stop = {});
    /// Makes the service's image from its "build" section; nothing that runs is touched. Error "compose.build_failed".
    [[nodiscard]] Async<> build(QString folder, QString service, QString image, std::stop_token stop = {});
    /// Makes the service's container anew from a folder's files and starts it; neither builds nor pulls, touches no other.
    [[nodiscard]] Async<> up(QString folder, QString service);
    /// Starts one more container of the service, as that instance, beside those that there are, which stay as they are. count:
    /// how many there are. It is told who it is by CUTOVER_INSTANCE, and by CUTOVER_PORT where port is not 0.
    [[nodiscard]] Async<> upReplica(QString folder, QString service, QString instance, int port, qsizetype count);
    /// Of stopped ones.
    [[nodiscard]] Async<> remove(QStringList containers);
    /// TERM, then KILL after graceMs.
    [[nodiscard]] Async<> stop(QStringList containers, qint64 graceMs);
    /// What is stopped stays so, whatever its restart policy says: the daemon would bring it back beside its successor.
    [[nodiscard]] Async<> neverStart(QStringList containers);
    [[nodiscard]] Async<QStringList> lastLines(QString container);
    /// What the containers of these services wrote, by the name of the container without that of the project.
    [[nodiscard]] Async<> logs(QStringList services, LogRequest request, LogSink sink, std::stop_token stop);

    /// All that have a name with a tag, or else with a digest, and their ids; the newest first.
    [[nodiscard]] Async<QList<std::pair<QString, QString>>> images();
    /// Ids of those that any container of this Docker was made from.
    [[nodiscard]] Async<QStringList> usedImages();
    /// Of the project, in no container, running or not: name → what the Compose files call it; empty: nobody says.
    [[nodiscard]] Async<QMap<QString, QString>> unusedVolumes();
    /// All that the Compose files in a folder declare, also for services of any profile or for none at all: by what the files
    /// call them, and by name.
    [[nodiscard]] Async<QStringList> declaredVolumes(QString folder, std::stop_token stop = {});
    /// With all that is in it, never by force. False: Docker refused, as it is used or gone.
    [[nodiscard]] Async<bool> removeVolume(QString volume);
    /// False: Docker refused, as it is used or gone.
    [[nodiscard]] Async<bool> removeImage(QString image);

private:
    /// Removes an "image" or a "volume"; false where Docker keeps it.
    [[nodiscard]] Async<bool> wasRemoved(QString kind, QString name);
    /// Whether the daemon asks this image's registry without TLS, or whatever its certificate is.
    [[nodiscard]] Async<bool> isTrustedAsItIs(QString image, std::stop_token stop);
    static constexpr qint64 LookMs = 20000;
    enum class Work { Look,
                      Change };
    /// onLine: of what may be long, instead of keeping all of it.
    [[nodiscard]] Async<ProcessResult> run(QStringList command, Work work, qint64 limitMs, std::stop_token stop, ProcessLine onLine = {});
    /// What Docker tells of all containers that the filters choose.
    [[nodiscard]] Async<QJsonArray> inspected(QStringList filters, qint64 limitMs);
    /// The same, and another exit code than 0 is an error.
    [[nodiscard]] Async<ProcessResult> done(QStringList command, Work work, qint64 limitMs, std::stop_token stop);
    /// The words that call Compose, from target.yaml or found.
    [[nodiscard]] Async<QStringList> program();
    [[nodiscard]] Async<QStringList> composeCommand(QString folder, QStringList arguments, QString lastFile = {});
    /// The Compose files in a folder, as Compose understands them. Errors "compose.no_file", "compose.invalid".
    [[nodiscard]] Async<QJsonObject> configuration(QString folder, QStringList profiles, QStringList options, std::stop_token stop);
    /// Those of no profile, and of these that may be in one, as far as the files know them.
    [[nodiscard]] Async<QMap<QString, ComposeService>> servicesWith(QString folder, QStringList spares, std::stop_token stop);
    [[nodiscard]] QString releaseOf(const QString &composeFile) const;
    [[nodiscard]] QString project() const { return m_target.compose.projectOf(m_colour); }
    /// What the variables in the Compose files stand for, later files over earlier ones. Empty: Compose's own choice.
    [[nodiscard]] Result<QStringList> environmentFiles(const QString &folder) const;

    Target m_target;
    RuntimeTools m_tools;
    QString m_colour;
    QStringList m_program;
    QString m_version; ///< Of Compose.
};

/// Colours that instances of the runtime "compose" have, with the empty one where some have none; managed: of a release alone.
[[nodiscard]] QStringList composeColours(const Target &target, bool managed = false);

} // namespace cutover

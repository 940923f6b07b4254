// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/composevolumes.h"

#include "deploy/composeproject.h"
#include "deploy/placed.h"
#include "target/composereader.h"

#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace cutover {

Async<UnusedVolumes> unusedVolumes(Target target, QStringList versions, QStringList folders, std::stop_token stop)
{
    const QStringList colours = composeColours(target, true);
    const QRegularExpression prunable = shellPattern(target.compose.pruneVolumes);
    UnusedVolumes found;
    QMap<QString, QString> chosen;
    for (const QString &colour : colours) {
        ComposeProject project(target, {}, colour);
        CO_TRY(const auto unused, co_await project.unusedVolumes());
        for (const auto &[name, inFiles] : unused.asKeyValueRange()) {
            if (!inFiles.isEmpty() && prunable.match(inFiles).hasMatch()) {
                chosen.insert(name, inFiles);
            } else {
                found.others.append(name);
            }
        }
    }
    if (chosen.isEmpty()) {
        co_return found;
    }
    for (const QString &version : std::as_const(versions)) {
        if (!version.isEmpty()) {
            CO_TRY(const QString folder, releaseFolder(target, version));
            folders.append(folder);
        }
    }
    folders.removeAll(QString());
    folders.removeDuplicates();
    QStringList declared;
    for (const QString &colour : colours) {
        ComposeProject project(target, {}, colour);
        for (const QString &folder : std::as_const(folders)) {
            CO_TRY(const QStringList volumes, co_await project.declaredVolumes(folder, stop));
            declared += volumes;
        }
    }
    for (const auto &[name, inFiles] : std::as_const(chosen).asKeyValueRange()) {
        (declared.contains(name) || declared.contains(inFiles) ? found.others : found.leftover).append(name);
    }
    co_return found;
}

Async<QStringList> removeVolumes(Target target, QStringList volumes, RuntimeTools tools)
{
    QStringList removed;
    ComposeProject docker(target, tools);
    for (const QString &volume : std::as_const(volumes)) {
        CO_TRY(const bool gone, co_await docker.removeVolume(volume));
        if (gone) {
            removed.append(volume);
        }
    }
    co_return removed;
}

Async<QMap<QString, QString>> ComposeProject::unusedVolumes()
{
    const QStringList command{u"docker"_s, u"volume"_s, u"ls"_s, u"--filter"_s, u"dangling=true"_s, u"--filter"_s, u"label=com.docker.compose.project="_s + project(),
                              u"--format"_s, u"{{.Name}}\t{{.Label \"com.docker.compose.volume\"}}"_s};
    CO_TRY(const ProcessResult result, co_await done(command, Work::Look, LookMs, {}));
    QMap<QString, QString> volumes;
    const QStringList lines = QString::fromUtf8(result.output).split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines) {
        volumes.insert(line.section(u'\t', 0, 0), line.section(u'\t', 1));
    }
    co_return volumes;
}

Async<QStringList> ComposeProject::declaredVolumes(QString folder, std::stop_token stop)
{
    const QStringList every{u"--profile"_s, u"*"_s};
    // Compose leaves out what no service has, unless it is to leave the variables as they are; names need them.
    CO_TRY(const QJsonObject written, co_await configuration(folder, every, {u"--no-interpolate"_s}, stop));
    CO_TRY(const QJsonObject meant, co_await configuration(folder, every, {}, stop));
    QStringList volumes;
    for (const QJsonObject &files : {written, meant}) {
        const QJsonObject declared = files["volumes"_L1].toObject();
        for (auto it = declared.begin(); it != declared.end(); ++it) {
            volumes << it.key() << it->toObject()["name"_L1].toString();
        }
    }
    co_return volumes;
}

Async<bool> ComposeProject::removeVolume(QString volume)
{
    co_return co_await wasRemoved(u"volume"_s, volume);
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/configurationplan.h"

#include "config/configurestep.h"
#include "config/secrets.h"
#include "plan/keyeddigest.h"
#include "plan/sealing.h"
#include "system/files.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 usualMs = 200;

const ConfigurationSpec *configurationOf(const Target &target, const QString &file)
{
    for (const ConfigurationSpec &spec : target.configuration) {
        if (spec.file == file) {
            return &spec;
        }
    }
    return nullptr;
}

} // namespace

Result<QList<StepSpec>> withConfigurationFacts(const Target &target, QList<StepSpec> steps)
{
    QMap<QString, QByteArray> contents;
    QList<StepSpec> result;
    for (StepSpec &step : steps) {
        if (step.kind != "configure"_L1) {
            result.append(std::move(step));
            continue;
        }
        const QString file = step.params["file"_L1].toString();
        if (!contents.contains(file)) {
            QByteArray content;
            if (QFileInfo::exists(file)) {
                TRY(content, files::read(file));
            }
            contents.insert(file, content);
        }
        const QByteArray old = contents[file];
        TRY(const QByteArray changed, configuredContent(target.stateDirectory, old, file, step.params));
        if (changed == old) {
            continue;
        }
        TRY(const EnvFile before, EnvFile::parse(old, file));
        TRY(const EnvFile after, EnvFile::parse(changed, file));
        const ConfigurationSpec *spec = configurationOf(target, file);
        SecretMask mask(spec ? spec->secretPatterns : QStringList());
        for (const EnvFile &version : {before, after}) {
            for (const EnvFile::Entry &entry : version.entries()) {
                mask.learn(entry.key, entry.value);
            }
        }
        step.previews = {{u"diff"_s, QFileInfo(file).fileName(), maskedDiff(before, after, QFileInfo(file).fileName(), mask)}};
        TRY(const QString digest, keyedDigest(target.stateDirectory, changed));
        step.params.insert(u"after"_s, digest);
        step.changes.insert(configurationFact(file), digest);
        contents[file] = changed;
        result.append(std::move(step));
    }
    return result;
}

Async<QList<StepSpec>> planConfiguration(PlanningContext context, StagedRelease release)
{
    const Manifest &manifest = release.verified.manifest;
    if (manifest.configurationSet.isEmpty() && manifest.configurationRemove.isEmpty()) {
        co_return QList<StepSpec>();
    }
    if (context.target.configuration.isEmpty()) {
        co_return fail(u"config.no_file"_s, {{u"version"_s, manifest.version.toString()}}, context.target.path);
    }

    // A key belongs to the file that has it, a new one to the first.
    QMap<QString, QJsonObject> set, sealed, secrets;
    QMap<QString, QJsonArray> removed;
    QList<std::pair<QString, EnvFile>> filesNow;
    for (const ConfigurationSpec &spec : context.target.configuration) {
        QByteArray content;
        if (QFileInfo::exists(spec.file)) {
            CO_TRY(content, files::read(spec.file));
        }
        CO_TRY(EnvFile parsed, EnvFile::parse(content, spec.file));
        filesNow.emplaceBack(spec.file, std::move(parsed));
    }
    const auto home = [&](const QString &key) {
        for (const auto &[file, parsed] : filesNow) {
            if (parsed.value(key)) {
                return file;
            }
        }
        return filesNow.first().first;
    };
    for (const auto &[key, value] : manifest.configurationSet.asKeyValueRange()) {
        const QString file = home(key);
        if (!EnvFile::isKey(key)) {
            co_return fail(u"config.bad_key"_s, {{u"key"_s, key}, {u"version"_s, manifest.version.toString()}});
        }
        const SecretMask mask(configurationOf(context.target, file)->secretPatterns);
        if (!mask.isSecret(key)) {
            // A password in a URL is no less a secret for its key's harmless name.
            if (mask.masked(value) == value) {
                set[file].insert(key, value);
            } else {
                CO_TRY(const QString hidden, sealValue(context.target.stateDirectory, key, value));
                sealed[file].insert(key, hidden);
            }
        } else if (isSecretReference(value)) {
            secrets[file].insert(key, value);
        } else {
            co_return fail(u"config.secret_literal"_s, {{u"key"_s, key}, {u"version"_s, manifest.version.toString()}});
        }
    }
    for (const QString &key : manifest.configurationRemove) {
        removed[home(key)].append(key);
    }

    QList<StepSpec> steps;
    for (const auto &entry : std::as_const(filesNow)) {
        const QString file = entry.first;
        if (!set.contains(file) && !sealed.contains(file) && !secrets.contains(file) && !removed.contains(file)) {
            continue;
        }
        StepSpec step;
        step.kind = u"configure"_s;
        step.id = filesNow.size() == 1 ? step.kind : QString(u"configure:"_s + QFileInfo(file).fileName() + u'-' + QString::number(steps.size() + 1));
        step.params = {{u"file"_s, file}, {u"set"_s, set[file]}, {u"sealed"_s, sealed[file]}, {u"secrets"_s, secrets[file]}, {u"remove"_s, removed[file]}};
        const qsizetype count = set[file].size() + sealed[file].size() + secrets[file].size() + removed[file].size();
        step.title = {u"config.title"_s, {}};
        step.intent = {u"config.intent"_s, {{u"file"_s, file}, {u"count"_s, count}}};
        step.expectedMs = context.measuredMs.value(step.kind, usualMs);
        steps.append(step);
    }
    co_return steps;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/targetmask.h"

#include "config/argumentsecrets.h"
#include "config/headervalue.h"
#include "system/files.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>

#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// A key under which every value is a secret.
const QString secretKey(u"SECRET"_s);

QStringList patternsOf(const Target &target)
{
    QStringList patterns;
    for (const ConfigurationSpec &spec : target.configuration) {
        patterns += spec.secretPatterns;
    }
    return patterns;
}

QStringList filesOf(const Target &target)
{
    QStringList files;
    for (const ConfigurationSpec &spec : target.configuration) {
        files.append(spec.file);
    }
    const QDir folder = QFileInfo(target.path).absoluteDir();
    for (const ServiceSpec &service : target.services) {
        if (service.environmentFile.isEmpty()) {
            continue;
        }
        for (const InstanceSpec &instance : service.instances) {
            files.append(folder.absoluteFilePath(service.expand(service.environmentFile, instance, target.currentLink())));
        }
    }
    // What Compose fills its files in from.
    if (!target.compose.environmentFile.isEmpty()) {
        files.append(target.compose.environmentFile);
    } else if (!target.compose.project.isEmpty()) {
        files.append(target.currentLink() + u"/.env"_s);
    }
    files += target.compose.colours.values();
    files.removeDuplicates();
    return files;
}

/// What the headers of probes and requests send and nobody may read.
QStringList referencesOf(const Target &target)
{
    QStringList references;
    const auto take = [&references](const QMap<QString, QString> &headers) {
        for (const QString &text : headers) {
            if (const HeaderValue value(text); value.isReference()) {
                references.append(value.reference());
            }
        }
    };
    for (const ServiceSpec &service : target.services) {
        take(service.health.headers);
        for (const ProbeSpec &test : service.smoke) {
            take(test.headers);
        }
    }
    for (const ProbeSpec &probe : target.check.probes + target.check.external) {
        take(probe.headers);
    }
    for (const CompatibilitySpec &request : target.check.compatibility) {
        take(request.headers);
    }
    references.removeDuplicates();
    return references;
}

/// A message or an error: neither says its arguments where it has none.
bool isMessage(const QJsonObject &json)
{
    return json["code"_L1].isString() && (json["args"_L1].isObject() || json.contains("kind"_L1) || json.size() == 1);
}

} // namespace

TargetMask::TargetMask(const Target &target)
    : m_mask(patternsOf(target))
{
    for (const ServiceSpec &service : target.services) {
        for (const auto &[key, value] : service.environment.asKeyValueRange()) {
            m_mask.learn(key, value);
        }
    }
    const QStringList files = filesOf(target);
    for (const QString &file : files) {
        m_sources.append({file, {}, -1});
    }
    const QStringList references = referencesOf(target);
    for (const QString &reference : references) {
        if (reference.startsWith("file:"_L1)) {
            m_references.append({reference.sliced(5), {}, -1});
        } else if (const auto secret = resolveSecret(reference)) {
            m_mask.learn(secretKey, *secret);
        }
    }
}

void TargetMask::learnReferences()
{
    for (Source &source : m_references) {
        const QFileInfo now(source.file);
        const qint64 size = now.exists() ? now.size() : -1;
        const QDateTime changed = now.lastModified();
        if (size < 0 || (size == source.size && changed == source.changed)) {
            continue;
        }
        if (const auto secret = resolveSecret(u"file:"_s + source.file)) {
            source.size = size;
            source.changed = changed;
            m_mask.learn(secretKey, *secret);
        }
    }
}

void TargetMask::lookAgain()
{
    learnReferences();
    for (Source &source : m_sources) {
        const QFileInfo now(source.file);
        const qint64 size = now.exists() ? now.size() : -1;
        const QDateTime changed = now.lastModified();
        if (size == source.size && changed == source.changed) {
            continue;
        }
        const auto content = size < 0 ? Result<QByteArray>(QByteArray()) : files::read(source.file);
        if (!content) {
            continue; // Looked at again the next time.
        }
        source.size = size;
        source.changed = changed;
        // What can't be parsed still has lines that look like assignments, and those are hidden by name.
        if (const auto parsed = EnvFile::parse(*content, source.file)) {
            for (const EnvFile::Entry &entry : parsed->entries()) {
                m_mask.learn(entry.key, entry.value);
            }
        }
    }
}

QString TargetMask::secretIn(const QStringList &arguments, qsizetype at)
{
    lookAgain();
    return secretInArgument(arguments, at, m_mask);
}

QString TargetMask::masked(const QString &text)
{
    lookAgain();
    return m_mask.masked(text);
}

Message TargetMask::masked(const Message &message)
{
    lookAgain();
    return {message.code, maskedArgument(message.args).toObject()};
}

Error TargetMask::masked(const Error &error)
{
    lookAgain();
    return {error.code, maskedArgument(error.args).toObject(), error.kind, m_mask.masked(error.where)};
}

QJsonValue TargetMask::masked(const QJsonValue &value)
{
    lookAgain();
    if (value.isArray()) {
        QJsonArray result;
        const QJsonArray array = value.toArray();
        for (const auto &item : array) {
            result.append(masked(item));
        }
        return result;
    }
    if (!value.isObject()) {
        return value;
    }
    QJsonObject result = value.toObject();
    if (isMessage(result)) {
        return maskedMessage(result);
    }
    for (auto it = result.begin(); it != result.end(); ++it) {
        it.value() = masked(std::as_const(it).value());
    }
    return result;
}

QJsonObject TargetMask::maskedMessage(QJsonObject json) const
{
    if (json.contains("args"_L1)) {
        json["args"_L1] = maskedArgument(json["args"_L1]);
    }
    if (json.contains("where"_L1)) {
        json["where"_L1] = m_mask.masked(json["where"_L1].toString());
    }
    return json;
}

QJsonValue TargetMask::maskedArgument(const QJsonValue &value) const
{
    if (value.isString()) {
        return m_mask.masked(value.toString());
    }
    if (value.isArray()) {
        QJsonArray result;
        const QJsonArray array = value.toArray();
        for (const auto &item : array) {
            result.append(maskedArgument(item));
        }
        return result;
    }
    if (!value.isObject()) {
        return value;
    }
    const QJsonObject json = value.toObject();
    if (isMessage(json)) {
        return maskedMessage(json);
    }
    QJsonObject result;
    for (auto it = json.begin(); it != json.end(); ++it) {
        result.insert(it.key(), maskedArgument(it.value()));
    }
    return result;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/configurationstate.h"

#include "config/envfile.h"
#include "plan/keyeddigest.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qsizetype shortDigest = 16;

/// With the key in it, so that equal values of two keys do not show.
Result<QJsonObject> keysOf(const QString &stateDirectory, const QString &file, const QByteArray &content)
{
    QJsonObject keys;
    const auto parsed = EnvFile::parse(content, file);
    if (!parsed) {
        return keys;
    }
    for (const EnvFile::Entry &entry : parsed->entries()) {
        if (!entry.key.isEmpty()) {
            TRY(const QString digest, keyedDigest(stateDirectory, file.toUtf8() + '\0' + entry.key.toUtf8() + '=' + entry.value.toUtf8()));
            keys.insert(entry.key, digest.left(shortDigest));
        }
    }
    return keys;
}

QJsonObject lookAt(const Target &target)
{
    QJsonObject state;
    for (const ConfigurationSpec &spec : target.configuration) {
        const auto content = files::read(spec.file);
        const auto digest = content ? keyedDigest(target.stateDirectory, *content) : Result<QString>(fail(content.error()));
        const auto keys = digest ? keysOf(target.stateDirectory, spec.file, *content) : Result<QJsonObject>(fail(digest.error()));
        if (keys) {
            state.insert(spec.file, QJsonObject{{u"digest"_s, *digest}, {u"keys"_s, *keys}});
        }
    }
    return state;
}

} // namespace

Async<QJsonObject> configurationNow(Target target)
{
    Worker worker;
    co_return co_await worker.run([&target] { return lookAt(target); });
}

QJsonArray configurationDifferences(const QString &stateDirectory, const QString &file, const QByteArray &content, const QJsonObject &entry)
{
    const QJsonObject before = entry["keys"_L1].toObject();
    const auto now = keysOf(stateDirectory, file, content);
    if (before.isEmpty() || !now) {
        return {};
    }
    QStringList changed, added, removed;
    for (auto it = now->begin(); it != now->end(); ++it) {
        if (!before.contains(it.key())) {
            added.append(it.key());
        } else if (before[it.key()] != it.value()) {
            changed.append(it.key());
        }
    }
    for (auto it = before.begin(); it != before.end(); ++it) {
        if (!now->contains(it.key())) {
            removed.append(it.key());
        }
    }
    QJsonArray differences;
    for (const auto &[code, keys] : {std::pair{u"check.drift_changed"_s, changed}, {u"check.drift_added"_s, added}, {u"check.drift_removed"_s, removed}}) {
        if (!keys.isEmpty()) {
            differences.append(Message{code, {{u"keys"_s, QJsonArray::fromStringList(keys)}}}.toJson());
        }
    }
    return differences;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The facts that no other room knows: which system this is, its description, the release that the
// link names, and the configuration files.

#include "plan/facts.h"
#include "plan/keyeddigest.h"
#include "system/files.h"
#include "system/json.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Async<Facts> identity(const Target &target)
{
    // Servers are asked, too. Copied before the wait: the reference may not outlive it.
    Worker worker;
    CO_TRY(const QJsonObject pinned, co_await worker.run([target = target] { return pinIdentity(target); }));
    co_return Facts{{u"target.identity"_s, json::digest(pinned)}};
}

Async<Facts> description(const Target &target)
{
    // From the file as it is now, so that an edit between plan and run is noticed.
    CO_TRY(const QString digest, files::sha256(target.path));
    co_return Facts{{u"target.digest"_s, digest}};
}

Async<Facts> release(const Target &target)
{
    const QString link = target.currentLink();
    if (!QFileInfo(link).isSymLink()) {
        co_return Facts();
    }
    CO_TRY(const QString to, files::readLink(link));
    co_return Facts{{u"release.current"_s, QFileInfo(to).fileName()}};
}

Async<Facts> configuration(const Target &target)
{
    Facts facts;
    for (const ConfigurationSpec &spec : target.configuration) {
        if (!QFileInfo::exists(spec.file)) {
            continue;
        }
        CO_TRY(const QByteArray content, files::read(spec.file));
        CO_TRY(const QString digest, keyedDigest(target.stateDirectory, content));
        facts.insert(configurationFact(spec.file), digest);
    }
    co_return facts;
}

const FactSource identitySource(u"target.identity"_s, identity);
const FactSource descriptionSource(u"target.digest"_s, description);
const FactSource releaseSource(u"release.current"_s, release);
const FactSource configurationSource(u"configuration"_s, configuration);

} // namespace

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the repository answers with releases that can be trusted. A warning: what is being
// installed has been downloaded and verified already.

#include "check/checklist.h"
#include "plan/releasesource.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(CheckScope scope, std::stop_token stop)
{
    const auto source = ReleaseSource::of(scope.target);
    const auto releases = co_await source->releases(stop);
    if (!releases) {
        co_return wrong(releases.error());
    }
    if (const QList<Error> unusable = source->unusable(); !unusable.isEmpty()) {
        co_return wrong(unusable.first());
    }
    co_return passed(u"check.repository_ok"_s, {{u"count"_s, releases->size()}});
}

const CheckKind kind(70, [](const CheckScope &scope) {
    return scope.afterUpdate || (scope.target.repository.url.isEmpty() && !scope.target.repository.isGit())
        ? QList<CheckItem>()
        : QList<CheckItem>{{u"repository"_s, {u"check.repository"_s, {}}, false, run}};
});

} // namespace

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/commitversion.h"
#include "release/repository.h"

#include <QJsonArray>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Way {
    std::vector<const ReleaseInfo *> hops;
    int risk = 0;
};

int riskOf(const Manifest &manifest)
{
    return manifest.risk == u"low" ? 1 : manifest.risk == u"medium" ? 2
                                                                    : 4;
}

bool isBetter(const Way &a, const Way &b)
{
    if (std::tuple(a.hops.size(), a.risk) != std::tuple(b.hops.size(), b.risk)) {
        return std::tuple(a.hops.size(), a.risk) < std::tuple(b.hops.size(), b.risk);
    }
    return std::ranges::lexicographical_compare(a.hops, b.hops, [](const ReleaseInfo *x, const ReleaseInfo *y) {
        return x->manifest.version > y->manifest.version;
    });
}

} // namespace

Result<QList<ReleaseInfo>> updatePath(const Version &installed, const Version &wanted, const QList<ReleaseInfo> &releases)
{
    if (installed == wanted) {
        // From a commit that bears its version to the release itself: whatever that can be applied to, it is what the commit was taken for.
        const auto same = std::ranges::find_if(releases, [&](const ReleaseInfo &release) {
            return release.manifest.version == wanted && isAhead(release.manifest.version, installed);
        });
        return same == releases.end() ? QList<ReleaseInfo>() : QList<ReleaseInfo>{*same};
    }
    if (wanted < installed) {
        return fail(u"path.downgrade"_s, {{u"installed"_s, installed.toString()}, {u"wanted"_s, wanted.toString()}});
    }
    // An update only goes up, so the ways can be found in the order of versions. Unfinished releases are no stepping stones.
    std::vector<const ReleaseInfo *> steps;
    QStringList known;
    for (const ReleaseInfo &release : releases) {
        const Version &version = release.manifest.version;
        known << version.toString();
        if (version > installed && version <= wanted && (version.preRelease.isEmpty() || version == wanted)) {
            steps.push_back(&release);
        }
    }
    std::ranges::stable_sort(steps, [](const ReleaseInfo *a, const ReleaseInfo *b) {
        return a->manifest.version < b->manifest.version;
    });
    if (steps.empty() || steps.back()->manifest.version != wanted) {
        return fail(u"path.unknown"_s, {{u"wanted"_s, wanted.toString()}, {u"known"_s, QJsonArray::fromStringList(known)}});
    }
    std::vector<std::optional<Way>> ways(steps.size());
    for (size_t i = 0; i < steps.size(); ++i) {
        const Manifest &manifest = steps[i]->manifest;
        const auto offer = [&](Way way) {
            way.hops.push_back(steps[i]);
            way.risk += riskOf(manifest);
            if (!ways[i] || isBetter(way, *ways[i])) {
                ways[i] = std::move(way);
            }
        };
        if (manifest.from.contains(installed)) {
            offer({});
        }
        for (size_t j = 0; j < i; ++j) {
            if (ways[j] && steps[j]->manifest.version < manifest.version && manifest.from.contains(steps[j]->manifest.version)) {
                offer(*ways[j]);
            }
        }
    }
    for (size_t i = steps.size(); i > 0 && steps[i - 1]->manifest.version == wanted; --i) {
        if (ways[i - 1]) {
            QList<ReleaseInfo> path;
            for (const ReleaseInfo *release : ways[i - 1]->hops) {
                path << *release;
            }
            return path;
        }
    }
    // Back from the wanted one through what would lead to it, to the release that nothing leads to.
    size_t broken = steps.size() - 1;
    for (bool found = true; found;) {
        found = false;
        for (size_t j = 0; j < broken && !found; ++j) {
            if (steps[broken]->manifest.from.contains(steps[j]->manifest.version)) {
                broken = j;
                found = true;
            }
        }
    }
    Version reachable = installed;
    for (size_t i = 0; i < steps.size(); ++i) {
        if (ways[i]) {
            reachable = steps[i]->manifest.version;
        }
    }
    const Manifest &manifest = steps[broken]->manifest;
    return fail(u"path.none"_s, {{u"installed"_s, installed.toString()}, {u"wanted"_s, wanted.toString()}, {u"release"_s, manifest.version.toString()}, {u"from"_s, manifest.from.toString()}, {u"reachable"_s, reachable.toString()}});
}

} // namespace cutover

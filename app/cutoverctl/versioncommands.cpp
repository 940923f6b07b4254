// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"

#include "plan/releasesource.h"
#include "target/target.h"

#include <QCoroTask>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<int> compare(const Arguments &arguments)
{
    TRY(const Version a, Version::parse(arguments.positional(0)));
    TRY(const Version b, Version::parse(arguments.positional(1)));
    const auto order = a <=> b;
    const QString sign = order < 0 ? u"<"_s : order > 0 ? u">"_s
                                                        : u"="_s;
    const QString type = updateTypeName(updateType(a, b));
    say(u"%1 %2 %3 (%4)"_s.arg(a.toString(), sign, b.toString(), type));
    sayJson({{u"from"_s, a.toString()},
             {u"to"_s, b.toString()},
             {u"result"_s, order < 0 ? -1 : order > 0 ? 1
                                                      : 0},
             {u"type"_s, type}});
    return ExitOk;
}

Result<int> path(const Arguments &arguments)
{
    TRY(const Version from, Version::parse(arguments.positional(0)));
    TRY(const Version to, Version::parse(arguments.positional(1)));
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    const auto source = ReleaseSource::of(target);
    TRY(const auto releases, QCoro::waitFor(source->releases()));
    TRY(const auto hops, updatePath(from, to, releases));
    QStringList versions{from.toString()};
    for (const ReleaseInfo &hop : hops) {
        versions.append(hop.manifest.version.toString());
    }
    say(versions.join(u" → "_s));
    sayJson({{u"path"_s, QJsonArray::fromStringList(versions)}});
    return ExitOk;
}

int finish(const Result<int> &result)
{
    return result ? *result : sayError(result.error());
}

} // namespace

QList<Command> versionCommands()
{
    return {
        {{.name = u"version compare"_s,
          .positional = u"A B"_s,
          .minimum = 2,
          .maximum = 2,
          .options = {},
          .switches = {},
          .summary = QT_TRANSLATE_NOOP("cutoverctl", "compare two versions and name the type of update between them")},
         [](const Arguments &arguments) { return finish(compare(arguments)); }},
        {{.name = u"version path"_s,
          .positional = u"FROM TO"_s,
          .minimum = 2,
          .maximum = 2,
          .options = {},
          .switches = {},
          .summary = QT_TRANSLATE_NOOP("cutoverctl", "the releases to install one after the other")},
         [](const Arguments &arguments) { return finish(path(arguments)); }},
    };
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "plan/instancefacts.h"

namespace cutover {

/** What the checks are asked about. */
struct CheckScope {
    Target target;
    QString expectedVersion; ///< Installed; empty: whatever the release link says.
    InstanceReleases expectedReleases; ///< By the plan; an instance not named: what it was last started from.
    QString releaseFolder; ///< Where the release to install lies, to be looked at; empty: the installed one.
    qint64 packageSize = 0; ///< Of the release to install; 0: none.
    qint64 unpackedSize = 0;
    bool afterUpdate = false; ///< Only what tells whether the system works; not what an update needs.
};

/** What a check found: figures, and when something is wrong, why. */
struct Finding {
    Message text;
    Error error; ///< Empty code: all is well.
};

/** One line of the list. */
struct CheckItem {
    QString id;
    Message title;
    bool required = true; ///< false: a warning at most.
    std::function<QCoro::Task<Finding>(CheckScope, std::stop_token)> run;
};

/** A kind of check, registered at file scope; makes as many items as apply, none where nothing does. */
class CheckKind
{
public:
    using Items = QList<CheckItem> (*)(const CheckScope &scope);
    CheckKind(int order, Items items);
    [[nodiscard]] static QList<CheckItem> all(const CheckScope &scope);
};

/// Runs all items that apply, one after the other, telling each as it starts and ends.
[[nodiscard]] Async<QList<CheckResult>> runCheckList(CheckScope scope, CheckSink sink, std::stop_token stop);

[[nodiscard]] inline Finding passed(const QString &code, const QJsonObject &args = {})
{
    return {Message{code, args}, {}};
}
[[nodiscard]] inline Finding wrong(const Error &error)
{
    return {Message{error.code, error.args}, error};
}
[[nodiscard]] inline Finding wrong(const QString &code, const QJsonObject &args = {}, const QString &where = {})
{
    return wrong(Error{code, args, Error::Kind::Permanent, where});
}

} // namespace cutover

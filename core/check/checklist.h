// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "plan/instancefacts.h"
#include "run/peoplerecords.h"

#include <QDateTime>

namespace cutover {

/** What the checks are asked about. */
struct CheckScope {
    Target target;
    QString expectedVersion; ///< Installed; empty: whatever the release link says.
    InstanceReleases expectedReleases; ///< By the plan; an instance not named: what it was last started from.
    QString releaseFolder; ///< Where the release to install lies, to be looked at; empty: the installed one.
    qint64 packageSize = 0; ///< Of the release to install; 0: none.
    qint64 unpackedSize = 0;
    QStringList releaseDigests = {}; ///< Of what is to be installed: "DIGEST VERSION", a package's SHA-256 or a commit.
    bool inRun = false; ///< Asked by a step of a run; gates are then more than a warning.
    BreakGlass breakGlass = {}; ///< Why the run was begun although gates were shut, and which; empty: none was.
    bool afterUpdate = false; ///< Only what tells whether the system works; not what an update needs.
    QJsonObject identities = {}; ///< Version → {build, commit} of releases that the journal does not know yet.
    bool hasBaseline = false; ///< afterUpdate: the same run had checks before it.
    QDateTime since = {}; ///< When the run began; null: not known.
    QJsonObject recorded = {}; ///< afterUpdate: id → CheckResult::record of those.
    QString logDirectory = {}; ///< Where programs leave their whole output; empty: STATE/checks.
    QList<int> inherit = {}; ///< Descriptors that programs keep: the run lock.
    QStringList only = {}; ///< Ids to run; empty: all.
    std::function<void(const Message &)> tell = {}; ///< What the check at work is waiting for; set by runCheckList().
};

/** What a check found: figures, and when something is wrong, why. */
struct Finding {
    Message text;
    Error error; ///< Empty code: all is well.
    QJsonObject record = {}; ///< As in CheckResult.
    bool mild = false; ///< With an error: a warning at most, whatever the item is.
};

/** One line of the list. */
struct CheckItem {
    QString id;
    Message title;
    bool required = true; ///< false: a warning at most.
    std::function<QCoro::Task<Finding>(CheckScope, std::stop_token)> run;
    bool once = false; ///< Not asked again when it failed: it has waited by itself, or costs too much.
    QStringList proves = {}; ///< As in CheckResult.
    bool mayBeKnown = false; ///< As in CheckResult.
};

/// The name by which a check is passed over when a run is begun (BreakGlass::gates): "check:health:backend-1".
[[nodiscard]] inline QString gateOfCheck(const QString &id)
{
    return QStringLiteral("check:") + id;
}
/// Those of these gates that are checks.
[[nodiscard]] QStringList checksIn(const QStringList &gates);
/// Whether all checks among these gates can be passed over. Errors "gate.check_unknown" where the target has no such check, and
/// "gate.check_needed" where an update needs what it asks for; both name those that can.
[[nodiscard]] Result<> checkPassedOver(const Target &target, const QStringList &gates);

/// Whether a check that failed wants the run to be held, and not to fail or go back: what it asks is not ours.
[[nodiscard]] inline bool wantsHold(const Error &error)
{
    return error.code == QStringLiteral("check.external_hold");
}

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
/// Something to know, which is no reason to stop.
[[nodiscard]] inline Finding doubtful(const Error &error)
{
    Finding finding = wrong(error);
    finding.mild = true;
    return finding;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/status.h"

#include "run/words.h"
#include "serve/views.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString word(const char *text)
{
    return QCoreApplication::translate("Status", text);
}

} // namespace

StatusLook statusLook(Status status)
{
    using Role = Theme::Role;
    switch (status) {
    case Status::Unknown:
        return {word(QT_TRANSLATE_NOOP("Status", "Unknown")), u"question"_s};
    case Status::Planned:
        return {word(QT_TRANSLATE_NOOP("Status", "Planned")), u"clock"_s};
    case Status::Waiting:
        return {word(QT_TRANSLATE_NOOP("Status", "Waiting")), u"clock"_s};
    case Status::NotRun:
        return {word(QT_TRANSLATE_NOOP("Status", "Not run")), u"go-next-skip"_s};
    case Status::Running:
        return {word(QT_TRANSLATE_NOOP("Status", "Running")), u"media-playback-start"_s, Role::Info, Role::InfoTint};
    case Status::Passed:
        return {word(QT_TRANSLATE_NOOP("Status", "Passed")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::Succeeded:
        return {word(QT_TRANSLATE_NOOP("Status", "Succeeded")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::Warning:
        return {word(QT_TRANSLATE_NOOP("Status", "Warning")), u"data-warning"_s, Role::Caution, Role::CautionTint};
    case Status::Failed:
        return {word(QT_TRANSLATE_NOOP("Status", "Failed")), u"window-close"_s, Role::Danger, Role::DangerTint};
    case Status::Held:
        return {word(QT_TRANSLATE_NOOP("Status", "Held")), u"media-playback-pause"_s, Role::Held, Role::HeldTint};
    case Status::Reverting:
        return {word(QT_TRANSLATE_NOOP("Status", "Rolling back")), u"edit-undo"_s, Role::Caution, Role::CautionTint};
    case Status::RolledBack:
        return {word(QT_TRANSLATE_NOOP("Status", "Rolled back")), u"edit-undo"_s, Role::Caution, Role::CautionTint};
    case Status::Abandoned:
        return {word(QT_TRANSLATE_NOOP("Status", "Abandoned")), u"process-stop"_s, Role::Danger, Role::DangerTint};
    case Status::Accepted:
        return {word(QT_TRANSLATE_NOOP("Status", "Accepted")), u"checkmark"_s, Role::Caution, Role::CautionTint};
    case Status::Skipped:
        return {word(QT_TRANSLATE_NOOP("Status", "Skipped")), u"go-next-skip"_s};
    case Status::NotEnoughData:
        return {word(QT_TRANSLATE_NOOP("Status", "Not enough data")), u"question"_s, Role::Caution, Role::CautionTint};
    case Status::Healthy:
        return {word(QT_TRANSLATE_NOOP("Status", "Healthy")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::Degraded:
        return {word(QT_TRANSLATE_NOOP("Status", "Degraded")), u"data-warning"_s, Role::Caution, Role::CautionTint};
    case Status::Down:
        return {word(QT_TRANSLATE_NOOP("Status", "Down")), u"window-close"_s, Role::Danger, Role::DangerTint};
    case Status::Ready:
        return {word(QT_TRANSLATE_NOOP("Status", "Ready")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::NotReady:
        return {word(QT_TRANSLATE_NOOP("Status", "Not ready")), u"data-warning"_s, Role::Caution, Role::CautionTint};
    case Status::Starting:
        return {word(QT_TRANSLATE_NOOP("Status", "Starting")), u"media-playback-start"_s, Role::Info, Role::InfoTint};
    case Status::Stopping:
        return {word(QT_TRANSLATE_NOOP("Status", "Stopping")), u"media-playback-stop"_s, Role::Info, Role::InfoTint};
    case Status::Stopped:
        return {word(QT_TRANSLATE_NOOP("Status", "Stopped")), u"media-playback-stop"_s};
    case Status::Draining:
        return {word(QT_TRANSLATE_NOOP("Status", "Draining")), u"clock"_s, Role::Info, Role::InfoTint};
    case Status::On:
        return {word(QT_TRANSLATE_NOOP("Status", "On")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::Off:
        return {word(QT_TRANSLATE_NOOP("Status", "Off")), u"media-playback-stop"_s};
    case Status::LowRisk:
        return {word(QT_TRANSLATE_NOOP("Status", "Low risk")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::MediumRisk:
        return {word(QT_TRANSLATE_NOOP("Status", "Medium risk")), u"data-warning"_s, Role::Caution, Role::CautionTint};
    case Status::HighRisk:
        return {word(QT_TRANSLATE_NOOP("Status", "High risk")), u"data-warning"_s, Role::Danger, Role::DangerTint};
    case Status::Open:
        return {word(QT_TRANSLATE_NOOP("Status", "Open")), u"clock"_s};
    case Status::Ticked:
        return {word(QT_TRANSLATE_NOOP("Status", "Ticked")), u"checkmark"_s, Role::Ok, Role::OkTint};
    case Status::NotOurs:
        return {word(QT_TRANSLATE_NOOP("Status", "Not ours")), u"data-warning"_s, Role::Caution, Role::CautionTint};
    case Status::NotNeeded:
        return {word(QT_TRANSLATE_NOOP("Status", "Not needed")), u"go-next-skip"_s};
    }
    Q_UNREACHABLE_RETURN({});
}

Status statusOf(RunState state)
{
    switch (state) {
    case RunState::Planned:
        return Status::Planned;
    case RunState::Running:
        return Status::Running;
    case RunState::Held:
        return Status::Held;
    case RunState::Reverting:
        return Status::Reverting;
    case RunState::Succeeded:
        return Status::Succeeded;
    case RunState::RolledBack:
        return Status::RolledBack;
    case RunState::Abandoned:
        return Status::Abandoned;
    }
    return Status::Unknown;
}

Status statusOf(StepState state)
{
    switch (state) {
    case StepState::Pending:
        return Status::Waiting;
    case StepState::Preparing:
    case StepState::Prepared:
    case StepState::Applying:
    case StepState::Applied:
    case StepState::Verified:
        return Status::Running;
    case StepState::Done:
        return Status::Passed;
    case StepState::Failed:
        return Status::Failed;
    case StepState::Accepted:
        return Status::Accepted;
    case StepState::Reverting:
        return Status::Reverting;
    case StepState::Reverted:
        return Status::RolledBack;
    case StepState::Skipped:
        return Status::Skipped;
    }
    return Status::Unknown;
}

Status statusAtTheEnd(StepState state)
{
    return state == StepState::Pending ? Status::NotRun : statusOf(state);
}

Status statusOf(CheckResult::Status status)
{
    switch (status) {
    case CheckResult::Status::Waiting:
        return Status::Waiting;
    case CheckResult::Status::Running:
        return Status::Running;
    case CheckResult::Status::Passed:
        return Status::Passed;
    case CheckResult::Status::Warning:
        return Status::Warning;
    case CheckResult::Status::Failed:
        return Status::Failed;
    }
    return Status::Unknown;
}

Status statusOfHealth(const QString &health)
{
    if (health == "healthy"_L1) {
        return Status::Healthy;
    }
    if (health == "degraded"_L1) {
        return Status::Degraded;
    }
    return health == "down"_L1 ? Status::Down : Status::Unknown;
}

Status statusOfInstance(const QString &state)
{
    static const QHash<QString, Status> states{
        {u"ready"_s, Status::Ready},
        {u"unready"_s, Status::NotReady},
        {u"starting"_s, Status::Starting},
        {u"stopping"_s, Status::Stopping},
        {u"stopped"_s, Status::Stopped},
        {u"failed"_s, Status::Failed},
        {u"draining"_s, Status::Draining},
    };
    return states.value(state, Status::Unknown);
}

Status statusOfInstance(const InstanceView &instance)
{
    const Status status = statusOfInstance(instance.state);
    return instance.idle && status == Status::Ready ? Status::Stopped : status;
}

QString wordOfInstance(const InstanceView &instance)
{
    const Status status = statusOfInstance(instance.state);
    const bool isPlain = instance.colour.isEmpty() || status == Status::Unknown || status == Status::Draining;
    const QString state = isPlain ? statusLook(status).word : words::ofInstance(instance.state, instance.colour, instance.idle);
    return instance.spare ? word(QT_TRANSLATE_NOOP("Status", "%1 (spare)")).arg(state) : state;
}

Status statusOfRisk(const QString &risk)
{
    if (risk == "low"_L1) {
        return Status::LowRisk;
    }
    if (risk == "medium"_L1) {
        return Status::MediumRisk;
    }
    return risk == "high"_L1 ? Status::HighRisk : Status::Unknown;
}

} // namespace cutover

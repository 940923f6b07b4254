// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What was not well before an update: begun although it is known, and not held against the update afterwards.

#include "check/checklist.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr double ClearlyWorse = 1.5;
constexpr QLatin1StringView gateBeginning("check:");

/// By how much it failed, where that is a matter of degree: the limits exceeded, the errors counted, or the requests that failed.
QMap<QString, double> figuresOf(const Error &error)
{
    QMap<QString, double> figures;
    const QJsonArray exceeded = error.args[u"exceeded"].toArray();
    for (const auto &part : exceeded) {
        const QJsonObject args = Message::fromJson(part.toObject()).args;
        figures.insert(args[u"percent"].toVariant().toString(), args[u"found"].toDouble());
    }
    for (const QString &count : {u"errors"_s, u"failed"_s}) {
        if (const QJsonValue counted = error.args[count]; counted.isDouble()) {
            figures.insert(count, counted.toDouble());
        }
    }
    return figures;
}

} // namespace

bool wasSoBefore(const CheckResult &before, const CheckResult &after)
{
    if (before.status < CheckResult::Status::Warning) {
        return false;
    }
    if (before.error.code == "check.known_before"_L1) {
        return true;
    }
    if (after.error.code == "check.compatibility_unknown"_L1) {
        // Nothing to compare with, as it failed before.
        return true;
    }
    const auto isProbe = [](const Error &error) { return error.code.startsWith("probe."_L1); };
    if (before.error.code != after.error.code && !(isProbe(before.error) && isProbe(after.error))) {
        return false;
    }
    const QMap<QString, double> then = figuresOf(before.error);
    const QMap<QString, double> now = figuresOf(after.error);
    return std::ranges::all_of(now.asKeyValueRange(), [&then](const auto &figure) { return figure.second <= ClearlyWorse * then.value(figure.first); });
}

QStringList checksIn(const QStringList &gates)
{
    QStringList checks = gates;
    checks.removeIf([](const QString &gate) { return !gate.startsWith(gateBeginning); });
    return checks;
}

Result<> checkPassedOver(const Target &target, const QStringList &gates)
{
    CheckScope scope;
    scope.target = target;
    const QList<CheckItem> items = CheckKind::all(scope);
    QStringList known;
    for (const CheckItem &item : items) {
        if (item.mayBeKnown && item.required) {
            known.append(gateOfCheck(item.id));
        }
    }
    const QStringList checks = checksIn(gates);
    for (const QString &gate : checks) {
        if (known.contains(gate)) {
            continue;
        }
        const auto item = std::ranges::find(items, gate.sliced(gateBeginning.size()), &CheckItem::id);
        const QJsonArray list = QJsonArray::fromStringList(known);
        if (item == items.end()) {
            return fail(u"gate.check_unknown"_s, {{u"gate"_s, gate}, {u"known"_s, list}});
        }
        return fail(u"gate.check_needed"_s, {{u"gate"_s, gate}, {u"check"_s, item->title.toJson()}, {u"known"_s, list}});
    }
    return {};
}

static const Catalogue::Registration texts{
    {"check.known_before", QT_TRANSLATE_NOOP("catalogue", "%{cause} This is known, and the update goes on: %{reason}")},
    {"check.failed_before_known",
     QT_TRANSLATE_NOOP("catalogue", "The check “%{check}” failed before the update: %{cause} Where the update is what cures it, it can be passed over with a reason, as %{gate}."),
     QT_TRANSLATE_NOOP("catalogue", "Nothing has been changed. Remove the cause, then start the update again.")},
    {"check.failed_back_known",
     QT_TRANSLATE_NOOP("catalogue", "The check “%{check}” fails after the way back: %{cause} Where it has nothing to do with it, it can be passed over with a reason, as %{gate}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove the cause and retry; or retry with --break-glass REASON --gates %{gate}.")},
    {"gate.check_unknown", QT_TRANSLATE_NOOP("catalogue", "No check of this target is called “%{gate}”."), QT_TRANSLATE_NOOP("catalogue", "Those that can be passed over: %{known:list}.")},
    {"gate.check_needed", QT_TRANSLATE_NOOP("catalogue", "The check “%{check}” (%{gate}) is not passed over: the update itself needs what it asks for."),
     QT_TRANSLATE_NOOP("catalogue", "Those that can be passed over: %{known:list}.")},
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"plan.no_value", QT_TRANSLATE_NOOP("catalogue", "nothing"), nullptr},
    {"plan.fact_changed",
     QT_TRANSLATE_NOOP("catalogue", "The fact “%{fact}” has changed: the plan expects %{expected}, found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who changed it. Make a new plan, or change it back and retry.")},
    {"plan.schema",
     QT_TRANSLATE_NOOP("catalogue", "The plan has schema %{schema}; this program knows schema %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Use the version of Cutover that made the plan, or make a new plan.")},
    {"plan.step_id",
     QT_TRANSLATE_NOOP("catalogue", "Step %{number} of the plan has the id “%{id}”; expected one that is not empty and used once."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan.")},
    {"plan.secret_key_size",
     QT_TRANSLATE_NOOP("catalogue", "The key for digests of secrets has %{size} bytes; expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "It was damaged. Remove it while no run is active; plans made before become invalid.")},
    {"step.unknown_kind",
     QT_TRANSLATE_NOOP("catalogue", "This program knows no step kind “%{kind}” in version %{version}."),
     QT_TRANSLATE_NOOP("catalogue", "Use the version of Cutover that made the plan.")},
    {"step.not_revertible",
     QT_TRANSLATE_NOOP("catalogue", "“%{step}” can't be undone without loss."),
     QT_TRANSLATE_NOOP("catalogue", "Choose a restore point and look at what it would lose.")},
};

} // namespace cutover

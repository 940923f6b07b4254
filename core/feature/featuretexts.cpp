// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"feature.step", QT_TRANSLATE_NOOP("catalogue", "Features")},
    {"feature.step.intent", QT_TRANSLATE_NOOP("catalogue", "Switch on %{flags:list} at the release's first proportion of users")},
    {"feature.left", QT_TRANSLATE_NOOP("catalogue", "The feature “%{flag}” was changed by somebody since and is left as it is.")},
    {"feature.no_store",
     QT_TRANSLATE_NOOP("catalogue", "The target “%{target}” names no database that holds its features."),
     QT_TRANSLATE_NOOP("catalogue", "Set “features.database” in target.yaml to the name of one of its databases.")},
    {"feature.unknown",
     QT_TRANSLATE_NOOP("catalogue", "There is no feature “%{flag}”."),
     QT_TRANSLATE_NOOP("catalogue", "Load the features again and choose one of them.")},
    {"feature.rollout",
     QT_TRANSLATE_NOOP("catalogue", "The feature “%{flag}” can't go to %{rollout} percent of users; expected 0 to 100."),
     QT_TRANSLATE_NOOP("catalogue", "Enter a number between 0 and 100.")},
    {"feature.database_closed",
     QT_TRANSLATE_NOOP("catalogue", "A restore keeps everybody out of “%{database}” at %{address}, and puts another database in its place: what is changed there now would be lost. Nothing was changed."),
     QT_TRANSLATE_NOOP("catalogue", "Wait until that run has ended, or roll it back; then look at the features and change them.")},
    {"feature.changed_meanwhile",
     QT_TRANSLATE_NOOP("catalogue", "The feature “%{flag}” was changed meanwhile by %{by}: it is at %{rollout} percent now. Nothing was changed."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the present values, then stage your changes again.")},
    {"feature.not_set",
     QT_TRANSLATE_NOOP("catalogue", "The features of %{release} are not what the step set."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody changed them at the same time. Look at the features' audit, then try the step again.")},
};

} // namespace cutover

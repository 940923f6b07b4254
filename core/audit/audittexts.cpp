// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"audit.chain_broken",
     QT_TRANSLATE_NOOP("catalogue", "Row %{sequence} of the audit trail is not as it was written."),
     QT_TRANSLATE_NOOP("catalogue", "Compare journal.db with its last backup; rows from this one on cannot be relied on.")},
    {"audit.rows_missing",
     QT_TRANSLATE_NOOP("catalogue", "The audit trail ends before row %{sequence}, although row %{last} was written."),
     QT_TRANSLATE_NOOP("catalogue", "Compare journal.db with its last backup; the last rows were removed.")},
    {"conn.taken", QT_TRANSLATE_NOOP("catalogue", "Took the conn."), nullptr},
    {"conn.taken_over", QT_TRANSLATE_NOOP("catalogue", "Took the conn over from %{from}: %{note}"), nullptr},
    {"conn.released", QT_TRANSLATE_NOOP("catalogue", "Gave the conn back."), nullptr},
    {"run.unapproved", QT_TRANSLATE_NOOP("catalogue", "Started plan %{digest} as run %{run} by broken glass, approved by nobody."), nullptr},
    {"run.approved_by_other", QT_TRANSLATE_NOOP("catalogue", "Started plan %{digest} as run %{run}, which %{approver} approved."), nullptr},
    {"run.approved", QT_TRANSLATE_NOOP("catalogue", "Approved plan %{digest} as run %{run}."), nullptr},
    {"run.command", QT_TRANSLATE_NOOP("catalogue", "Decided “%{verb}” for run %{run}."), nullptr},
    {"features.intended", QT_TRANSLATE_NOOP("catalogue", "Set out to change features: %{reason}"), nullptr},
    {"features.refused", QT_TRANSLATE_NOOP("catalogue", "Features were left as they are: %{error}"), nullptr},
    {"features.unknown", QT_TRANSLATE_NOOP("catalogue", "It is not known whether features were changed: %{error}"), nullptr},
    {"database.cloned", QT_TRANSLATE_NOOP("catalogue", "Began to restore “%{database}” of the restore point %{point} as the database “%{clone}”"), nullptr},
    {"volumes.pruned", QT_TRANSLATE_NOOP("catalogue", "Began to remove volumes, with what is in them, that “prune_volumes” names and no release declares: %{volumes:list}"), nullptr},
    {"images.pruned", QT_TRANSLATE_NOOP("catalogue", "Began to remove images that no release needs: %{images:list}"), nullptr},
    {"restart.begun", QT_TRANSLATE_NOOP("catalogue", "Began to restart instances of %{service}: %{instances:list}"), nullptr},
    {"restart.failed", QT_TRANSLATE_NOOP("catalogue", "%{service} was not restarted as a whole: %{error}"), nullptr},
    {"features.applied", QT_TRANSLATE_NOOP("catalogue", "Changed features: %{reason}"), nullptr},
};

} // namespace cutover

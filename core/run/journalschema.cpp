// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/journalschema.h"

using namespace Qt::StringLiterals;

namespace cutover {

// Times are milliseconds since 1970 in UTC; objects are canonical JSON; NULL where there is none.
const QList<QStringList> &journalMigrations()
{
    static const QList<QStringList> migrations{
        {
            u"CREATE TABLE runs("
            "number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, plan TEXT NOT NULL, plan_digest TEXT NOT NULL, "
            "state TEXT NOT NULL, reason TEXT, error TEXT, approved_by TEXT, started_by TEXT, "
            "created INTEGER, started INTEGER, ended INTEGER, active_ms INTEGER NOT NULL DEFAULT 0, held_until INTEGER)"_s,
            // At most one run that is not final, whatever the callers believe.
            u"CREATE UNIQUE INDEX runs_one_active ON runs((1)) WHERE state NOT IN ('succeeded', 'rolledBack', 'abandoned')"_s,
            u"CREATE TABLE steps("
            "run TEXT NOT NULL REFERENCES runs(id), position INTEGER NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, "
            "attempt INTEGER NOT NULL DEFAULT 0, undo TEXT, results TEXT, error TEXT, started INTEGER, ended INTEGER, "
            "duration_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(run, position)) WITHOUT ROWID"_s,
            u"CREATE TABLE events("
            "sequence INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, step TEXT, time INTEGER NOT NULL, "
            "code TEXT NOT NULL, args TEXT)"_s,
            u"CREATE INDEX events_by_run ON events(run, sequence)"_s,
            u"CREATE TABLE commands("
            "number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL, verb TEXT NOT NULL, args TEXT, "
            "expected_state TEXT, given_by TEXT NOT NULL, created INTEGER NOT NULL, taken INTEGER, outcome TEXT)"_s,
            u"CREATE INDEX commands_by_run ON commands(run, number)"_s,
            u"CREATE TABLE restore_points("
            "number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, run TEXT, created INTEGER, version TEXT, reason TEXT, "
            "facts TEXT, directory TEXT, size INTEGER NOT NULL DEFAULT 0, members TEXT, proven INTEGER, "
            "available INTEGER NOT NULL DEFAULT 1)"_s,
            u"CREATE TABLE conn("
            "only INTEGER PRIMARY KEY CHECK(only = 1), holder TEXT NOT NULL, session TEXT NOT NULL, since INTEGER NOT NULL, note TEXT)"_s,
            u"CREATE TABLE audit("
            "sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, "
            "args TEXT, hash TEXT NOT NULL)"_s,
            u"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"_s,
            u"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END"_s,
        },
        {
            u"CREATE TABLE break_glass(run TEXT PRIMARY KEY REFERENCES runs(id), given_by TEXT NOT NULL, reason TEXT NOT NULL, gates TEXT NOT NULL, "
            "time INTEGER NOT NULL) WITHOUT ROWID"_s,
            u"CREATE TABLE approval_requests(number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, plan TEXT NOT NULL, "
            "given_by TEXT NOT NULL, created INTEGER NOT NULL)"_s,
            u"CREATE TABLE approvals(number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL, approver TEXT NOT NULL, key_id TEXT NOT NULL, "
            "signature TEXT NOT NULL UNIQUE, signed INTEGER NOT NULL, imported INTEGER NOT NULL, imported_by TEXT NOT NULL)"_s,
            u"CREATE TABLE ticks(number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL, run TEXT NOT NULL, item TEXT NOT NULL, "
            "done INTEGER NOT NULL, given_by TEXT NOT NULL, time INTEGER NOT NULL, note TEXT NOT NULL)"_s,
            u"CREATE INDEX ticks_by_plan ON ticks(digest, run)"_s,
        },
    };
    return migrations;
}

} // namespace cutover

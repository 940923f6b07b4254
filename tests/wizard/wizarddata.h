// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "ui/scriptedengine.h"

#include <QWidget>

namespace cutover::wizarddata {

/// What a wizard is walked through with: releases, eight checks that pass, plans with previews.
void fill(ScriptedEngine *engine);
[[nodiscard]] CheckResult check(const QString &id, const QString &title, CheckResult::Status status, const QString &finding);
/// Makes one of the checks fail.
void failCheck(ScriptedEngine *engine);
/// One that may be known, where failCheck() has one that an update needs.
void failKnown(ScriptedEngine *engine);
/// Somebody went to lunch within a transaction, and a report is read.
/// Of so many sessions of other roles nothing may be seen.
void hideSessions(ScriptedEngine *engine, int count);
void openSessions(ScriptedEngine *engine);
/// A log that goes on.
[[nodiscard]] ScriptedEngine::Job serviceLog();
[[nodiscard]] Plan updatePlan();
/// The update's migration is one of Alembic's, whose SQL shows only while it runs.
void planOnlineMigration(ScriptedEngine *engine);
[[nodiscard]] Plan rollbackPlan();
/// Releases are of a git repository, and a commit of it can be gone back to: its plan.
[[nodiscard]] Plan commitPlan();
void offerCommits(ScriptedEngine *engine);
/// Nobody has approved the plan, a required item is open, the blackout is near and staging has seen it.
void shutGates(ScriptedEngine *engine);
/// The same once Lee has approved it and the item is signed.
void openGates(ScriptedEngine *engine);
/// A checklist with items of every state; of a run that has ended where after is set.
[[nodiscard]] ChecklistView checklist(bool after);
/// A run of that plan, at the step current; -1: before the first.
[[nodiscard]] RunView runOf(const Plan &plan, int current, RunState state = RunState::Running);

/// The first visible widget of a type and object name below parent.
template<class T>
T *visible(QWidget *parent, const QString &name)
{
    for (T *widget : parent->findChildren<T *>(name)) {
        if (widget->isVisible()) {
            return widget;
        }
    }
    return nullptr;
}

/// Widgets that take the keyboard focus and have no name for assistive technology.
[[nodiscard]] QStringList namelessWidgets(QWidget *root);

} // namespace cutover::wizarddata

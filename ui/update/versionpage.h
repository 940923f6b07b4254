// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/releasemodel.h"
#include "update/wizardpage.h"

class QTextBrowser;

namespace cutover {

class EmptyState;
class InlineMessage;
class PlanDraft;
class StatusChip;
class TableView;
class TextLabel;

/** Which release to install. */
class VersionPage : public WizardPage
{
    Q_OBJECT
public:
    explicit VersionPage(PlanDraft *draft, const QString &preferred = {}, QWidget *parent = nullptr);

    void enter() override;
    [[nodiscard]] bool leave() override;
    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;
    /// Empty: nothing is chosen.
    [[nodiscard]] QString chosen() const;
    [[nodiscard]] QStringList chosenPath() const;

private:
    void load();
    void show(const Result<QList<ReleaseView>> &releases);
    void showRelease();

    PlanDraft *m_draft;
    QString m_preferred;
    ReleaseModel m_model;
    bool m_loaded = false;
    TableView *m_table;
    EmptyState *m_empty;
    InlineMessage *m_message;
    QWidget *m_content;
    TextLabel *m_version;
    StatusChip *m_risk;
    TextLabel *m_facts;
    TextLabel *m_path;
    TextLabel *m_blocked;
    QTextBrowser *m_changes;
};

} // namespace cutover

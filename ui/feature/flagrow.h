// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "feature/stagedflags.h"

#include <QFrame>

class QDoubleSpinBox;
class QPushButton;

namespace cutover {

class ElidedLabel;
class RolloutSlider;
class TextLabel;
class ToggleSwitch;

/** One flag: switch, slider, exact entry, who gets it; and apart from them the kill switch. */
class FlagRow : public QFrame
{
    Q_OBJECT
public:
    explicit FlagRow(const QString &name, QWidget *parent = nullptr);
    [[nodiscard]] const QString &name() const { return m_name; }
    void display(const StagedFlag &row);
    /// Why nothing can be staged; empty: it can. The kill switch stays.
    void setReason(const QString &reason);
    [[nodiscard]] RolloutSlider *slider() const { return m_slider; }
    [[nodiscard]] QDoubleSpinBox *field() const { return m_field; }
    [[nodiscard]] ToggleSwitch *toggle() const { return m_toggle; }
    [[nodiscard]] QPushButton *killButton() const { return m_kill; }
    [[nodiscard]] QString summary() const;

Q_SIGNALS:
    void enabledStaged(const QString &name, bool enabled);
    void rolloutStaged(const QString &name, double percent);
    void killWanted(const QString &name);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_name;
    bool m_showing = false;
    ElidedLabel *m_description;
    ToggleSwitch *m_toggle;
    RolloutSlider *m_slider;
    QDoubleSpinBox *m_field;
    TextLabel *m_summary;
    TextLabel *m_changed;
    QPushButton *m_kill;
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QListView>

namespace cutover {

/** The step timeline as a list: state, name and time of each step, the point of no return as a line. */
class StepTimelineView : public QListView
{
    Q_OBJECT
public:
    explicit StepTimelineView(QWidget *parent = nullptr);
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <functional>

class QWidget;

namespace cutover {

/// Asks where a report goes and writes it there, every byte as the engine made it; saved is told the
/// file or what went wrong, and nothing when the question is cancelled. parent outlives the dialog.
void saveReport(QWidget *parent, const QString &html, const QString &suggestedName, std::function<void(const Result<QString> &)> saved);

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "bench.h"

#include <QTemporaryDir>

#include <memory>

namespace cutover::bench {

/**
 * A program with everything that it maps, copied into a folder of its own: the pages of its files
 * can be dropped from the system's cache, while those that some other process has mapped (as this
 * one has most libraries) can't. What is no program code (fonts, caches) stays where it is and is
 * dropped as far as the system allows.
 */
class ColdCopy
{
public:
    /// Starts the program once, and copies what it has mapped after a while. scratch: a QTemporaryDir template.
    [[nodiscard]] static Result<std::unique_ptr<ColdCopy>> make(const QString &scratch, const QString &program, const QStringList &arguments,
                                                                const QStringList &besides = {});

    [[nodiscard]] QString program() const { return m_program; }
    /// For the process: where libraries and plugins are.
    [[nodiscard]] QStringList environment() const;
    /// Drops what can be dropped. Megabytes of the files, and how many of these are in the cache still.
    struct Cached {
        double total = 0;
        double left = 0;
    };
    [[nodiscard]] Cached drop() const;

private:
    explicit ColdCopy(const QString &scratch);
    Result<QString> add(const QString &file, const QString &folder);

    QTemporaryDir m_folder;
    QString m_program;
    QStringList m_files; ///< To drop.
};

} // namespace cutover::bench

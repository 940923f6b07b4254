// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "bench.h"

#include <QTemporaryDir>

#include <memory>

namespace cutover::bench {

/** A demo system of its own, with traffic; ended and removed with the object. */
class DemoSystem
{
public:
    [[nodiscard]] static Result<std::unique_ptr<DemoSystem>> create(const Options &options, int orders, int rate, bool start = true,
                                                                    const QStringList &more = {});
    [[nodiscard]] Result<> start();
    ~DemoSystem();
    Q_DISABLE_COPY_MOVE(DemoSystem)

    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString target() const { return path(QStringLiteral("target.yaml")); }
    [[nodiscard]] QString control() const { return m_control; }
    /// Requests of the traffic that failed until now; a log that is missing says nothing of them.
    [[nodiscard]] Result<qint64> failures() const;
    /// Orders that were answered until now.
    [[nodiscard]] qint64 acknowledged() const;
    [[nodiscard]] QStringList updateArguments(const QString &version, const QString &watch) const;

private:
    explicit DemoSystem(const Options &options);
    QTemporaryDir m_folder;
    QString m_control;
    bool m_started = false;
};

/// A scratch folder on the disk that the programs are on: /tmp may be memory, where syncing costs nothing.
[[nodiscard]] QString scratchTemplate(const Options &options);

} // namespace cutover::bench

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/repository.h"
#include "target/target.h"

#include <stop_token>

namespace cutover {

struct CheckResult {
    QString id; ///< "disk", "version", "health:backend-1", "backup", "database:trading", …
    enum class Status { Waiting,
                        Running,
                        Passed,
                        Warning,
                        Failed } status = Status::Waiting;
    Message title; ///< "Free disk space"
    Message finding; ///< "23 GB free, 4 GB needed"; while it runs what it waits for, or empty.
    Error error; ///< When failed or warning: reason and remedy.
    qint64 durationMs = 0;
    QJsonObject record; ///< What the same check compares with after an update; not for people. Holds no value of anybody's.
    QStringList proves = {}; ///< As target.yaml said when it ran: words of provenWords().
    bool mayBeKnown = false; ///< It asks what runs, and not what an update needs: an update may be begun although it fails.
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static CheckResult fromJson(const QJsonObject &json);
};

/// Whether what was found after an update was so before it, and is not clearly worse now. Of an update that was begun although
/// the check was known to fail anything was so; else the reason has to be the same, and its figures at most by half as high again.
[[nodiscard]] bool wasSoBefore(const CheckResult &before, const CheckResult &after);

using CheckSink = std::function<void(const CheckResult &)>;

/// Runs every check that applies to the target (guide 3.1 and, for the post-update set, 3.4),
/// telling each as it starts and ends. to: nullptr when no release is chosen yet.
[[nodiscard]] Async<QList<CheckResult>> runChecks(Target target, std::optional<ReleaseInfo> to, QString expectedVersion, CheckSink sink,
                                                  std::stop_token stop = {});

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "crashdriver.h"

#include "run/journal.h"

#include <QTemporaryDir>

namespace cutover::testing {

/**
 * The smallest real run: a configuration file is changed, the release is switched. With goesBack a
 * last step fails, so that everything is taken back.
 */
class SmallScenario : public CrashScenario
{
public:
    explicit SmallScenario(bool goesBack);

    QString name() const override { return m_goesBack ? QStringLiteral("small-back") : QStringLiteral("small"); }
    Result<> reset() override;
    QStringList runner() const override;
    Result<QString> judge() override;
    Result<Reason> reason() override;
    Result<bool> decide() override;

    /// Of a folder that reset() has made; also for the runner.
    [[nodiscard]] static Target target(const QString &folder);

private:
    [[nodiscard]] Result<QString> state() const; ///< "new" or "old", by link and file.
    [[nodiscard]] Result<> sound(Journal &journal, bool final) const;

    bool m_goesBack;
    QTemporaryDir m_base;
    QString m_folder;
    QString m_run;
};

} // namespace cutover::testing

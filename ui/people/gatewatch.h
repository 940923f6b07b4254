// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QObject>
#include <QTimer>

namespace cutover {

/** What stands in the way of a plan, kept up to date: hours pass, signatures arrive and expire. GUI thread. */
class GateWatch : public QObject
{
    Q_OBJECT
public:
    explicit GateWatch(EngineClient *engine, QObject *parent = nullptr);
    /// Empty: of none.
    void setDigest(const QString &digest);
    [[nodiscard]] const GatesView &view() const { return m_view; }
    void look();

Q_SIGNALS:
    void changed();

private:
    EngineClient *m_engine;
    QString m_digest;
    GatesView m_view;
    QJsonObject m_told;
    QTimer m_timer;
};

} // namespace cutover

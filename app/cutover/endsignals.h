// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QObject>

namespace cutover {

/**
 * SIGTERM, SIGINT and SIGHUP as a Qt signal, once; a second one ends the process at once, as
 * without this. One object at a time. Main thread.
 */
class EndSignals : public QObject
{
    Q_OBJECT
public:
    explicit EndSignals(QObject *parent = nullptr);
    ~EndSignals() override;

Q_SIGNALS:
    void asked();
};

} // namespace cutover

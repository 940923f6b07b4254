// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashcommand.h"
#include "smallscenario.h"
#include "wholescenario.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;
using namespace cutover::testing;

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    SmallScenario forward(false);
    SmallScenario back(true);
    using enum WholeScenario::Journey;
    WholeScenario update(Update);
    WholeScenario faulty(Faulty);
    WholeScenario downgrade(Downgrade);
    WholeScenario supervisor(Update, u"supervise"_s);
    WholeScenario watcher(Update, u"watch"_s);
    return crashMain(QCoreApplication::arguments(), {&forward, &back, &update, &faulty, &downgrade, &supervisor, &watcher});
}

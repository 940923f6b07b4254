// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallscenario.h"
#include "wholescenario.h"

#include <QCoreApplication>

using namespace cutover::testing;

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    SmallScenario forward(false);
    SmallScenario back(true);
    WholeScenario whole;
    return crashMain(QCoreApplication::arguments(), {&forward, &back, &whole});
}

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/watcher.h"

#include <QCoreApplication>

#include <cstdio>

using namespace cutover;

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const auto target = Target::load(application.arguments().value(3));
    if (!target) {
        std::fprintf(stderr, "%s\n", qPrintable(target.error().text()));
        return 1;
    }
    Watcher watcher(*target);
    QObject::connect(&watcher, &Watcher::silenced, &watcher, [](const Error &error) { std::fprintf(stderr, "%s\n", qPrintable(error.text())); });
    if (const auto started = watcher.start(); !started) {
        std::fprintf(stderr, "%s\n", qPrintable(started.error().text()));
        return 2;
    }
    return application.exec();
}

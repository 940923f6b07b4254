// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The least that a program of this toolkit can be without a window: a peer to measure against. Writes
// a line when it is up, and ends with its input.

#include <QCoreApplication>

#include <cstdio>

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    std::puts("up");
    std::fflush(stdout);
    while (std::getchar() != EOF) { }
    return 0;
}

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>
#include <QStringList>

#include <functional>

/** Measuring against a named peer, in the same run: A B A B …, since a machine's pace changes while one looks. */
namespace cutover::bench {

struct Options {
    int rounds = 0; ///< 0: each bench's own.
    QString programs; ///< Folder of cutoverctl and the others.
};

struct Samples {
    QString name;
    QList<double> values;
    [[nodiscard]] double median() const;
    [[nodiscard]] double minimum() const;
    [[nodiscard]] double maximum() const;
};

/// One of each in turn, rounds times. Each returns what it measured, in the unit of the bench.
[[nodiscard]] Result<> alternate(int rounds, Samples &ours, const std::function<Result<double>()> &measureOurs, Samples &peer,
                                 const std::function<Result<double>()> &measurePeer);
/// Two lines: median, minimum and maximum of each, and ours over peer's.
void print(const QString &what, const QString &unit, const Samples &ours, const Samples &peer);
void note(const QString &text);

/// Runs a program to its end; its output, or what it said on standard error as the failure.
[[nodiscard]] Result<QByteArray> runProgram(const QString &program, const QStringList &arguments, int timeoutMs = 300000,
                                            const QStringList &environment = {});
[[nodiscard]] double secondsOf(const std::function<void()> &work);

/** What can be asked for by name. Returns false when a stated limit is broken. */
struct Bench {
    const char *name;
    const char *what;
    Result<bool> (*run)(const Options &options);
};

[[nodiscard]] Result<bool> benchEngine(const Options &options);
[[nodiscard]] Result<bool> benchUpdate(const Options &options);
[[nodiscard]] Result<bool> benchCompose(const Options &options);
[[nodiscard]] Result<bool> benchPackage(const Options &options);
[[nodiscard]] Result<bool> benchBackup(const Options &options);
[[nodiscard]] Result<bool> benchPostgres(const Options &options);
[[nodiscard]] Result<bool> benchWindow(const Options &options);
[[nodiscard]] Result<bool> benchStart(const Options &options);
[[nodiscard]] Result<bool> benchMemory(const Options &options);

/// Parts that a bench runs as a process of their own: --part NAME ARGUMENTS.
[[nodiscard]] int enginePart(const QStringList &arguments);
[[nodiscard]] int instancePart(const QStringList &arguments);

} // namespace cutover::bench

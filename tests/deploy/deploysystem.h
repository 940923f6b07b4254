// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/supervisor.h"
#include "deploy/supervisorclient.h"

#include "system/processes.h"
#include "tests/support/freeport.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

/// QTest main that is its own 'cutoverctl supervise', so that the tests need no other program for it.
#define DEPLOY_TEST_MAIN(Class)                                                 \
    int main(int argc, char *argv[])                                            \
    {                                                                           \
        QCoreApplication application(argc, argv);                               \
        const QStringList arguments = application.arguments();                  \
        if (arguments.value(1) == QLatin1String("supervise")) {                 \
            return cutover::superviseMain(arguments.value(3));                  \
        }                                                                       \
        qputenv("CUTOVERCTL", application.applicationFilePath().toLocal8Bit()); \
        Class test;                                                             \
        return QTest::qExec(&test, argc, argv);                                 \
    }

using cutover::testing::freePort;

/// Value of a result that must be there.
#define VALUE(result)                                   \
    ([&](auto r) {                                      \
        if (!r) {                                       \
            qFatal("%s", qPrintable(r.error().text())); \
        }                                               \
        return *std::move(r);                           \
    }(result))

#define OK(result)                                                                                  \
    do {                                                                                            \
        auto okResult = (result);                                                                   \
        QVERIFY2(okResult.has_value(), qPrintable(okResult ? QString() : okResult.error().text())); \
    } while (false)

inline void writeFile(const QString &path, const QByteArray &content)
{
    QDir().mkpath(QFileInfo(path).absolutePath());
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
        qFatal("cannot write %s", qPrintable(path));
    }
}

inline QByteArray readFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

inline bool alive(qint64 pid)
{
    return pid > 0 && cutover::processStartTime(pid) != 0;
}

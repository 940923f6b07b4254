// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "systemdemo.h"

#include <QJsonDocument>
#include <QProcess>
#include <QTest>

namespace cli {

struct Answer {
    int exitCode = -1;
    QByteArray output, errors;
    QJsonObject json; ///< With --json: the one object on standard output.

    [[nodiscard]] QString code() const { return json[u"error"][u"code"].toString(); }
    [[nodiscard]] QByteArray told() const
    {
        return "exit " + QByteArray::number(exitCode) + ": " + output.left(3000) + errors.left(3000);
    }
};

/// cutoverctl as it is typed, from a folder and as an operator.
inline Answer run(const QStringList &words, const QString &folder = {}, const QString &person = {})
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove(QStringLiteral("CUTOVER_TARGET"));
    if (!person.isEmpty()) {
        environment.insert(QStringLiteral("CUTOVER_OPERATOR"), person);
    }
    process.setProcessEnvironment(environment);
    if (!folder.isEmpty()) {
        process.setWorkingDirectory(folder);
    }
    process.setStandardInputFile(QProcess::nullDevice());
    process.start(SystemDemo::program(QStringLiteral("cutoverctl")), words);
    Answer answer;
    if (!process.waitForFinished(180000)) {
        process.kill();
        process.waitForFinished();
        answer.errors = "timed out: ";
    } else if (process.exitStatus() == QProcess::NormalExit) {
        answer.exitCode = process.exitCode();
    }
    answer.output = process.readAllStandardOutput();
    answer.errors += process.readAllStandardError();
    if (words.contains(QStringLiteral("--json"))) {
        // Exactly one object, on one line, and nothing else.
        QJsonParseError error;
        const QJsonDocument document = QJsonDocument::fromJson(answer.output, &error);
        if (!document.isObject() || answer.output.count('\n') != 1 || !answer.output.endsWith('\n')) {
            answer.exitCode = -1000;
            answer.errors += "not one JSON object: " + error.errorString().toUtf8();
        }
        answer.json = document.object();
    }
    return answer;
}

} // namespace cli

// Once only: what is asked may change something.
#define EXIT_IS(answer, code)                                           \
    do {                                                                \
        const auto &exited = (answer);                                  \
        QVERIFY2(exited.exitCode == (code), exited.told().constData()); \
    } while (false)

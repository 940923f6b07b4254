// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// A console without a window: a ServeClient in a process of its own, led by JSON lines on standard
// input ({"id", "method", "params"}), telling what it hears on standard output. Its arguments are the command of
// its server, or --host HOST PROGRAM TARGET.

#include "serve/jsonlines.h"
#include "serve/serveclient.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QJsonArray>
#include <QSocketNotifier>

#include <cstdio>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

void tell(const QJsonObject &what)
{
    const QByteArray line = JsonLines::line(what);
    std::fwrite(line.constData(), 1, size_t(line.size()), stdout);
    std::fflush(stdout);
}

QCoro::Task<> ask(EngineClient *client, QJsonObject request)
{
    const auto answer = co_await client->call(request[u"method"].toString(), request[u"params"].toObject());
    tell({{u"id"_s, request[u"id"]}, answer ? std::pair{u"result"_s, QJsonValue(*answer)} : std::pair{u"error"_s, QJsonValue(answer.error().toJson())}});
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"cutover"_s);
    const QStringList words = application.arguments().sliced(1);
    std::unique_ptr<ServeClient> client;
    if (words.value(0) == u"--host") {
        auto host = ControlHost::parse(words.value(1));
        if (!host) {
            return 2;
        }
        host->program = words.value(2);
        client = std::make_unique<ServeClient>(*host, host->program, words.value(3));
    } else {
        client = std::make_unique<ServeClient>(words);
    }
    QObject::connect(client.get(), &EngineClient::connectionChanged, client.get(),
                     [client = client.get()](bool connected, const Error &error) {
                         QJsonArray warnings;
                         for (const Error &warning : client->link().warnings) {
                             warnings.append(warning.code);
                         }
                         tell({{u"connected"_s, connected}, {u"code"_s, error.code}, {u"warnings"_s, warnings}});
                     });
    QObject::connect(client.get(), &EngineClient::changed, client.get(),
                     [](const QStringList &topics) { tell({{u"changed"_s, QJsonArray::fromStringList(topics)}}); });
    QObject::connect(client.get(), &EngineClient::runTold, client.get(), [](const QJsonObject &what) { tell({{u"run"_s, what}}); });
    QObject::connect(client.get(), &EngineClient::jobTold, client.get(), [](const QString &job, const QString &state, const QJsonObject &what) {
        tell({{u"job"_s, job}, {u"state"_s, state}, {u"what"_s, what}});
    });
    JsonLines lines;
    QSocketNotifier readable(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&readable, &QSocketNotifier::activated, client.get(), [&] {
        char buffer[65536];
        const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (got <= 0) {
            readable.setEnabled(false);
            QCoreApplication::quit();
            return;
        }
        lines.feed(QByteArray(buffer, got));
        while (const auto line = lines.next()) {
            if (*line) {
                ask(client.get(), **line);
            }
        }
    });
    client->start();
    const int code = QCoreApplication::exec();
    client.reset();
    return code;
}

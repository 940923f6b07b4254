// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/stdioserver.h"

#include "serve/jsonlines.h"
#include "serve/protocol.h"

#include <QCoreApplication>
#include <QHash>
#include <QJsonArray>
#include <QPointer>
#include <QSocketNotifier>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// What a console that doesn't read may let pile up before it loses what is told again anyway.
constexpr qsizetype longestQueue = 8 << 20;

} // namespace

struct StdioServer::Private {
    EngineClient *engine;
    JsonLines lines;
    QByteArray output;
    std::unique_ptr<QSocketNotifier> readable;
    std::unique_ptr<QSocketNotifier> writable;
    bool greeted = false;
    bool begun = false; ///< Something was sent.
    QHash<QString, qsizetype> leftOut; ///< Lines of logs that were not sent, by job.

    // Output is queued, so that a console which does not read never stops the engine.
    void send(const QJsonObject &message)
    {
        // A login script may have printed before, without a line end.
        output += std::exchange(begun, true) ? QByteArray() : "\n"_ba;
        output += JsonLines::line(message);
        flush();
    }

    void tellLossy(const QJsonObject &message)
    {
        if (greeted && output.size() < longestQueue) {
            send(message);
        }
    }

    /// Lines of a log that is followed come without end, whether they are read or not: what is too much is counted and left out.
    void tellJob(const QString &job, const QString &state, QJsonObject what)
    {
        if (QJsonObject item = what[u"item"].toObject(); state == u"item" && item.contains(u"lines"_s)) {
            if (output.size() >= longestQueue) {
                leftOut[job] += item[u"lines"].toArray().size();
                return;
            }
            if (const qsizetype count = leftOut.take(job); count > 0) {
                item.insert(u"leftOut"_s, count);
                what.insert(u"item"_s, item);
            }
        } else if (const qsizetype count = state == u"item" ? 0 : leftOut.take(job); count > 0) {
            send({{u"notify"_s, u"job"_s}, {u"job"_s, job}, {u"state"_s, u"item"_s}, {u"what"_s, QJsonObject{{u"item"_s, QJsonObject{{u"lines"_s, QJsonArray()}, {u"leftOut"_s, count}}}}}});
        }
        send({{u"notify"_s, u"job"_s}, {u"job"_s, job}, {u"state"_s, state}, {u"what"_s, what}});
    }

    void flush()
    {
        while (!output.isEmpty()) {
            const ssize_t written = ::write(STDOUT_FILENO, output.constData(), size_t(output.size()));
            if (written > 0) {
                output.remove(0, written);
            } else if (errno == EINTR) {
                continue;
            } else if (errno == EAGAIN) {
                break;
            } else {
                QCoreApplication::exit(0);
                return;
            }
        }
        writable->setEnabled(!output.isEmpty());
    }

    static QCoro::Task<> answer(QPointer<StdioServer> server, QJsonObject request)
    {
        const QJsonValue id = request[u"id"];
        const Result<QJsonObject> result = co_await server->d->engine->call(request[u"method"].toString(), request[u"params"].toObject());
        if (server) {
            server->d->reply(id, result);
        }
    }

    void reply(const QJsonValue &id, const Result<QJsonObject> &result)
    {
        if (result) {
            send({{u"id"_s, id}, {u"result"_s, *result}});
        } else {
            send({{u"id"_s, id}, {u"error"_s, result.error().toJson()}});
        }
    }

    void handle(StdioServer *q, const QJsonObject &request)
    {
        if (request[u"method"] == u"hello"_s) {
            const int theirs = request[u"params"][u"protocol"].toInt();
            greeted = theirs == protocol::Version;
            if (!greeted) {
                reply(request[u"id"], fail(u"serve.protocol"_s, {{u"console"_s, theirs}, {u"server"_s, protocol::Version}, {u"serverVersion"_s, QStringLiteral(CUTOVER_VERSION)}}));
                return;
            }
        }
        if (!greeted) {
            reply(request[u"id"], fail(u"serve.not_greeted"_s));
            return;
        }
        answer(q, request);
    }

    void readAll(StdioServer *q)
    {
        char buffer[65536];
        const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
            readable->setEnabled(false);
            QCoreApplication::exit(0);
            return;
        }
        if (got > 0) {
            lines.feed(QByteArray(buffer, got));
        }
        while (const auto line = lines.next()) {
            if (!*line) {
                reply(QJsonValue(), fail(line->error()));
                continue;
            }
            handle(q, **line);
        }
    }
};

StdioServer::StdioServer(EngineClient *engine, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->engine = engine;
    ::fcntl(STDOUT_FILENO, F_SETFL, ::fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    d->readable = std::make_unique<QSocketNotifier>(STDIN_FILENO, QSocketNotifier::Read);
    d->readable->setEnabled(false);
    connect(d->readable.get(), &QSocketNotifier::activated, this, [this] { d->readAll(this); });
    d->writable = std::make_unique<QSocketNotifier>(STDOUT_FILENO, QSocketNotifier::Write);
    d->writable->setEnabled(false);
    connect(d->writable.get(), &QSocketNotifier::activated, this, [this] { d->flush(); });

    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        const QJsonObject message{{u"notify"_s, u"changed"_s}, {u"topics"_s, QJsonArray::fromStringList(topics)}};
        if (topics == QStringList{u"metrics"_s}) {
            d->tellLossy(message);
        } else if (d->greeted) {
            d->send(message);
        }
    });
    connect(engine, &EngineClient::jobTold, this, [this](const QString &job, const QString &state, const QJsonObject &what) {
        d->tellJob(job, state, what);
    });
    connect(engine, &EngineClient::runTold, this, [this](const QJsonObject &what) {
        d->tellLossy({{u"notify"_s, u"run"_s}, {u"what"_s, what}});
    });
}

StdioServer::~StdioServer() = default;

void StdioServer::start()
{
    d->readable->setEnabled(true);
}

} // namespace cutover

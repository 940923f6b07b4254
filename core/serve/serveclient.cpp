// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/serveclient.h"

#include "serve/jsonlines.h"
#include "serve/protocol.h"
#include "system/random.h"

#include <QCoroFuture>
#include <QHash>
#include <QJsonArray>
#include <QProcess>
#include <QPromise>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int FirstRetryMs = 250;
constexpr int LastRetryMs = 5000;
using Answer = QPromise<Result<QJsonObject>>;

} // namespace

struct ServeClient::Private {
    ServeClient *q;
    QStringList command;
    QString session = Random::system().id();
    QProcess process;
    JsonLines lines;
    QHash<qint64, std::shared_ptr<Answer>> pending;
    QByteArray errorTail;
    QTimer retry;
    int retryMs = FirstRetryMs;
    qint64 nextId = 1;
    bool ready = false;
    bool refused = false; ///< Another protocol: trying again will not help.
    bool wanted = false;

    std::shared_ptr<Answer> send(const QString &method, const QJsonObject &params)
    {
        auto answer = std::make_shared<Answer>();
        answer->start();
        const qint64 id = nextId++;
        pending.insert(id, answer);
        process.write(JsonLines::line({{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}}));
        return answer;
    }

    static void finish(const std::shared_ptr<Answer> &answer, Result<QJsonObject> result)
    {
        answer->addResult(std::move(result));
        answer->finish();
    }

    void drop(const Error &error)
    {
        const bool was = std::exchange(ready, false);
        lines = {};
        for (const auto &answer : std::exchange(pending, {})) {
            finish(answer, fail(error));
        }
        if (was || !wanted || retryMs > FirstRetryMs || refused) {
            Q_EMIT q->connectionChanged(false, error);
        }
        if (wanted && !refused) {
            retry.start(retryMs);
            retryMs = std::min(retryMs * 2, LastRetryMs);
        }
    }

    void launch()
    {
        errorTail.clear();
        process.start(command.first(), command.sliced(1));
    }

    void handle(const QJsonObject &message)
    {
        if (message.contains(u"notify")) {
            const QString what = message[u"notify"].toString();
            if (what == u"changed") {
                Q_EMIT q->changed(message[u"topics"].toVariant().toStringList());
            } else if (what == u"job") {
                Q_EMIT q->jobTold(message[u"job"].toString(), message[u"state"].toString(), message[u"what"].toObject());
            } else if (what == u"run") {
                Q_EMIT q->runTold(message[u"what"].toObject());
            }
            return;
        }
        if (const auto answer = pending.take(message[u"id"].toInteger())) {
            if (message.contains(u"error")) {
                finish(answer, fail(Error::fromJson(message[u"error"].toObject())));
            } else {
                finish(answer, message[u"result"].toObject());
            }
        }
    }

    void readAll()
    {
        lines.feed(process.readAllStandardOutput());
        while (const auto line = lines.next()) {
            if (!*line) {
                process.kill();
                drop(line->error());
                return;
            }
            handle(**line);
        }
    }

    static QCoro::Task<> greet(QPointer<ServeClient> client)
    {
        const auto answer = client->d->send(u"hello"_s, {{u"protocol"_s, protocol::Version},
                                                         {u"version"_s, QStringLiteral(CUTOVER_VERSION)},
                                                         {u"session"_s, client->d->session}});
        const Result<QJsonObject> result = co_await answer->future();
        if (!client) {
            co_return;
        }
        if (!result) {
            client->d->refused = result.error().code == u"serve.protocol";
            if (client->d->refused) {
                client->d->drop(result.error());
            }
            co_return;
        }
        client->d->ready = true;
        client->d->retryMs = FirstRetryMs;
        Q_EMIT client->connectionChanged(true, {});
        Q_EMIT client->changed({u"status"_s, u"runs"_s, u"restorePoints"_s, u"features"_s, u"releases"_s, u"conn"_s, u"metrics"_s});
    }
};

ServeClient::ServeClient(const QStringList &command, QObject *parent)
    : EngineClient(parent)
    , d(std::make_unique<Private>())
{
    d->q = this;
    d->command = command;
    d->retry.setSingleShot(true);
    connect(&d->retry, &QTimer::timeout, this, [this] { d->launch(); });
    connect(&d->process, &QProcess::started, this, [this] { Private::greet(this); });
    connect(&d->process, &QProcess::readyReadStandardOutput, this, [this] { d->readAll(); });
    connect(&d->process, &QProcess::readyReadStandardError, this, [this] {
        d->errorTail += d->process.readAllStandardError();
        d->errorTail = d->errorTail.right(2000);
    });
    connect(&d->process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart) {
            d->drop({.code = u"serve.start_failed"_s,
                     .args = {{u"program"_s, d->command.first()}, {u"reason"_s, d->process.errorString()}},
                     .kind = Error::Kind::Transient,
                     .where = {}});
        }
    });
    connect(&d->process, &QProcess::finished, this, [this](int code) {
        d->readAll();
        const QString last = QString::fromUtf8(d->errorTail.trimmed().split('\n').last());
        d->drop({.code = last.isEmpty() ? u"serve.ended"_s : u"serve.ended_saying"_s,
                 .args = {{u"exit"_s, code}, {u"output"_s, last}},
                 .kind = Error::Kind::Transient,
                 .where = {}});
    });
}

ServeClient::~ServeClient()
{
    d->wanted = false;
    disconnect(&d->process, nullptr, this, nullptr);
    for (const auto &answer : std::exchange(d->pending, {})) {
        Private::finish(answer, fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled));
    }
    if (d->process.state() != QProcess::NotRunning) {
        // The end of its input is how a server learns that its console is gone.
        d->process.closeWriteChannel();
        if (!d->process.waitForFinished(500)) {
            d->process.kill();
            d->process.waitForFinished(500);
        }
    }
}

void ServeClient::start()
{
    d->wanted = true;
    d->launch();
}

Async<QJsonObject> ServeClient::call(QString method, QJsonObject params)
{
    if (!d->ready) {
        co_return fail(u"serve.not_connected"_s, {}, {}, Error::Kind::Transient);
    }
    const auto answer = d->send(method, params);
    co_return co_await answer->future();
}

bool ServeClient::isConnected() const
{
    return d->ready;
}

} // namespace cutover

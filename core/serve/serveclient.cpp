// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/serveclient.h"

#include "serve/jsonlines.h"
#include "serve/protocol.h"
#include "serve/session.h"
#include "system/programs.h"

#include <QCoroFuture>
#include <QHash>
#include <QJsonArray>
#include <QProcess>
#include <QPromise>
#include <QSet>
#include <QSysInfo>
#include <QTimer>

#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int FirstRetryMs = 250;
constexpr int LastRetryMs = 5000;
constexpr int LastRemoteRetryMs = 30000; ///< Each is a login over there.
constexpr qsizetype KeptErrorOutput = 8000; ///< Bytes: a banner of the host may stand before what counts.
constexpr int HelloMs = 20000; ///< A server over a slow link, with a slow login.
constexpr int GoodbyeMs = 2000; ///< A server that has not ended by then is ended.
constexpr int FlushMs = 5; ///< For the goodbye to go into the pipe; a pipe with room takes it at once.
using Answer = QPromise<Result<QJsonObject>>;

/// Lets a server end by itself, without anybody waiting for it: its object goes once it has. Where
/// the event loop ends before, the object stays, as destroying it would wait; the server has the
/// end of its input all the same.
void leave(std::unique_ptr<QProcess> process)
{
    static QSet<QProcess *> leaving;
    QProcess *server = process.release();
    leaving.insert(server);
    QObject::connect(server, &QProcess::finished, server, [server] {
        leaving.remove(server);
        server->deleteLater();
    });
    QTimer::singleShot(GoodbyeMs, server, &QProcess::kill);
}

/// With both versions; a server of before they were told is of an unknown one.
Error otherProtocol(Error error, const ControlHost &host)
{
    error.args.insert(u"consoleVersion"_s, QStringLiteral(CUTOVER_VERSION));
    error.args.insert(u"host"_s, host.isLocal() ? QSysInfo::machineHostName() : host.text());
    if (!error.args.contains(u"serverVersion"_s)) {
        error.code = u"serve.protocol_old"_s;
    }
    return error;
}

} // namespace

struct ServeClient::Private {
    ServeClient *q;
    QStringList command;
    ControlHost host; ///< That command reaches through ssh.
    Error unusable; ///< Why there is no command.
    QString session = consoleSession();
    std::unique_ptr<QProcess> process = std::make_unique<QProcess>();
    JsonLines lines;
    QHash<qint64, std::shared_ptr<Answer>> pending;
    QSet<QString> jobs; ///< Under way at this server.
    QByteArray errorTail;
    std::optional<Error> failure; ///< Why this server was given up.
    std::optional<Error> stray; ///< What was no message before the first answer: of the account's shell, as far as that can be told.
    QTimer retry;
    QTimer again; ///< There may be another message behind the one that was read.
    QTimer hello;
    int retryMs = FirstRetryMs;
    LinkState state;
    qint64 nextId = 1;
    std::shared_ptr<Answer> greeting; ///< Of the server at hand.
    bool ready = false;
    bool refused = false; ///< Trying again will not help before a person has done something.
    bool wanted = false;

    std::shared_ptr<Answer> send(const QString &method, const QJsonObject &params)
    {
        auto answer = std::make_shared<Answer>();
        answer->start();
        const qint64 id = nextId++;
        pending.insert(id, answer);
        process->write(JsonLines::line({{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}}));
        return answer;
    }

    static void finish(const std::shared_ptr<Answer> &answer, Result<QJsonObject> result)
    {
        answer->addResult(std::move(result));
        answer->finish();
    }

    /// The link is gone: whatever was asked over it, or is at work over there for us, has failed.
    void drop(const Error &error)
    {
        const bool was = std::exchange(ready, false);
        hello.stop();
        greeting.reset();
        lines = JsonLines();
        for (const auto &answer : std::exchange(pending, {})) {
            finish(answer, fail(error));
        }
        const bool tell = was || retryMs > FirstRetryMs || refused;
        if (wanted && !refused) {
            retry.start(retryMs);
            retryMs = std::min(retryMs * 2, host.isLocal() ? LastRetryMs : LastRemoteRetryMs);
        }
        if (tell) {
            Q_EMIT q->connectionChanged(false, error);
        }
        for (const QString &job : std::exchange(jobs, {})) {
            Q_EMIT q->jobTold(job, u"failed"_s, error.toJson());
        }
    }

    /// What the end of the process means.
    Error ended(int code) const
    {
        if (!host.isLocal()) {
            if (Error error = sshFailure(host, code, errorTail); !error.code.isEmpty()) {
                return error;
            }
        }
        const QString last = QString::fromUtf8(errorTail.trimmed().split('\n').last());
        if (last.isEmpty() && stray) {
            return *stray;
        }
        return {.code = last.isEmpty() ? u"serve.ended"_s : u"serve.ended_saying"_s, .args = {{u"exit"_s, code}, {u"output"_s, last}}, .kind = Error::Kind::Transient, .where = {}};
    }

    /// Ends a server that can't be used; drop() follows with its end.
    void giveUp(const Error &error)
    {
        if (!failure) {
            failure = error;
            process->kill();
        }
    }

    void launch()
    {
        errorTail.clear();
        failure.reset();
        stray.reset();
        if (!unusable.code.isEmpty()) {
            refused = true;
            drop(unusable);
            return;
        }
        ++state.attempts;
        process->start(command.first(), command.sliced(1));
    }

    void handle(const QJsonObject &message)
    {
        if (message.contains(u"notify")) {
            const QString what = message[u"notify"].toString();
            if (what == u"changed") {
                Q_EMIT q->changed(message[u"topics"].toVariant().toStringList());
            } else if (what == u"job") {
                const QString job = message[u"job"].toString();
                const QString state = message[u"state"].toString();
                if (state == u"done" || state == u"failed") {
                    jobs.remove(job);
                }
                Q_EMIT q->jobTold(job, state, message[u"what"].toObject());
            } else if (what == u"run") {
                Q_EMIT q->runTold(message[u"what"].toObject());
            }
            return;
        }
        if (const auto answer = pending.take(message[u"id"].toInteger())) {
            if (message.contains(u"error")) {
                finish(answer, fail(Error::fromJson(message[u"error"].toObject())));
            } else {
                const QJsonObject result = message[u"result"].toObject();
                if (const QString job = result[u"job"].toString(); !job.isEmpty()) {
                    jobs.insert(job);
                }
                finish(answer, result);
            }
        }
    }

    /// Each message in a turn of its own, so that a window has time between them; whole: what came to the end.
    void read(bool whole)
    {
        const QByteArray bytes = process->readAllStandardOutput();
        if (failure) {
            return;
        }
        lines.feed(bytes);
        while (const auto line = lines.next()) {
            if (!*line) {
                // A shell over there may print from its startup files.
                if (!ready && !host.isLocal()) {
                    stray = line->error();
                    stray->kind = Error::Kind::Transient;
                    continue;
                }
                giveUp(line->error());
                return;
            }
            handle(**line);
            if (!whole) {
                again.start();
                return;
            }
        }
    }

    static QCoro::Task<> greet(QPointer<ServeClient> client)
    {
        const auto answer = client->d->send(u"hello"_s, {{u"protocol"_s, protocol::Version}, {u"version"_s, QStringLiteral(CUTOVER_VERSION)}, {u"session"_s, client->d->session}, {u"who"_s, whoAmI()}});
        client->d->greeting = answer;
        client->d->hello.start(HelloMs);
        const Result<QJsonObject> result = co_await answer->future();
        // The answer of a server that has been dropped since is of no use.
        if (!client || client->d->greeting != answer) {
            co_return;
        }
        client->d->hello.stop();
        if (!result) {
            Error error = result.error();
            client->d->refused = error.code == u"serve.protocol";
            if (client->d->refused) {
                error = otherProtocol(error, client->d->host);
            }
            client->d->giveUp(error);
            co_return;
        }
        client->d->ready = true;
        client->d->stray.reset();
        client->d->retryMs = FirstRetryMs;
        client->d->state.attempts = 0;
        client->d->state.version = (*result)[u"version"].toString();
        client->d->state.warnings.clear();
        const QJsonArray warnings = (*result)[u"warnings"].toArray();
        for (const auto &warning : warnings) {
            client->d->state.warnings.append(Error::fromJson(warning.toObject()));
        }
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
    d->hello.setSingleShot(true);
    connect(&d->hello, &QTimer::timeout, this, [this] {
        d->giveUp({.code = u"serve.no_hello"_s, .args = {{u"limit"_s, HelloMs}}, .kind = Error::Kind::Transient, .where = {}});
    });
    connect(d->process.get(), &QProcess::started, this, [this] { Private::greet(this); });
    connect(d->process.get(), &QProcess::readyReadStandardOutput, this, [this] { d->read(false); });
    d->again.setSingleShot(true);
    connect(&d->again, &QTimer::timeout, this, [this] { d->read(false); });
    connect(d->process.get(), &QProcess::readyReadStandardError, this, [this] {
        d->errorTail += d->process->readAllStandardError();
        d->errorTail = d->errorTail.right(KeptErrorOutput);
    });
    connect(d->process.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart && !d->host.isLocal()) {
            d->refused = true;
            d->drop({.code = u"ssh.no_client"_s, .args = {{u"reason"_s, d->process->errorString()}}, .where = {}});
        } else if (error == QProcess::FailedToStart) {
            d->drop({.code = u"serve.start_failed"_s,
                     .args = {{u"program"_s, d->command.first()}, {u"reason"_s, d->process->errorString()}},
                     .kind = Error::Kind::Transient,
                     .where = {}});
        }
    });
    connect(d->process.get(), &QProcess::finished, this, [this](int code) {
        d->read(true);
        if (d->failure) {
            d->drop(*d->failure);
            return;
        }
        const Error error = d->ended(code);
        d->refused = error.kind == Error::Kind::Permanent;
        d->drop(error);
    });
}

ServeClient::ServeClient(const ControlHost &host, const QString &program, const QString &targetFile, QObject *parent)
    : ServeClient(QStringList{program, u"serve"_s, u"--stdio"_s, u"--target"_s, targetFile}, parent)
{
    if (host.isLocal()) {
        return;
    }
    d->host = host;
    d->state.host = host.text();
    auto command = sshCommand(host, {host.program, u"serve"_s, u"--stdio"_s, u"--target"_s, targetFile});
    if (command) {
        d->command = std::move(*command);
    } else {
        d->unusable = std::move(command).error();
    }
}

ServeClient::~ServeClient()
{
    d->wanted = false;
    disconnect(d->process.get(), nullptr, this, nullptr);
    for (const auto &answer : std::exchange(d->pending, {})) {
        Private::finish(answer, fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled));
    }
    if (d->process->state() != QProcess::NotRunning) {
        if (d->ready) {
            d->process->write(JsonLines::line({{u"id"_s, d->nextId++}, {u"method"_s, u"bye"_s}}));
        }
        // The end of its input is how a server learns that its console is gone.
        d->process->closeWriteChannel();
        d->process->waitForBytesWritten(FlushMs);
        leave(std::move(d->process));
    }
}

void ServeClient::start()
{
    if (!std::exchange(d->wanted, true)) {
        d->launch();
    }
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

LinkState ServeClient::link() const
{
    LinkState state = d->state;
    state.nextMs = d->retry.isActive() ? d->retry.remainingTime() : -1;
    return state;
}

void ServeClient::tryAgain()
{
    if (d->wanted && (d->refused || d->retry.isActive()) && d->process->state() == QProcess::NotRunning) {
        d->refused = false;
        d->retry.stop();
        d->launch();
    }
}

} // namespace cutover

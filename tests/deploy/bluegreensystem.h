// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "balancedsystem.h"
#include "stepbench.h"

#include "deploy/colourplan.h"
#include "deploy/colours.h"
#include "metrics/watcher.h"
#include "system/files.h"

#include <QTimer>

namespace cutover::testing {

/// A backend of a release: answers /version, counts it in /metrics, and is as well as the files beside it say:
/// "unwell", "unwell-PORT" (not ready), "smokes" (its smoke test fails), "errs" (answers with errors); "reason": how it calls being unwell.
class ColouredBackend : public QTcpServer
{
public:
    explicit ColouredBackend(const QString &folder)
        : m_folder(folder)
    {
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = nextPendingConnection()) {
                connect(socket, &QTcpSocket::readyRead, socket, [this, socket] { answer(socket); });
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            }
        });
    }

private:
    [[nodiscard]] bool is(const QString &file) const
    {
        return QFile::exists(m_folder + u'/' + file) || QFile::exists(m_folder + u'/' + file + u'-' + QString::number(serverPort()));
    }
    void answer(QTcpSocket *socket)
    {
        const QByteArray request = socket->property("request").toByteArray() + socket->readAll();
        socket->setProperty("request", request);
        if (!request.contains("\r\n\r\n")) {
            return;
        }
        const QByteArray path = request.split(' ').value(1);
        QByteArray status = "200 OK";
        QByteArray body = "ok\n";
        if (path == "/version") {
            ++m_requests;
            if (is(u"errs"_s)) {
                ++m_errors;
                status = "500 Internal Server Error";
            }
            body = readFile(m_folder + u"/version"_s);
        } else if (path == "/own-version") {
            body = readFile(m_folder + u"/version"_s);
        } else if (path == "/metrics") {
            body = "http_requests_total " + QByteArray::number(m_requests) + "\nhttp_errors_total " + QByteArray::number(m_errors) + "\n";
        } else if (path == "/socket") {
            socket->write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
            return;
        } else if (path == "/long") {
            // Only begun: whoever asks stays as long as he likes.
            socket->write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbegun\n");
            return;
        } else if ((path == "/health" && is(u"unwell"_s)) || (path == "/smoke" && is(u"smokes"_s))) {
            status = "503 Service Unavailable";
        } else if (path == "/health" && is(u"reason"_s)) {
            status = "503 " + readFile(m_folder + u"/reason"_s);
        }
        socket->write("HTTP/1.1 " + status + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
        socket->disconnectFromHost();
    }

    QString m_folder;
    qint64 m_requests = 0;
    qint64 m_errors = 0;
};

/** A service of two blue and two green instances behind a balancer; releases 1.0.0, which is installed as blue, and others. */
class BlueGreenSystem : public BalancedSystem
{
protected:
    static const inline QStringList blue{u"blue-1"_s, u"blue-2"_s};
    static const inline QStringList green{u"green-1"_s, u"green-2"_s};
    QMap<QString, quint16> m_own;

    static QStringList instancesOf(const QString &colour) { return colour == u"blue" ? blue : green; }

public:
    /// "serve PORT FOLDER", "watch --target FILE", "run …"; -1: something else.
    static int runAlone(const QStringList &arguments)
    {
        if (arguments.value(1) == u"serve") {
            ColouredBackend backend(arguments.value(3));
            return backend.listen(QHostAddress::LocalHost, arguments.value(2).toUShort()) ? QCoreApplication::exec() : 3;
        }
        if (arguments.value(1) == u"watch") {
            const auto target = Target::load(arguments.value(3));
            Watcher watcher(*target);
            return watcher.start() ? QCoreApplication::exec() : 2;
        }
        return BalancedSystem::runAlone(arguments);
    }

protected:
    QString release(const QString &version) const { return path(u"releases/"_s + version); }
    void makeRelease(const QString &version, const QString &flaw = {})
    {
        const QString folder = release(version);
        writeFile(folder + u"/serve"_s, "#!/bin/sh\nexec " + QCoreApplication::applicationFilePath().toUtf8() + " serve $1 \"$PWD\"\n");
        QVERIFY(QFile::setPermissions(folder + u"/serve"_s, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        writeFile(folder + u"/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}\n");
        if (!flaw.isEmpty()) {
            writeFile(folder + u'/' + flaw, {});
        }
    }
    void makeColours()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_front = freePort();
        const QStringList all = blue + green;
        for (const QString &name : all) {
            m_own.insert(name, freePort());
        }
        // The watcher is started by its name.
        QVERIFY(QDir().mkpath(path(u"bin"_s)));
        QVERIFY(QFile::link(QCoreApplication::applicationFilePath(), path(u"bin/cutoverctl"_s)));
        qputenv("CUTOVER_BIN", path(u"bin"_s).toLocal8Bit());
        makeRelease(u"1.0.0"_s);
        makeRelease(u"1.1.0"_s);
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
    }
    /// balancer: the section of target.yaml. more: keys of the service. watch, window: how long errors are watched.
    void writeTarget(const QByteArray &section, const QByteArray &more = {}, const QByteArray &watch = "3s", const QByteArray &window = "2s")
    {
        QByteArray instances;
        for (const auto &[name, port] : m_own.asKeyValueRange()) {
            instances += "      - {name: " + name.toUtf8() + ", port: " + QByteArray::number(port) + ", colour: " + name.section(u'-', 0, 0).toUtf8() + "}\n";
        }
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: coloured\nproduct: coloured\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: "
                      + section + "\nservices:\n  - name: backend\n    strategy: blue_green\n    instances:\n" + instances + "    command: [serve, \"{port}\"]\n    health: {http: \"http://127.0.0.1:{port}/health\", interval: 50ms, ready_within: 10s}\n"
                                                                                                                             "    version: http://127.0.0.1:{port}/own-version\n    metrics: http://127.0.0.1:{port}/metrics\n"
                                                                                                                             "    smoke: [{name: answers, http: \"http://127.0.0.1:{port}/smoke\"}]\n"
                                                                                                                             "    balancer_backend: app\n    drain_limit: 2s\n    stop_timeout: 2s\n"
                      + more + "watch: {window: " + window + ", duration: " + watch + ", scrape_interval: 200ms, minimum_samples: 5}\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
    }
    void startBlue()
    {
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.ensureRunning()));
        for (const QString &name : blue) {
            OK(QCoro::waitFor(supervisor.start(name, m_target.releaseDirectory(u"1.0.0"_s))));
        }
        for (const QString &name : blue) {
            OK(QCoro::waitFor(supervisor.waitReady(name, {})));
        }
    }
    void stopColours()
    {
        if (!m_target.path.isEmpty()) {
            OK(QCoro::waitFor(stopWatcher(m_target)));
        }
        stopBackends();
    }

    QMap<QString, InstanceState> states()
    {
        QMap<QString, InstanceState> found;
        const InstanceLook look = QCoro::waitFor(lookAtInstances(m_target, 20000));
        for (const InstanceState &state : look.states) {
            found.insert(state.name, state);
        }
        return found;
    }
    QString servingNow() { return VALUE(colourRecord(m_target, u"backend"_s)).colour; }
    QString installed() const { return QFileInfo(VALUE(files::readLink(m_target.currentLink()))).fileName(); }

    enum class Watch { No,
                       Yes };
    /// forth: an update, with its canary and a watch; else the way back. change: of the plan, before it is a run.
    QString newRun(const QString &to, bool forth = true, Watch watch = Watch::No, const std::function<void(Plan *)> &change = {})
    {
        Plan plan = planOf(m_target, forth ? u"update"_s : u"rollback"_s, installed(), to);
        PlanningContext context{m_target, {}, plan.from};
        context.running = runningReleases(plan.facts);
        followColours(context.colours, plan.facts);
        plan.steps = deploySteps(context, to, releasesAt(m_target, {}, to), forth);
        if (watch == Watch::Yes) {
            StagedRelease release;
            release.info.manifest.version = VALUE(Version::parse(to));
            plan.steps += VALUE(QCoro::waitFor(planWatch(context, release)));
        }
        plan.steps += retireSteps(context, plan.steps, forth ? Retire::ButKept : Retire::All);
        plan.policy.insert(u"transientRetries"_s, 1);
        if (change) {
            change(&plan);
        }
        return addRun(m_target, plan);
    }
    RunState runNow(const QString &run)
    {
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        if (qEnvironmentVariableIsSet("CUTOVER_TELL_RUNS")) {
            qInfo("%s", qPrintable(story(run)));
        }
        return state;
    }

    QList<StepSpec> stepsTo(const QString &to)
    {
        PlanningContext context{m_target, {}, installed()};
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        context.running = runningReleases(facts);
        followColours(context.colours, facts);
        return deploySteps(context, to, releasesAt(m_target, {}, to), true);
    }
    /// A canary of 5, 25 and 50 %: between each share and the next, so many of all answers are the new release's.
    /// Begins and ends at blue with 1.0.0.
    void keepsItsShares()
    {
        const QList<StepSpec> steps = stepsTo(u"1.1.0"_s);
        QCOMPARE(steps.size(), 9);
        StepBench bench(m_target);
        std::vector<std::pair<std::unique_ptr<Step>, QJsonObject>> done;
        for (const StepSpec &spec : steps) {
            if (spec.kind != u"start_colour" && spec.kind != u"shift_colour") {
                continue;
            }
            auto step = VALUE(StepRegistry::create(spec));
            QCOMPARE(VALUE(QCoro::waitFor(step->inspect(bench, {}))), spec.kind == u"start_colour" || spec.id.endsWith(u":5") ? Inspection::NotStarted : Inspection::Partial);
            OK(QCoro::waitFor(step->observe(bench, {})));
            const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(bench, {})));
            OK(QCoro::waitFor(step->apply(bench, undo, {})));
            OK(QCoro::waitFor(step->verify(bench, {})));
            QCOMPARE(VALUE(QCoro::waitFor(step->inspect(bench, undo))), Inspection::Done);
            // Again: nothing changes.
            OK(QCoro::waitFor(step->apply(bench, undo, {})));
            OK(QCoro::waitFor(step->verify(bench, {})));
            if (spec.kind == u"shift_colour") {
                int fresh = 0;
                for (int i = 0; i < 1000; ++i) {
                    const QByteArray answer = ask(m_front, "/version");
                    QVERIFY2(answer.startsWith("HTTP/1.1 200"), answer.left(300).constData());
                    fresh += answer.contains("1.1.0") ? 1 : 0;
                }
                const int wanted = spec.params[u"percent"].toInt() * 10;
                qInfo("%d of 1000 requests at %d %%", fresh, wanted / 10);
                QVERIFY2(qAbs(fresh - wanted) <= 40, qPrintable(u"%1 of 1000, wanted %2"_s.arg(fresh).arg(wanted)));
            }
            done.emplace_back(std::move(step), undo);
        }
        QCOMPARE(done.size(), 4);
        User user(m_front);
        for (auto it = done.rbegin(); it != done.rend(); ++it) {
            OK(QCoro::waitFor(it->first->revert(bench, it->second, {})));
        }
        serves(u"blue"_s, u"1.0.0"_s);
        noneFailed(user);
    }

    /// That colour serves that version, all of it, and the other is out; kept: and runs still.
    void serves(const QString &colour, const QString &version, bool kept = false)
    {
        QCOMPARE(servingNow(), colour);
        QCOMPARE(installed(), version);
        const auto now = states();
        const auto inside = instancesOf(colour);
        for (const QString &name : inside) {
            QCOMPARE(now[name].release, version);
            QCOMPARE(instanceStateName(now[name].state), u"ready"_s);
            QVERIFY2(server(name).isUp(), qPrintable(name + u' ' + server(name).status));
            QCOMPARE(server(name).weight, 1);
        }
        const auto outside = instancesOf(otherColour(colour));
        for (const QString &name : outside) {
            QCOMPARE(now[name].pid > 0, kept);
            QVERIFY2(server(name).out, qPrintable(name + u' ' + server(name).status));
        }
        QVERIFY(VALUE(colourRecord(m_target, u"backend"_s)).weights.isEmpty());
        for (int i = 0; i < 8; ++i) {
            QVERIFY(ask(m_front, "/version").contains(version.toUtf8()));
        }
    }
    void servesAsBefore(const QString &colour, const QString &version, const QString &run, RunState state)
    {
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        serves(colour, version);
    }
};

} // namespace cutover::testing

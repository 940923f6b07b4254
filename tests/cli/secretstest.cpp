// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include "deploy/supervisorclient.h"
#include "plan/sealing.h"
#include "run/journal.h"
#include "system/files.h"

#include <QCoroTask>
#include <QDirIterator>
#include <QJsonArray>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace cutover;
using cli::Answer;

namespace {

const QByteArray secret = "behind-the-hill-42";

/** A target whose service, probe, log and command step all tell a secret that only the target knows to be one. */
class SecretsTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    Answer run(const QStringList &words) const { return cli::run(words + QStringList{u"--target"_s, path(u"target.yaml"_s)}, m_folder->path()); }
    void write(const QString &name, const QByteArray &content) const { QVERIFY(files::replace(path(name), content)); }
    static StepSpec step(const QString &kind, const QJsonObject &params)
    {
        StepSpec step;
        step.id = step.kind = kind;
        step.params = params;
        step.automaticRollback = false;
        return step;
    }
    /// Runs the steps in a runner of their own until it holds, and ends the run as it is. Returns its id.
    QString held(const QString &id, const QList<StepSpec> &steps)
    {
        RunRecord record;
        record.id = id;
        record.plan.targetName = m_target.name;
        record.plan.from = u"1.0.0"_s;
        record.plan.to = u"1.1.0"_s;
        record.plan.steps = steps;
        const auto facts = QCoro::waitFor(FactSource::collect(m_target));
        const auto journal = Journal::open(m_target.stateDirectory);
        if (!facts || !journal) {
            qFatal("no facts or no journal");
        }
        record.plan.facts = *facts;
        record.planDigest = record.plan.digest();
        record.startedBy = record.approvedBy = u"kim@desk"_s;
        if (!(*journal)->addRun(record)) {
            qFatal("no run");
        }
        const Answer runner = run({u"runner"_s, u"--run"_s, id, u"--leave-when-held"_s});
        auto now = (*journal)->run(id);
        if (!now || now->state != RunState::Held) {
            qFatal("the run %s is not held: %s", qPrintable(id), runner.told().constData());
        }
        now->state = RunState::Abandoned;
        if (!(*journal)->updateRun(*now)) {
            qFatal("the run can't be ended");
        }
        return id;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        write(u"app.env"_s, "FOO_SESAME=" + secret + "\nDATABASE_URL=postgresql://kim:quiet-lake-7@host/db\n");
        write(u"app.log"_s, "error: can't open with " + secret + "\n");
        const QByteArray talk = "echo FOO_SESAME=$FOO_SESAME; echo it is $FOO_SESAME; echo at $DATABASE_URL";
        write(u"target.yaml"_s, "schema: 1\nname: leaky\nproduct: leaky\nenvironment: development\nstate: state\nreleases: releases\n"
                                "repository: {url: repository, keys: [key.pub]}\n"
                                "services:\n"
                                "  - name: talker\n"
                                "    managed: false\n"
                                "    instances: [{name: talker-1}]\n"
                                "    environment_file: app.env\n"
                                "    health: {tcp: \"127.0.0.1:1\"}\n"
                                "    command: [/bin/sh, -c, \""
                  + talk + "; exit 7\"]\n"
                           "configuration:\n"
                           "  - {file: app.env, secrets: [\"*SESAME*\"]}\n"
                           "checks:\n"
                           "  log_file: app.log\n"
                           "  max_log_errors: 0\n"
                           "  probes:\n"
                           "    - {name: talk, command: [/bin/sh, -c, \". "
                  + path(u"app.env"_s).toUtf8() + "; " + talk + "; exit 3\"]}\n");
        const auto target = Target::load(path(u"target.yaml"_s));
        QVERIFY2(target, target ? "" : qPrintable(target.error().text()));
        m_target = *target;
    }
    void cleanup()
    {
        QVERIFY(QCoro::waitFor(SupervisorClient(m_target).shutdown()));
    }

    void lookingMakesNothing()
    {
        for (const QStringList &words : {QStringList{u"status"_s}, QStringList{u"history"_s}, QStringList{u"backup"_s, u"list"_s}, QStringList{u"audit"_s}}) {
            const Answer answer = run(words + QStringList{u"--json"_s});
            QVERIFY2(!answer.json.contains(u"error"), answer.told());
            QVERIFY2(!QFile::exists(m_target.stateDirectory), answer.told());
        }
        QVERIFY(run({u"history"_s, u"--json"_s}).json[u"runs"].toArray().isEmpty());
        const Answer none = run({u"history"_s, u"no-such-run"_s, u"--json"_s});
        QCOMPARE(none.code(), u"journal.no_run"_s);
        QVERIFY(!QFile::exists(m_target.stateDirectory));
    }

    void nothingTellsASecret()
    {
        QVERIFY(files::makePath(m_target.releaseDirectory(u"1.0.0"_s)));
        const QJsonArray talk{u"/bin/sh"_s, u"-c"_s, u". ./app.env; echo FOO_SESAME=$FOO_SESAME; echo it is $FOO_SESAME >&2; echo at $DATABASE_URL >&2; exit 5"_s};
        const QStringList ids{
            held(u"run-command"_s, {step(u"command"_s, {{u"name"_s, u"talk"_s}, {u"apply"_s, talk}, {u"timeoutMs"_s, 10000}})}),
            held(u"run-checks"_s, {step(u"precheck"_s, {})}),
            held(u"run-service"_s, {step(u"start_services"_s, {{u"instances"_s, QJsonArray{u"talker-1"_s}}, {u"release"_s, u"1.0.0"_s}})}),
        };
        QByteArray told;
        const auto tell = [&](const QStringList &words) {
            for (const Answer &answer : {run(words), run(words + QStringList{u"--json"_s})}) {
                told += answer.output + answer.errors;
            }
        };
        for (const QString &id : ids) {
            tell({u"history"_s, id});
            tell({u"report"_s, id});
        }
        tell({u"history"_s});
        tell({u"status"_s});
        tell({u"check"_s});
        tell({u"audit"_s});
        // The words around the secrets are there: what they said was told.
        for (const char *expected : {"at postgresql://kim:••••@host/db", "can't open with ••••", "it is ••••"}) {
            QVERIFY2(told.contains(expected), QByteArray(expected + QByteArray(" in ") + told).constData());
        }
        for (const QByteArray &hidden : {secret, QByteArray("quiet-lake-7")}) {
            QVERIFY2(!told.contains(hidden), told.constData());
            QDirIterator all(m_target.stateDirectory, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
            int seen = 0;
            while (all.hasNext()) {
                const QString file = all.next();
                // A service's own log is the service's own: it writes there without us between.
                const bool own = file.endsWith(u"/logs/talker-1.log");
                QCOMPARE(files::read(file).value().contains(hidden) ? file : QString(), own ? file : QString());
                if (own) {
                    QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther), QFile::Permissions());
                }
                ++seen;
            }
            QVERIFY(seen > 5);
        }
    }

    void sealedFilesAreOpenedByHand()
    {
        QVERIFY(files::makePath(m_target.stateDirectory));
        write(u"before.env.sealed"_s, seal(m_target.stateDirectory, "A=" + secret + "\n").value());
        QVERIFY(files::replace(path(u"opened.env"_s), "x")); // Readable by all.
        EXIT_IS(run({u"backup"_s, u"unseal"_s, path(u"before.env.sealed"_s)}), 2);
        const Answer would = run({u"backup"_s, u"unseal"_s, path(u"before.env.sealed"_s), u"--output"_s, path(u"opened.env"_s), u"--dry-run"_s});
        EXIT_IS(would, 0);
        QVERIFY2(!would.told().contains(secret), would.told());
        QCOMPARE(files::read(path(u"opened.env"_s)).value(), QByteArray("x"));
        const Answer opened = run({u"backup"_s, u"unseal"_s, path(u"before.env.sealed"_s), u"--output"_s, path(u"opened.env"_s)});
        EXIT_IS(opened, 0);
        QVERIFY2(!opened.told().contains(secret), opened.told());
        QCOMPARE(files::read(path(u"opened.env"_s)).value(), QByteArray("A=" + secret + "\n"));
        QCOMPARE(QFile::permissions(path(u"opened.env"_s)) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        write(u"before.env.sealed"_s, "cutover sealed 1\nnonsense");
        EXIT_IS(run({u"backup"_s, u"unseal"_s, path(u"before.env.sealed"_s), u"--output"_s, path(u"opened.env"_s)}), 1);
    }
};

} // namespace

QTEST_GUILESS_MAIN(SecretsTest)
#include "secretstest.moc"

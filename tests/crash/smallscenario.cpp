// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallscenario.h"

#include "config/configurationplan.h"
#include "system/files.h"
#include "system/random.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

const QByteArray oldContent = "# The service's settings\nexport MODE='paper'\nAPI_TOKEN=abc\n\nLIMIT=10 # orders a second\n";
const QByteArray newContent = "# The service's settings\nexport MODE='live'\nAPI_TOKEN=abc\n\nLIMIT=20 # orders a second\nNEW_ENGINE=on\n";

} // namespace

SmallScenario::SmallScenario(bool goesBack)
    : m_goesBack(goesBack)
    , m_base(systemsTemplate())
{
}

Target SmallScenario::target(const QString &folder)
{
    Target target;
    target.name = u"small"_s;
    target.product = u"small"_s;
    target.path = folder + u"/target.yaml"_s;
    target.stateDirectory = folder + u"/state"_s;
    target.releasesDirectory = folder + u"/releases"_s;
    target.configuration = {{folder + u"/config/.env"_s, {}}};
    return target;
}

Result<> SmallScenario::reset()
{
    m_folder = m_base.filePath(u"system"_s);
    QDir(m_folder).removeRecursively();
    const Target system = target(m_folder);
    for (const QString &path : {system.stateDirectory, system.releaseDirectory(u"1.0.0"_s), system.releaseDirectory(u"1.1.0"_s),
                                QString(m_folder + u"/config"_s)}) {
        CHECK(files::makePath(path));
    }
    CHECK(files::replace(system.path, "name: small\n"));
    CHECK(files::replace(system.configuration.first().file, oldContent, files::privateFile));
    CHECK(files::switchLink(system.currentLink(), u"1.0.0"_s));

    Plan plan;
    plan.kind = u"update"_s;
    plan.targetName = system.name;
    plan.from = u"1.0.0"_s;
    plan.to = u"1.1.0"_s;
    StepSpec configure;
    configure.id = configure.kind = u"configure"_s;
    configure.params = {{u"file"_s, system.configuration.first().file},
                        {u"set"_s, QJsonObject{{u"MODE"_s, u"live"_s}, {u"LIMIT"_s, u"20"_s}, {u"NEW_ENGINE"_s, u"on"_s}}}};
    StepSpec change;
    change.id = change.kind = u"switch_release"_s;
    change.params = {{u"from"_s, u"1.0.0"_s}, {u"to"_s, u"1.1.0"_s}};
    change.changes = {{u"release.current"_s, u"1.1.0"_s}};
    TRY(plan.steps, withConfigurationFacts(system, {configure, change}));
    if (m_goesBack) {
        StepSpec check;
        check.id = check.kind = u"check_version"_s;
        check.changesState = false;
        check.params = {{u"from"_s, u"9.9.9"_s}};
        plan.steps.append(check);
    }
    TRY(plan.facts, QCoro::waitFor(FactSource::collect(system)));
    RunRecord run;
    run.id = m_run = Random::system().id();
    run.plan = plan;
    run.planDigest = plan.digest();
    run.startedBy = u"crash test"_s;
    run.created = QDateTime::currentDateTimeUtc();
    TRY(const auto journal, Journal::open(system.stateDirectory));
    return journal->addRun(run);
}

QStringList SmallScenario::runner() const
{
    return {qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/crash-runner"_s, m_folder, m_run};
}

Result<QString> SmallScenario::state() const
{
    const Target system = target(m_folder);
    TRY(const QString link, files::readLink(system.currentLink()));
    TRY(const QByteArray content, files::read(system.configuration.first().file));
    const QString file = content == newContent ? u"new"_s : content == oldContent ? u"old"_s
                                                                                  : u"neither"_s;
    const QString release = link == u"1.1.0" ? u"new"_s : link == u"1.0.0" ? u"old"_s
                                                                           : u"neither"_s;
    if (file == u"neither" || release == u"neither") {
        return between(u"The configuration is %1, the release %2."_s.arg(file, release));
    }
    return file == release ? file : u"mixed"_s;
}

Result<> SmallScenario::sound(Journal &journal, bool final) const
{
    CHECK(journal.verifyAudit());
    const QString found = integrity(QString(target(m_folder).stateDirectory + u"/journal.db"_s));
    if (found != u"ok") {
        return between(u"The journal is damaged: "_s + found);
    }
    if (const QStringList left = leftovers(m_folder); final && !left.isEmpty()) {
        return between(u"Left behind: "_s + left.join(u", "_s));
    }
    return {};
}

Result<CrashScenario::Reason> SmallScenario::reason()
{
    TRY(const auto journal, Journal::open(target(m_folder).stateDirectory));
    return reasonOf(*journal, m_run, m_folder);
}

Result<bool> SmallScenario::decide()
{
    TRY(const auto journal, Journal::open(target(m_folder).stateDirectory));
    CHECK(decideAbout(*journal, m_run));
    return true;
}

Result<QString> SmallScenario::judge()
{
    TRY(const auto journal, Journal::open(target(m_folder).stateDirectory));
    TRY(const RunRecord run, journal->run(m_run));
    CHECK(sound(*journal, isFinal(run.state)));
    TRY(const QString found, state());
    switch (run.state) {
    case RunState::Succeeded:
        return found == u"new" ? Result<QString>(found) : between(u"The run succeeded, but the system is "_s + found);
    case RunState::RolledBack:
        return found == u"old" ? Result<QString>(found) : between(u"The run is rolled back, but the system is "_s + found);
    case RunState::Held:
        return u"held"_s;
    default:
        return between(u"The run is "_s + stateName(run.state));
    }
}

} // namespace cutover::testing

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// An operator who is not root, and backends that are units of the machine's systemd: what a real polkit refuses is found
// before anything is stopped, and the rule that README.md and the message give is enough, and gives nothing else. Started by
// tests/support/undersystemd --logins.

#include "changeddemo.h"
#include "check/checklist.h"
#include "deploy/polkitrule.h"
#include "deploy/runtime.h"
#include "deploy/systemdmanager.h"
#include "faultdemo.h"
#include "tests/support/logins.h"
#include "tests/support/sshserver.h"

#include <QCoroTask>
#include <QDir>
#include <QJsonDocument>
#include <QTextStream>

#include <sys/mount.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

constexpr int PatienceMs = 300000;
const QStringList Units{u"backend@1.service"_s, u"backend@2.service"_s};

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly) && file.write(content) == content.size(), qPrintable(path));
}

/// Of README.md, without its margin: from the line that begins so up to the one that ends it.
QString readme(const QString &begin, const QString &end)
{
    QString text = QString::fromUtf8(contentOf(u":/README.md"_s));
    const qsizetype first = text.indexOf(u"\n    "_s + begin) + 1;
    const qsizetype last = text.indexOf(u'\n', text.indexOf(end, first + begin.size()) + end.size());
    if (first <= 0 || last < first) {
        qFatal("README.md lacks %s", qPrintable(begin));
    }
    text = text.sliced(first, last - first);
    return text.replace(QRegularExpression(u"^    "_s, QRegularExpression::MultilineOption), QString()) + u'\n';
}

/// The first value of that name, at whatever depth.
QString valueIn(const QJsonValue &json, const QString &name)
{
    if (json[name].isString()) {
        return json[name].toString();
    }
    QString found;
    const QVariantList members = json.isArray() ? json.toVariant().toList() : QVariantList(json.toObject().toVariantMap().values());
    for (const QVariant &member : members) {
        found = found.isEmpty() ? valueIn(QJsonValue::fromVariant(member), name) : found;
    }
    return found;
}

/** A demo system of the account's, which starts it by this program, too. */
class OperatorsDemo : public ChangedDemo
{
public:
    explicit OperatorsDemo(const LoginAccount &account)
    {
        m_account = account.command();
        account.own(folder());
    }
    /// What this program says as that account.
    [[nodiscard]] QByteArray own(const QStringList &arguments) const
    {
        QProcess process;
        const QStringList command = m_account + QStringList{QCoreApplication::applicationFilePath()} + arguments;
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(command.first(), command.sliced(1));
        process.waitForFinished(PatienceMs);
        return process.readAllStandardOutput().trimmed();
    }
    [[nodiscard]] QByteArray startAll()
    {
        m_started = true;
        return own({u"start"_s, targetFile()});
    }
};

class SystemdPolkitTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<LoginAccount> m_account;
    std::unique_ptr<OperatorsDemo> m_demo;
    QMap<QString, QString> m_before; ///< Unit → its process and what it starts from.

    /// What root says in /etc/polkit-1/rules.d; empty: nothing. It begins anew, so that nobody has to guess when it has read that.
    static void allow(const QString &rule)
    {
        const QString file = u"/etc/polkit-1/rules.d/50-cutover.rules"_s;
        QFile::remove(file);
        if (!rule.isEmpty()) {
            write(file, rule.toUtf8());
        }
        // More often than a service may be.
        QCOMPARE(asRoot(u"systemctl"_s, {u"reset-failed"_s, u"polkit.service"_s}), QString());
        QCOMPARE(asRoot(u"systemctl"_s, {u"restart"_s, u"polkit.service"_s}), QString());
    }
    static QString readmesRule() { return readme(u"polkit.addRule("_s, u"\n    });"_s); }
    static QString pidOf(const QString &unit) { return asRoot(u"systemctl"_s, {u"show"_s, u"--value"_s, u"--property=MainPID"_s, unit}); }
    static QMap<QString, QString> now()
    {
        QMap<QString, QString> all;
        for (const QString &unit : Units) {
            all.insert(unit, pidOf(unit) + QString::fromUtf8(contentOf(u"/etc/systemd/system/%1.d/50-cutover.conf"_s.arg(unit))));
        }
        return all;
    }
    void nothingHasHappened() const
    {
        QCOMPARE(now(), m_before);
        QVERIFY(m_demo->servesOnly(u"1.2.0"_s));
        QCOMPARE(m_demo->failures(), QStringList());
    }
    [[nodiscard]] QString asAccount(const QStringList &arguments, const QStringList &account = {}) const
    {
        const QStringList command = (account.isEmpty() ? m_account->command() : account) + arguments;
        return asRoot(command.first(), command.sliced(1));
    }
    [[nodiscard]] QJsonObject rights() const
    {
        const QJsonArray checks = m_demo->ctl({u"check"_s, u"1.2.1"_s}).json[u"checks"_s].toArray();
        for (const auto &check : checks) {
            if (check[u"id"].toString() == u"units") {
                return check.toObject();
            }
        }
        return {};
    }
    /// Whole: error of a run or of a command. An update changes nothing, and says so with these words.
    LiveSystem::Outcome updateIsRefused(const QString &code, const QStringList &words) const
    {
        const auto update = m_demo->ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"3s"_s}, PatienceMs);
        [&] {
            QVERIFY2(update.exitCode != 0, update.errors);
            const QString told = FaultDemo::told(update, update.exitCode, code, words);
            QVERIFY2(told.isEmpty(), qPrintable(told));
            QCOMPARE(m_demo->doneSteps(u"deploy_instance"_s), QStringList());
            nothingHasHappened();
        }();
        return update;
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_LOGINS;
        m_account = std::make_unique<LoginAccount>();
        write(u"/etc/systemd/system/backend@.service"_s, "[Unit]\nDescription=Backend %i\n[Service]\nUser=deploy\nRestart=on-failure\nRestartSec=100ms\n");
        write(u"/etc/systemd/system/other.service"_s, "[Service]\nExecStart=/bin/sleep infinity\n");
        QCOMPARE(asRoot(u"systemctl"_s, {u"daemon-reload"_s}), QString());
        QCOMPARE(asRoot(u"systemctl"_s, {u"start"_s, u"other"_s}), QString());
        QCOMPARE(asRoot(u"sh"_s, {u"-c"_s, readme(u"install -d -o deploy"_s, u".d"_s)}), QString());

        m_demo = std::make_unique<OperatorsDemo>(*m_account);
        QVERIFY2(m_demo->create(5000, 50, {u"--no-retries"_s}), qPrintable(m_demo->problem()));
        m_demo->change(u"target.yaml"_s, u"strategy: rolling\n(\\s+)instances:\n\\s+- \\{name: backend-1, port: (\\d+)\\}\n\\s+- \\{name: backend-2, port: (\\d+)\\}\n"_s,
                       u"runtime: systemd\n\\1instances:\n\\1  - {name: backend-1, port: \\2, unit: backend@1.service}\n\\1  - {name: backend-2, port: \\3, unit: backend@2.service}\n"_s);
        allow(readmesRule());
        QCOMPARE(m_demo->startAll(), QByteArray("ok"));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 100, 60000);
    }
    void init()
    {
        m_before = now();
        for (const QString &unit : Units) {
            QVERIFY2(pidOf(unit).toLongLong() > 0, qPrintable(unit));
            QCOMPARE(QFileInfo(u"/proc/"_s + pidOf(unit)).ownerId(), m_account->uid());
        }
    }
    void cleanupTestCase()
    {
        m_demo.reset();
        if (m_account) {
            asRoot(u"systemctl"_s, QStringList{u"stop"_s, u"other"_s} + Units);
        }
    }

    void withoutARuleAllIsRefusedBefore()
    {
        allow({});
        const auto restart = m_demo->ctl({u"service"_s, u"restart"_s, u"backend"_s});
        const QString told = FaultDemo::told(restart, restart.exitCode, u"systemd.denied"_s, {u"backend@1.service"_s, u"The account deploy"_s, u"authentication required"_s, u"polkit.addRule("_s});
        QVERIFY2(restart.exitCode != 0 && told.isEmpty(), qPrintable(told));
        nothingHasHappened();

        const QJsonObject check = rights();
        QCOMPARE(check[u"status"], u"failed"_s);
        QCOMPARE(check[u"error"][u"code"], u"systemd.denied"_s);
        updateIsRefused(u"systemd.denied"_s, {u"backend@1.service"_s, u"deploy"_s});
        QCOMPARE(m_demo->own({u"manager"_s, m_demo->targetFile(), u"stop"_s}), QByteArray("systemd.denied backend@1.service Interactive authentication required."));
        // It goes on, and is meant to.
        QVERIFY(!contentOf(m_demo->stateFolder() + u"/systemd-stopped.json"_s).contains("backend-1"));
        nothingHasHappened();
    }

    void whatTheMessageSaysIsEnough()
    {
        allow({});
        const auto refused = m_demo->ctl({u"service"_s, u"restart"_s, u"backend"_s});
        const QString rule = valueIn(refused.json, u"rule"_s);
        QCOMPARE(rule, polkitRule(u"deploy"_s, Units));
        QVERIFY2(valueIn(refused.json, u"hint"_s).contains(rule), refused.errors);
        allow(rule);
        const auto restart = m_demo->ctl({u"service"_s, u"restart"_s, u"backend"_s});
        QVERIFY2(restart.exitCode == 0, restart.errors);
        for (const QString &unit : Units) {
            QVERIFY(now()[unit] != m_before[unit]);
        }
        QVERIFY(m_demo->servesOnly(u"1.2.0"_s));
        QCOMPARE(m_demo->failures(), QStringList());
    }

    /// Found before the first is stopped, not when its turn has come.
    void aUnitThatTheRuleForgets()
    {
        allow(polkitRule(u"deploy"_s, {Units[0]}));
        updateIsRefused(u"systemd.denied"_s, {u"backend@2.service"_s});
    }

    void ruleWithoutDaemonReload()
    {
        allow(readmesRule().replace(reloadAction(), u"org.example.none"_s));
        QVERIFY(asAccount({u"systemctl"_s, u"--no-ask-password"_s, u"daemon-reload"_s}).contains(u"authentication required"_s));
        updateIsRefused(u"systemd.reload_denied"_s, {u"deploy"_s, u"read unit files again"_s});
        // systemd's own word, which names no unit.
        QCOMPARE(m_demo->own({u"manager"_s, m_demo->targetFile(), u"reload"_s}), QByteArray("systemd.reload_denied - Interactive authentication required."));
    }

    /// Without polkit's program nobody can say, which keeps nobody from anything.
    void whereNobodyCanTell()
    {
        allow(readmesRule());
        const QByteArray program("/usr/bin/pkcheck");
        QCOMPARE(::mount("/dev/null", program.constData(), nullptr, MS_BIND, nullptr), 0);
        const QJsonObject check = rights();
        const auto restart = m_demo->ctl({u"service"_s, u"restart"_s, u"backend"_s, u"--instance"_s, u"backend-2"_s});
        QCOMPARE(::umount(program.constData()), 0);
        QCOMPARE(check[u"status"], u"warning"_s);
        QCOMPARE(check[u"error"][u"code"], u"systemd.rights_unknown"_s);
        QVERIFY2(restart.exitCode == 0, restart.errors);
        QCOMPARE(now()[Units[0]], m_before[Units[0]]);
        QVERIFY(now()[Units[1]] != m_before[Units[1]]);
    }

    void folderOfSomebodyElse()
    {
        allow(readmesRule());
        const QString folder = u"/etc/systemd/system/backend@2.service.d"_s;
        QCOMPARE(asRoot(u"chown"_s, {u"root"_s, folder}), QString());
        const QJsonObject check = rights();
        m_account->own(folder);
        QCOMPARE(check[u"status"], u"failed"_s);
        QCOMPARE(check[u"error"][u"code"], u"systemd.no_drop_in"_s);
    }

    void readmesRuleGivesNothingElse()
    {
        allow(readmesRule());
        const QString systemctl = u"systemctl"_s;
        const QString silent = u"--no-ask-password"_s;
        for (const QStringList &words : {QStringList{u"stop"_s, u"other.service"_s}, QStringList{u"start"_s, u"backend@3.service"_s}, QStringList{u"enable"_s, u"backend@1.service"_s}}) {
            const QString said = asAccount(QStringList{systemctl, silent} + words);
            QVERIFY2(said.contains(u"authentication required"_s), qPrintable(words.join(u' ') + said));
        }
        QStringList another = m_account->command();
        another.replaceInStrings(QString::number(m_account->uid()), u"65534"_s);
        for (const QStringList &words : {QStringList{u"stop"_s, Units[0]}, QStringList{u"daemon-reload"_s}}) {
            const QString said = asAccount(QStringList{systemctl, silent} + words, another);
            QVERIFY2(said.contains(u"authentication required"_s), qPrintable(words.join(u' ') + said));
        }
        nothingHasHappened();
    }

    /// Where the account is one of a further host, its rights over there count.
    void accountOnAFurtherHost()
    {
        NEEDS_SSHD;
        SshServer server;
        server.logins = true;
        const QString problem = server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QTemporaryDir folder;
        qputenv("CUTOVER_SSH_CONFIG", server.addPerson(folder.filePath(u"home"_s)).toLocal8Bit());
        const QString file = folder.filePath(u"target.yaml"_s);
        const QByteArray address = server.address().toUtf8();
        for (const QByteArray &user : {QByteArray("root"), QByteArray("deploy")}) {
            write(file, "schema: 1\nname: far\nproduct: far\nenvironment: staging\nstate: state-" + user + "\nreleases: releases\nrepository: {url: repository, keys: [key.pub]}\n"
                                                                                                           "hosts:\n  - {name: web-2, ssh: \""
                      + user + '@' + address + "\", releases: " + QFile::encodeName(folder.filePath(u"there"_s)) + "}\nservices:\n"
                                                                                                                   "  - name: backend\n    runtime: systemd\n    host: web-2\n    command: [serve]\n    health: {tcp: \"127.0.0.1:{port}\"}\n    instances:\n      - {name: backend-1, port: 8101, unit: backend@1}\n      - {name: backend-2, port: 8102, unit: backend@2}\n");
            const auto target = Target::load(file);
            QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
            CheckScope scope;
            scope.target = *target;
            const auto check = [&scope] {
                scope.only = {u"units"_s, u"units:web-2"_s};
                const auto results = QCoro::waitFor(runCheckList(scope, {}, {}));
                return results && results->size() == 1 ? results->first() : CheckResult();
            };
            allow({});
            const CheckResult without = check();
            allow(readmesRule());
            const CheckResult with = check();
            QCOMPARE(with.status, CheckResult::Status::Passed);
            QCOMPARE(with.finding.code, user == "root" ? u"systemd.rights_root"_s : u"systemd.rights_ok"_s);
            if (user == "root") {
                QCOMPARE(without.status, CheckResult::Status::Passed);
                continue;
            }
            QCOMPARE(without.status, CheckResult::Status::Failed);
            QCOMPARE(without.error.code, u"systemd.denied"_s);
            QCOMPARE(without.error.where, target->hosts[0].text());
            QCOMPARE(without.error.args["rule"_L1].toString(), polkitRule(u"deploy"_s, Units));
        }
        nothingHasHappened();
    }

    /// A whole update, and the way back.
    void readmesRuleIsEnough()
    {
        allow(readmesRule());
        const QJsonObject check = rights();
        QVERIFY2(check[u"status"].toString() == u"passed", QJsonDocument(check).toJson().constData());
        QCOMPARE(check[u"finding"][u"args"][u"count"], 2);
        for (const auto &[words, version] : {std::pair(QStringList{u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"3s"_s}, u"1.2.1"_s),
                                             std::pair(QStringList{u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s}, u"1.2.0"_s)}) {
            const auto done = m_demo->ctl(words, PatienceMs);
            QVERIFY2(done.exitCode == 0, done.errors);
            QCOMPARE(m_demo->doneSteps(u"deploy_instance"_s).size(), Units.size());
            for (const QString &unit : Units) {
                QCOMPARE(QFile::symLinkTarget(u"/proc/%1/exe"_s.arg(pidOf(unit))), QDir(m_demo->folder()).canonicalPath() + u"/releases/%1/cutover-demo-service"_s.arg(version));
            }
            QVERIFY(m_demo->servesOnly(version));
            QCOMPARE(m_demo->failures(), QStringList());
        }
    }

    /// Where all are stopped at once neither the preview nor a run that was approved before gets as far as a drain.
    void fullRestoreIsRefusedBefore()
    {
        allow(readmesRule());
        const QStringList restore{u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"restore"_s};
        const auto planned = m_demo->ctl(restore + QStringList{u"--dry-run"_s}, PatienceMs);
        QVERIFY2(planned.exitCode == 0, planned.errors);
        const QString file = m_demo->folder() + u"/restore.json"_s;
        write(file, QJsonDocument(QJsonObject{{u"plan"_s, planned.json[u"plan"_s]}, {u"digest"_s, planned.json[u"digest"_s]}}).toJson());
        m_account->own(file);

        allow(polkitRule(u"deploy"_s, {Units[0]}));
        for (const QStringList &words : {restore, QStringList{u"apply"_s, file}}) {
            const auto refused = m_demo->ctl(words + QStringList{u"--yes"_s}, PatienceMs);
            const QString told = FaultDemo::told(refused, refused.exitCode, u"systemd.denied"_s, {u"backend@2.service"_s, u"The account deploy"_s});
            QVERIFY2(refused.exitCode != 0 && told.isEmpty(), qPrintable(told));
            nothingHasHappened();
        }
        // The second was a run, which had got as far as that and went back.
        QCOMPARE(m_demo->ctl({u"history"_s}).json[u"runs"].toArray().first()[u"state"].toString(), u"rolledBack"_s);
        QCOMPARE(m_demo->doneSteps(u"stop_services"_s), QStringList());
    }
};

/// What this program does as the account; says "ok", or an error's code, unit and reason.
int runAlone(const QStringList &arguments)
{
    Result<> done;
    if (arguments[1] == u"start") {
        done = SystemDemo::startInstances(arguments.value(2));
    } else {
        const auto target = Target::load(arguments.value(2));
        SystemdManager manager(target.value(), {}, SystemdManager::Whose::Machine);
        const auto runtime = RuntimeRegistry::create(u"systemd"_s, target.value());
        done = QCoro::waitFor(arguments.value(3) == u"reload" ? manager.reload() : runtime.value()->stop(u"backend-1"_s));
    }
    QTextStream said(stdout);
    if (done) {
        said << "ok" << Qt::endl;
        return 0;
    }
    const QJsonObject &args = done.error().args;
    if (arguments[1] == u"start") {
        said << done.error().text() << Qt::endl;
    } else {
        said << done.error().code << ' ' << args["unit"_L1].toString(u"-"_s) << ' ' << args["reason"_L1].toString() << Qt::endl;
    }
    return 1;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    if (arguments.value(1) == u"start" || arguments.value(1) == u"manager") {
        return runAlone(arguments);
    }
    SystemdPolkitTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "systemdpolkittest.moc"

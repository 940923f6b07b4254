// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;
using cli::Answer;

/** Approvals, checklists, blackout hours, broken glass and staging as they are typed, on a system that runs; the tests build on one another. */
class PeopleTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<SystemDemo> m_demo;
    QByteArray m_yaml;
    QString m_run;

    QString path(const QString &name) const { return QString(m_demo->folder() + u'/' + name); }
    Answer run(const QStringList &words, const QString &person = u"kim"_s) const
    {
        return cli::run(words + QStringList{u"--target"_s, m_demo->targetFile()}, m_demo->folder(), person);
    }
    Answer json(const QStringList &words, const QString &person = u"kim"_s) const { return run(words + QStringList{u"--json"_s}, person); }
    void write(const QString &name, const QByteArray &content) const
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    /// The demo's target with this at its end.
    void demand(const QByteArray &more) const { write(u"target.yaml"_s, m_yaml + more); }
    qsizetype runs() const { return json({u"history"_s}).json[u"runs"].toArray().size(); }
    static QJsonObject itemOf(const Answer &answer, const QString &id)
    {
        for (const auto &item : answer.json[u"items"].toArray()) {
            if (item[u"id"] == id) {
                return item.toObject();
            }
        }
        return {};
    }
    bool isAudited(const QString &what, const QString &key, const QString &value) const
    {
        const Answer trail = json({u"audit"_s, u"--limit"_s, u"1000"_s});
        const QJsonArray rows = trail.json[u"rows"].toArray();
        return trail.json[u"intact"].toBool() && std::ranges::any_of(rows, [&](const QJsonValue &row) { return row[u"what"] == what && row[u"args"][key] == value; });
    }
    static QByteArray approvals() { return "approval:\n  valid: 1h\n  approvers:\n    - {name: Lee, key: keys/lee.pub}\n"; }
    static QByteArray checklists()
    {
        return "checklists:\n  - {name: desk-told, text: The trading desk knows, when: before, required: true}\n  - {name: rota, text: Somebody is on call, when: after, required: true}\n";
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_demo = std::make_unique<SystemDemo>();
        QVERIFY2(m_demo->start(500, 30), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 30, 20000);
        QFile file(m_demo->targetFile());
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_yaml = file.readAll();
        write(u"password"_s, "correct horse\n");
        write(u"wrong-password"_s, "wrong horse\n");
        EXIT_IS(run({u"package"_s, u"keys"_s, u"--secret"_s, path(u"lee.key"_s), u"--public"_s, path(u"keys/lee.pub"_s), u"--password-file"_s, path(u"password"_s)}), 0);
        EXIT_IS(run({u"package"_s, u"keys"_s, u"--secret"_s, path(u"eve.key"_s), u"--public"_s, path(u"eve.pub"_s)}), 0);
    }
    void cleanupTestCase() { m_demo.reset(); }

    void exitCodesAreTold()
    {
        const Answer help = cli::run({u"help"_s, u"exit-codes"_s, u"--json"_s});
        EXIT_IS(help, 0);
        QVERIFY(help.json[u"exitCodes"][u"6"].toString().contains(u"blackout"));
        QVERIFY(help.json[u"exitCodes"][u"7"].toString().contains(u"approval"));
    }

    void blackoutHours()
    {
        // Two hours around now, wherever that is in the day.
        const QTime from = QTime::currentTime().addSecs(-3600);
        const QTime to = QTime::currentTime().addSecs(3600);
        demand("blackout:\n  - {reason: Market hours, from: \"" + from.toString(u"HH:mm"_s).toLatin1() + "\", to: \"" + to.toString(u"HH:mm"_s).toLatin1() + "\"}\n");
        const Answer refused = json({u"update"_s, u"1.2.1"_s, u"--yes"_s});
        EXIT_IS(refused, 6);
        QCOMPARE(refused.code(), u"gate.blackout_now"_s);
        QVERIFY2(refused.json[u"error"][u"what"].toString().contains(u"Market hours"), refused.told());
        QVERIFY2(refused.json[u"error"][u"hint"].toString().contains(u"break the glass"), refused.told());
        const Answer plain = run({u"update"_s, u"1.2.1"_s, u"--yes"_s});
        EXIT_IS(plain, 6);
        QVERIFY2(plain.errors.contains("Market hours"), plain.told());
        // It is told by whatever looks: plan, dry run, pre-checks.
        QVERIFY(run({u"plan"_s, u"1.2.1"_s}).output.contains("Blackout hours: No update starts now"));
        const Answer dry = json({u"update"_s, u"1.2.1"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"gates"].toArray().first()[u"open"], false);
        const Answer checks = json({u"check"_s, u"1.2.1"_s});
        const QJsonArray told = checks.json[u"checks"].toArray();
        const auto blackout = std::ranges::find_if(told, [](const QJsonValue &check) { return check[u"id"] == u"blackout"_s; });
        QVERIFY2(blackout != told.end(), checks.told());
        QCOMPARE((*blackout)[u"status"], u"warning"_s);
        for (const QString &reason : {u"--break-glass="_s, u"--break-glass=now"_s}) {
            const Answer mute = json({u"update"_s, u"1.2.1"_s, u"--yes"_s, reason});
            EXIT_IS(mute, 3);
            QCOMPARE(mute.code(), u"gate.reason_missing"_s);
        }
        QCOMPARE(runs(), 0);
    }

    void approvalIsMissing()
    {
        demand(approvals() + checklists());
        const Answer none = json({u"update"_s, u"1.2.1"_s, u"--yes"_s});
        EXIT_IS(none, 7);
        QCOMPARE(none.code(), u"approval.none"_s);
        QCOMPARE(runs(), 0);
        EXIT_IS(json({u"plan"_s, u"1.2.1"_s, u"--watch"_s, u"2s"_s, u"--output"_s, path(u"plan.json"_s)}), 0);
        const Answer looked = json({u"approve"_s, path(u"plan.json"_s)}, u"lee"_s);
        EXIT_IS(looked, 0);
        QCOMPARE(looked.json[u"approval"][u"valid"], false);
        QVERIFY(run({u"approve"_s, path(u"plan.json"_s)}, u"lee"_s).output.contains("Nobody has approved"));
    }

    void signaturesThatDoNotCount()
    {
        const QString plan = path(u"plan.json"_s);
        const Answer locked = json({u"approve"_s, plan, u"--key"_s, path(u"lee.key"_s)}, u"lee"_s);
        EXIT_IS(locked, 3);
        QCOMPARE(locked.code(), u"package.key_encrypted"_s);
        const Answer wrong = json({u"approve"_s, plan, u"--key"_s, path(u"lee.key"_s), u"--password-file"_s, path(u"wrong-password"_s)}, u"lee"_s);
        EXIT_IS(wrong, 3);
        QCOMPARE(wrong.code(), u"package.key_password"_s);
        QVERIFY(!wrong.output.contains("horse"));
        const Answer eve = json({u"approve"_s, plan, u"--key"_s, path(u"eve.key"_s)}, u"eve"_s);
        EXIT_IS(eve, 7);
        QCOMPARE(eve.code(), u"approval.unknown_key"_s);
        const Answer nothing = json({u"approve"_s, u"no-such-plan"_s}, u"lee"_s);
        EXIT_IS(nothing, 3);
        QCOMPARE(nothing.code(), u"approval.unknown_plan"_s);
        EXIT_IS(json({u"approve"_s, plan, u"--key"_s, u"a"_s, u"--signature"_s, u"b"_s}, u"lee"_s), 2);
        // Of another plan.
        EXIT_IS(json({u"plan"_s, u"1.2.1"_s, u"--watch"_s, u"3s"_s, u"--output"_s, path(u"other.json"_s)}), 0);
        EXIT_IS(json({u"approve"_s, path(u"other.json"_s), u"--key"_s, path(u"lee.key"_s), u"--password-file"_s, path(u"password"_s), u"--output"_s, path(u"other.minisig"_s)}, u"lee"_s), 0);
        const Answer other = json({u"approve"_s, plan, u"--signature"_s, path(u"other.minisig"_s)}, u"lee"_s);
        EXIT_IS(other, 3);
        QCOMPARE(other.code(), u"approval.wrong_plan"_s);
    }

    void aSecondPersonApproves()
    {
        const QString plan = path(u"plan.json"_s);
        // Signed where nothing of the target is known but the plan, and brought by somebody else.
        EXIT_IS(json({u"approve"_s, plan, u"--request"_s, path(u"request.json"_s)}, u"lee"_s), 0);
        QVERIFY(QFileInfo::exists(path(u"request.json"_s)));
        const QStringList sign{u"approve"_s, plan, u"--key"_s, path(u"lee.key"_s), u"--password-file"_s, path(u"password"_s), u"--output"_s, path(u"plan.minisig"_s)};
        EXIT_IS(json(sign + QStringList{u"--dry-run"_s}, u"lee"_s), 0);
        QVERIFY(!QFileInfo::exists(path(u"plan.minisig"_s)));
        EXIT_IS(json(sign, u"lee"_s), 0);
        const Answer brought = json({u"approve"_s, plan, u"--signature"_s, path(u"plan.minisig"_s)}, u"ann"_s);
        EXIT_IS(brought, 0);
        QCOMPARE(brought.json[u"approver"], u"Lee"_s);
        QVERIFY(isAudited(u"approval.given"_s, u"approver"_s, u"Lee"_s));

        const Answer same = json({u"apply"_s, plan, u"--yes"_s}, u"lee"_s);
        EXIT_IS(same, 7);
        QCOMPARE(same.code(), u"approval.same_person"_s);
        // Next in the way is the checklist.
        const Answer open = json({u"apply"_s, plan, u"--yes"_s});
        EXIT_IS(open, 7);
        QCOMPARE(open.code(), u"checklist.open_before"_s);
        QVERIFY2(open.json[u"error"][u"what"].toString().contains(u"“The trading desk knows”"), open.told());
        QVERIFY2(open.json[u"error"][u"hint"].toString().contains(u"desk-told"), open.told());
        QCOMPARE(runs(), 0);
    }

    void itemsAreSigned()
    {
        const QString plan = path(u"plan.json"_s);
        const Answer automatic = json({u"checklist"_s, plan, u"--tick"_s, u"backup"_s, u"--note"_s, u"trust me"_s}, u"ann"_s);
        EXIT_IS(automatic, 3);
        QCOMPARE(automatic.code(), u"checklist.not_manual"_s);
        const Answer mute = json({u"checklist"_s, plan, u"--tick"_s, u"desk-told"_s}, u"ann"_s);
        EXIT_IS(mute, 3);
        QCOMPARE(mute.code(), u"checklist.no_note"_s);
        EXIT_IS(json({u"checklist"_s, plan, u"--tick"_s, u"desk-told"_s, u"--note"_s, u"by phone"_s, u"--dry-run"_s}, u"ann"_s), 0);
        QCOMPARE(itemOf(json({u"checklist"_s, plan}), u"desk-told"_s)[u"state"], u"open"_s);
        const Answer signedNow = json({u"checklist"_s, plan, u"--tick"_s, u"desk-told"_s, u"--note"_s, u"by phone"_s}, u"ann"_s);
        EXIT_IS(signedNow, 0);
        QCOMPARE(itemOf(signedNow, u"desk-told"_s)[u"state"], u"ticked"_s);
        QVERIFY(itemOf(signedNow, u"desk-told"_s)[u"by"].toString().startsWith(u"ann ("));
        EXIT_IS(json({u"checklist"_s, plan, u"--untick"_s, u"desk-told"_s, u"--note"_s, u"wrong desk"_s}, u"ann"_s), 0);
        EXIT_IS(json({u"apply"_s, plan, u"--yes"_s}), 7);
        EXIT_IS(json({u"checklist"_s, plan, u"--tick"_s, u"desk-told"_s, u"--note"_s, u"the right desk"_s}, u"ann"_s), 0);
        QVERIFY(isAudited(u"checklist.ticked"_s, u"note"_s, u"the right desk"_s));
        QVERIFY(isAudited(u"checklist.unticked"_s, u"note"_s, u"wrong desk"_s));
    }

    void theRunTicksTheRest()
    {
        const Answer applied = json({u"apply"_s, path(u"plan.json"_s), u"--yes"_s});
        EXIT_IS(applied, 0);
        m_run = applied.json[u"run"][u"id"].toString();
        QCOMPARE(applied.json[u"run"][u"approvedBy"], u"Lee"_s);
        const Answer list = json({u"checklist"_s});
        EXIT_IS(list, 0);
        QCOMPARE(list.json[u"run"], m_run);
        for (const QString &id : {u"approval"_s, u"way-back"_s, u"monitoring"_s, u"started"_s, u"backup"_s, u"backup-proven"_s, u"placed"_s, u"deployed"_s, u"services"_s, u"databases"_s,
                                  u"version"_s, u"endpoints"_s, u"performance"_s, u"error-rate"_s, u"desk-told"_s}) {
            QVERIFY2(itemOf(list, id)[u"state"] == u"ticked"_s, QJsonDocument(itemOf(list, id)).toJson().constData());
            QVERIFY(!itemOf(list, id)[u"evidence"].toObject().isEmpty());
        }
        QCOMPARE(itemOf(list, u"unit-tests"_s)[u"state"], u"open"_s);
        QCOMPARE(itemOf(list, u"authentication"_s)[u"state"], u"open"_s);
        QCOMPARE(itemOf(list, u"redis"_s)[u"state"], u"notNeeded"_s);
        QCOMPARE(list.json[u"open"].toArray(), QJsonArray{u"rota"_s});
        const Answer plain = run({u"checklist"_s, m_run});
        EXIT_IS(plain, 0);
        QVERIFY2(plain.output.contains("Not closed: “Somebody is on call” (rota)") && plain.output.contains("[x] backup-proven"), plain.told());
        const QString html = json({u"report"_s, m_run}).json[u"html"].toString();
        for (const QString &word : {u"Checklist"_s, u"the right desk"_s, u"Approval"_s, u"Lee"_s, u"Nobody has signed it"_s, u"People"_s}) {
            QVERIFY2(html.contains(word), qPrintable(word));
        }
    }

    void theNextWaitsUntilItIsClosed()
    {
        const Answer dry = json({u"update"_s, u"1.3.0"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        const QJsonArray gates = dry.json[u"gates"].toArray();
        QVERIFY(std::ranges::any_of(gates, [](const QJsonValue &gate) { return gate[u"error"][u"code"] == u"checklist.run_not_closed"_s; }));
        EXIT_IS(json({u"checklist"_s, m_run, u"--tick"_s, u"rota"_s, u"--note"_s, u"Bo is"_s}, u"ann"_s), 0);
        QVERIFY(isAudited(u"checklist.closed"_s, u"run"_s, m_run));
        QCOMPARE(json({u"checklist"_s, m_run}).json[u"open"].toArray(), QJsonArray());
    }

    void brokenGlass()
    {
        const QStringList update{u"update"_s, u"1.3.0"_s, u"--yes"_s, u"--watch"_s, u"2s"_s, u"--break-glass"_s, u"Prices are wrong"_s};
        // A reason is for gates that it names, and for no other.
        const Answer unnamed = json(update);
        EXIT_IS(unnamed, 3);
        QCOMPARE(unnamed.code(), u"gate.not_named"_s);
        QVERIFY2(unnamed.json[u"error"][u"hint"].toString().contains(u"--gates approval,checklist"), unnamed.told());
        const Answer less = json(update + QStringList{u"--gates"_s, u"checklist"_s});
        EXIT_IS(less, 7);
        QCOMPARE(less.code(), u"approval.other_plan"_s);
        const Answer broken = json(update + QStringList{u"--gates"_s, u"checklist,approval"_s});
        EXIT_IS(broken, 0);
        // Nobody approved it; whoever started it least of all.
        QCOMPARE(broken.json[u"run"][u"approvedBy"], QString());
        QVERIFY(broken.json[u"run"][u"startedBy"].toString().startsWith(u"kim ("));
        const QJsonObject glass = broken.json[u"run"][u"breakGlass"].toObject();
        QCOMPARE(glass[u"reason"], u"Prices are wrong"_s);
        QCOMPARE(glass[u"gates"].toArray(), (QJsonArray{u"approval"_s, u"checklist"_s}));
        QVERIFY(isAudited(u"run.break_glass"_s, u"reason"_s, u"Prices are wrong"_s));
        const QString id = broken.json[u"run"][u"id"].toString();
        QVERIFY(json({u"report"_s, id}).json[u"html"].toString().contains(u"Prices are wrong"));
        QCOMPARE(itemOf(json({u"checklist"_s, id}), u"approval"_s)[u"state"], u"failed"_s);
        QVERIFY(run({u"audit"_s}).output.contains("Broke the glass"));
    }

    void stagingIsDerivedAndAskedFor()
    {
        demand({});
        const QString folder = path(u"trial/staging"_s);
        const QStringList words{u"target"_s, u"derive"_s, u"--staging"_s, folder, u"--port-offset"_s, u"1500"_s};
        const Answer dry = json(words + QStringList{u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"written"], false);
        QVERIFY(!QFileInfo::exists(folder));
        const Answer made = json(words);
        EXIT_IS(made, 0);
        QCOMPARE(made.json[u"file"], QString(folder + u"/target.yaml"_s));
        QVERIFY(!made.json[u"left"].toArray().isEmpty());
        const Answer again = json(words);
        EXIT_IS(again, 3);
        QCOMPARE(again.code(), u"derive.exists"_s);
        EXIT_IS(json({u"target"_s, u"derive"_s}), 2);
        EXIT_IS(json({u"target"_s, u"derive"_s, u"--staging"_s, path(u"x"_s), u"--port-offset"_s, u"many"_s}), 2);

        demand("staging: {target: " + (folder + u"/target.yaml"_s).toUtf8() + "}\n");
        const Answer refused = json({u"update"_s, u"2.0.0"_s, u"--yes"_s});
        EXIT_IS(refused, 7);
        QCOMPARE(refused.code(), u"staging.no_journal"_s);
        const QJsonArray checks = json({u"check"_s, u"2.0.0"_s}).json[u"checks"].toArray();
        QVERIFY(std::ranges::any_of(checks, [](const QJsonValue &check) { return check[u"id"] == u"staging"_s && check[u"error"][u"code"] == u"staging.no_journal"_s; }));
        QVERIFY(!QFileInfo::exists(folder + u"/state"_s));
        demand({});
    }
};

QTEST_GUILESS_MAIN(PeopleTest)
#include "peopletest.moc"

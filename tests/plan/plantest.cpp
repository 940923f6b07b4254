// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/plan.h"
#include "plan/keyeddigest.h"
#include "plan/loss.h"
#include "plan/step.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class PlanTest : public QObject
{
    Q_OBJECT
private:
    static Plan example()
    {
        StepSpec first;
        first.id = u"switch"_s;
        first.kind = u"switch_release"_s;
        first.params = {{u"to"_s, u"1.3.0"_s}};
        first.title = {u"step.switch"_s, {}};
        first.intent = {u"step.switch_intent"_s, {{u"to"_s, u"1.3.0"_s}}};
        first.previews = {{u"text"_s, u"current"_s, u"1.2.0 → 1.3.0"_s}};
        first.changes = {{u"release.current"_s, u"1.3.0"_s}, {u"old"_s, QJsonValue::Null}};
        first.expectedMs = 1200;
        first.pointOfNoReturn = true;
        StepSpec second;
        second.id = u"watch"_s;
        second.kind = u"watch"_s;
        second.changesState = false;
        second.automaticRollback = false;
        Plan plan;
        plan.kind = u"update"_s;
        plan.targetName = u"demo"_s;
        plan.from = u"1.2.0"_s;
        plan.to = u"1.3.0"_s;
        plan.path = {u"1.3.0"_s};
        plan.facts = {{u"release.current"_s, u"1.2.0"_s}, {u"old"_s, u"x"_s}};
        plan.steps = {first, second};
        plan.policy = {{u"holdMs"_s, 1000}};
        plan.loss = {{u"orders"_s, 3}};
        plan.owed = {u"0007"_s};
        return plan;
    }

private Q_SLOTS:
    void jsonKeepsEverything()
    {
        const Plan plan = example();
        const auto back = Plan::fromJson(plan.toJson());
        QVERIFY(back);
        QCOMPARE(back->toJson(), plan.toJson());
        QCOMPARE(back->digest(), plan.digest());
        QCOMPARE(back->steps[1].changesState, false);
        QCOMPARE(back->steps[0].previews, plan.steps[0].previews);
    }

    void everyFieldCountsInTheDigest()
    {
        const QJsonObject json = example().toJson();
        const QString digest = example().digest();
        const auto keys = json.keys();
        for (const QString &key : keys) {
            if (key == u"schema") {
                continue;
            }
            QJsonObject changed = json;
            const QJsonValue old = json[key];
            if (old.isString()) {
                changed[key] = QString(old.toString() + u'x');
            } else if (old.isDouble()) {
                changed[key] = old.toInteger() + 1;
            } else if (old.isArray()) {
                QJsonArray array = old.toArray();
                if (key == u"steps") {
                    QJsonObject step = array[0].toObject();
                    step[u"pointOfNoReturn"_s] = false;
                    array[0] = step;
                } else {
                    array.append(u"y"_s);
                }
                changed[key] = array;
            } else {
                QJsonObject object = old.toObject();
                object[u"extra"_s] = 1;
                changed[key] = object;
            }
            const auto plan = Plan::fromJson(changed);
            QVERIFY(plan);
            QVERIFY2(plan->digest() != digest, qPrintable(key));
        }
    }

    void refusesWhatItCannotRead()
    {
        QJsonObject json = example().toJson();
        json[u"schema"_s] = 99;
        QCOMPARE(Plan::fromJson(json).error().code, u"plan.schema"_s);
        Plan twice = example();
        twice.steps[1].id = twice.steps[0].id;
        QCOMPARE(Plan::fromJson(twice.toJson()).error().code, u"plan.step_id"_s);
    }

    void factsFollowTheSteps()
    {
        const Plan plan = example();
        QCOMPARE(plan.factsBefore(0), plan.facts);
        QCOMPARE(plan.factsBefore(1), (Facts{{u"release.current"_s, u"1.3.0"_s}}));
        QCOMPARE(plan.factsBefore(2), plan.factsBefore(1));
    }

    void stepsSayWhichHostTheyNeed_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QJsonObject>("params");
        QTest::addColumn<bool>("far"); ///< Needs the further host web-2, on which backend-2 of "far" runs.
        const QJsonObject near{{u"service"_s, u"near"_s}, {u"instance"_s, u"backend-1"_s}};
        const QJsonObject far{{u"service"_s, u"far"_s}, {u"instance"_s, u"backend-2"_s}};
        QTest::newRow("instance here") << u"deploy_instance"_s << near << false;
        QTest::newRow("instance there") << u"deploy_instance"_s << far << true;
        QTest::newRow("service there") << u"recreate_service"_s << QJsonObject{{u"service"_s, u"far"_s}, {u"instances"_s, QJsonArray{u"backend-2"_s}}} << true;
        QTest::newRow("colour there") << u"start_colour"_s << QJsonObject{{u"service"_s, u"far"_s}} << true;
        QTest::newRow("releases brought here") << u"fetch"_s << QJsonObject{{u"instances"_s, QJsonArray{u"backend-1"_s}}} << false;
        QTest::newRow("releases brought there") << u"fetch"_s << QJsonObject{{u"instances"_s, QJsonArray{u"backend-1"_s, u"backend-2"_s}}} << true;
        QTest::newRow("stopped there") << u"stop_services"_s << QJsonObject{{u"instances"_s, QJsonArray{u"backend-2"_s}}} << true;
        QTest::newRow("command here") << u"command"_s << QJsonObject{} << false;
        QTest::newRow("command there") << u"command"_s << QJsonObject{{u"host"_s, u"web-2"_s}} << true;
        QTest::newRow("command elsewhere") << u"command"_s << QJsonObject{{u"host"_s, u"web-3"_s}} << false;
        for (const QString &kind : {u"download"_s, u"unpack"_s, u"switch_release"_s, u"configure"_s, u"verify_backup"_s, u"migrate"_s}) {
            QTest::newRow(qPrintable(kind)) << kind << QJsonObject{} << false;
        }
        for (const QString &kind : {u"check_version"_s, u"precheck"_s, u"health"_s, u"watch"_s, u"features"_s, u"backup"_s, u"clean_up"_s, u"downgrade"_s, u"restore_database"_s, u"rebuild_database"_s, u"count_loss"_s}) {
            QTest::newRow(qPrintable(kind)) << kind << QJsonObject{} << true;
        }
        QTest::newRow("contract with Alembic") << u"downgrade"_s << QJsonObject{{u"tool"_s, u"alembic"_s}} << true;
        QTest::newRow("migration that takes away") << u"migrate"_s << QJsonObject{{u"takesAway"_s, QJsonObject{{u"orders"_s, 3}}}} << true;
    }
    void stepsSayWhichHostTheyNeed()
    {
        QFETCH(QString, kind);
        QFETCH(QJsonObject, params);
        QFETCH(bool, far);
        Target target;
        target.hosts = {{.name = u"web-2"_s, .address = {}, .stateDirectory = {}}};
        ServiceSpec here;
        here.name = u"near"_s;
        here.instances = {{.name = u"backend-1"_s, .port = 0, .composeService = {}}};
        ServiceSpec there;
        there.name = u"far"_s;
        there.instances = {{.name = u"backend-2"_s, .port = 0, .composeService = {}}};
        there.host = target.hosts[0];
        target.services = {here, there};
        StepSpec spec;
        spec.id = spec.kind = kind;
        spec.params = params;
        const auto step = StepRegistry::create(spec);
        QVERIFY(step);
        QCOMPARE((*step)->needsHost(target, u"web-2"_s), far);
        spec.pointOfNoReturn = true;
        const auto last = StepRegistry::create(spec);
        QVERIFY(last);
        QCOMPARE((*last)->needsHost(target, u"web-2"_s), far || kind != u"command");
    }

    void differingFactIsNamedWithBothValues()
    {
        QVERIFY(compareFacts({{u"a"_s, 1}}, {{u"a"_s, 1}}));
        const auto changed = compareFacts({{u"a"_s, u"1"_s}}, {{u"a"_s, u"2"_s}});
        QCOMPARE(changed.error().code, u"plan.fact_changed"_s);
        QCOMPARE(changed.error().args[u"fact"_s].toString(), u"a"_s);
        QVERIFY(changed.error().what().contains(u"expects 1, found 2"));
        QVERIFY(compareFacts({}, {{u"b"_s, u"2"_s}}).error().what().contains(u"expects nothing, found 2"));
        QVERIFY(compareFacts({{u"c"_s, u"2"_s}}, {}).error().what().contains(u"expects 2, found nothing"));
    }

    void keyedDigestNeedsTheKey()
    {
        QTemporaryDir one;
        QTemporaryDir two;
        const auto first = keyedDigest(one.path(), "SECRET=1");
        QVERIFY(first);
        QCOMPARE(keyedDigest(one.path(), "SECRET=1").value(), *first);
        QVERIFY(keyedDigest(one.path(), "SECRET=2").value() != *first);
        QVERIFY(keyedDigest(two.path(), "SECRET=1").value() != *first);
        QCOMPARE(QFileInfo(one.filePath(u"secret.key"_s)).permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    }

    void unknownKindIsAnError()
    {
        StepSpec spec;
        spec.kind = u"no_such_kind"_s;
        QCOMPARE(StepRegistry::create(spec).error().code, u"step.unknown_kind"_s);
    }

    void allowanceIsTheSeenRate()
    {
        LossLimit limit;
        limit.add(u"orders"_s, 100, 200'000, 300'000);
        limit.add(u"tags"_s, 0, 200'000, 300'000);
        limit.add(u"young"_s, 3, 0, 2'000);
        QCOMPARE(limit.holdAbove(), (Loss{{u"orders"_s, 250}, {u"tags"_s, 0}, {u"young"_s, 9}}));
        QJsonObject params;
        limit.write(params);
        QCOMPARE(LossLimit::read(params).holdAbove(), limit.holdAbove());
        QCOMPARE(above({{u"orders"_s, 251}, {u"tags"_s, 0}, {u"other"_s, 1}}, limit.holdAbove()), (Loss{{u"orders"_s, 251}, {u"other"_s, 1}}));
    }
};

QTEST_GUILESS_MAIN(PlanTest)
#include "plantest.moc"

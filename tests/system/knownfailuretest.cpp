// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace Qt::StringLiterals;

/** An update that cures what the pre-checks find, and one that leaves as it was what is not its fault. */
class KnownFailureTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void curedByTheUpdate();
};

void KnownFailureTest::curedByTheUpdate()
{
    FaultDemo demo;
    QVERIFY2(demo.startBusy(), qPrintable(demo.problem()));
    const QString front = u"http://127.0.0.1:%1"_s.arg(demo.portOfInstance(u"haproxy"_s));
    QVERIFY(demo.edit(u"  probes:\n"_s,
                      u"  probes:\n    - {name: cured, http: \"%1/api/version\", expect_body: \"1.2.1\", proves: [features]}\n    - {name: never, http: \"%1/nowhere\"}\n"_s.arg(front)));

    const auto run = [&demo](const QStringList &more) { return demo.ctl(QStringList{u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"2s"_s} + more); };
    const auto refused = run({});
    QVERIFY2(refused.exitCode == 3, refused.errors);
    QVERIFY2(refused.json[u"reason"].toString().contains(u"check:probe:cured"), qPrintable(refused.json[u"reason"].toString()));
    QVERIFY(demo.servesOnly(u"1.2.0"_s));

    const QString reason = u"1.2.1 mends the quotes"_s;
    const auto unknown = run({u"--break-glass"_s, reason, u"--gates"_s, u"check:probe:nobody"_s});
    QVERIFY2(unknown.exitCode != 0 && unknown.errors.contains("check:probe:cured"), unknown.errors);
    const auto needed = run({u"--break-glass"_s, reason, u"--gates"_s, u"check:disk"_s});
    QVERIFY2(needed.exitCode != 0 && needed.errors.contains("Free disk space"), needed.errors);
    const auto mute = run({u"--break-glass"_s, u"so"_s, u"--gates"_s, u"check:probe:cured,check:probe:never"_s});
    QVERIFY2(mute.exitCode != 0 && mute.errors.contains("letters"), mute.errors);
    const auto half = run({u"--break-glass"_s, reason, u"--gates"_s, u"check:probe:cured"_s});
    QVERIFY2(half.exitCode == 3, half.errors);
    QVERIFY(demo.servesOnly(u"1.2.0"_s));

    const auto update = run({u"--break-glass"_s, reason, u"--gates"_s, u"check:probe:cured,check:probe:never"_s});
    QVERIFY2(update.exitCode == 0, update.errors);
    QVERIFY(demo.servesOnly(u"1.2.1"_s));
    QCOMPARE(demo.failures(), QStringList());

    // What was cured is green; what was broken before is neither green nor held against the update.
    const auto list = demo.ctl({u"checklist"_s, update.json[u"run"][u"id"].toString()});
    QVERIFY2(list.exitCode == 0, list.errors);
    QMap<QString, QString> states;
    const QJsonArray items = list.json[u"items"].toArray();
    for (const auto &item : items) {
        states.insert(item[u"id"].toString(), item[u"state"].toString());
    }
    QCOMPARE(states.value(u"features"_s), u"ticked"_s);
    QCOMPARE(states.value(u"endpoints"_s), u"notOurs"_s);
    const auto audit = demo.ctl({u"audit"_s});
    QVERIFY2(QJsonDocument(audit.json).toJson().contains(reason.toUtf8()), "the reason is not in the audit trail");
}

QTEST_GUILESS_MAIN(KnownFailureTest)
#include "knownfailuretest.moc"

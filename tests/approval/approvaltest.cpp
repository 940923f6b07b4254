// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "approval/approval.h"
#include "release/minisign.h"
#include "run/journal.h"
#include "system/files.h"
#include "system/programs.h"

#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Signatures over plans: what counts, for whom, how long, and each sentence that says why one doesn't. */
class ApprovalTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    ApprovalSpec m_spec;
    Plan m_plan;
    QString m_digest;
    const QDateTime m_now = QDateTime(QDate(2026, 3, 2), QTime(12, 0), QTimeZone::UTC);

    QString path(const QString &name) const { return m_folder.filePath(name); }
    QByteArray signedBy(const QString &person, const QDateTime &when, const Plan &plan, const QByteArray &password = {}) const
    {
        const auto made = signApproval(plan, plan.digest(), path(person + u".key"_s), password, when);
        if (!made) {
            QTest::qFail(qPrintable(made.error().text()), __FILE__, __LINE__);
            return {};
        }
        return *made;
    }
    QByteArray signedBy(const QString &person, const QDateTime &when) const { return signedBy(person, when, m_plan); }
    Result<ApprovalRecord> checked(const QByteArray &signature, const QDateTime &now) const { return checkApproval(m_spec, m_plan, m_digest, signature, u"kim@desk"_s, now); }
    Result<ApprovalRecord> counts(const QList<ApprovalRecord> &records, const QDateTime &now, const QString &who = u"kim@desk"_s) const
    {
        return approvalFor(approvalRules(m_spec, m_plan), m_plan, m_digest, records, who, now);
    }
    static void tells(const Error &error, const QString &code, const QStringList &words)
    {
        QCOMPARE(error.code, code);
        QVERIFY2(!error.hint().isEmpty(), qPrintable(code));
        for (const QString &word : words) {
            QVERIFY2(error.text().contains(word), qPrintable(error.text()));
        }
        QVERIFY2(!error.text().contains(u"%{"), qPrintable(error.text()));
    }

private Q_SLOTS:
    void initTestCase()
    {
        for (const QString &person : {u"lee"_s, u"ann"_s, u"eve"_s}) {
            QVERIFY(minisign::generateKeys(path(person + u".key"_s), path(person + u".pub"_s)));
        }
        m_spec.required = true;
        m_spec.validMs = 3600 * 1000;
        m_spec.approvers = {{u"Lee"_s, path(u"lee.pub"_s)}, {u"Ann Bo"_s, path(u"ann.pub"_s)}};
        m_plan.kind = u"update"_s;
        m_plan.targetName = u"trading"_s;
        m_plan.environment = u"production"_s;
        m_plan.from = u"1.2.0"_s;
        m_plan.to = u"1.3.0"_s;
        m_plan.facts = {{u"target.identity"_s, u"abc"_s}, {u"release.current"_s, u"1.2.0"_s}};
        m_plan.policy = {{u"approval"_s, approvalPolicy(m_spec)}};
        m_digest = m_plan.digest();
    }

    void whatIsSignedNamesPlanTargetAndTime()
    {
        const QByteArray request = approvalRequest(m_plan, m_digest);
        const QJsonObject json = QJsonDocument::fromJson(request).object();
        QCOMPARE(json[u"plan"].toString(), m_digest);
        QCOMPARE(json[u"target"].toString(), u"trading"_s);
        QCOMPARE(json[u"identity"].toString(), u"abc"_s);
        QCOMPARE(json[u"validMs"].toInteger(), 3600 * 1000);
        Plan other = m_plan;
        other.facts.insert(u"target.identity"_s, u"another machine"_s);
        QVERIFY(approvalRequest(other, m_digest) != request);
    }

    void countsForAnHour()
    {
        const auto record = checked(signedBy(u"lee"_s, m_now), m_now);
        QVERIFY2(record, record ? "" : qPrintable(record.error().text()));
        QCOMPARE(record->approver, u"Lee"_s);
        QCOMPARE(record->signedAt, m_now);
        QCOMPARE(record->importedBy, u"kim@desk"_s);
        QVERIFY(counts({*record}, m_now.addMSecs(3599'000)));
        const auto late = counts({*record}, m_now.addMSecs(3600'000));
        QVERIFY(!late);
        tells(late.error(), u"approval.expired"_s, {u"Lee"_s, u"1 h"_s, u"approved again"_s});
        // A second one that still counts is found behind it.
        const auto ann = checked(signedBy(u"ann"_s, m_now.addSecs(3000)), m_now.addSecs(3000));
        QVERIFY(ann);
        QCOMPARE(counts({*record, *ann}, m_now.addMSecs(3600'000))->approver, u"Ann Bo"_s);
    }

    void nobodySigned() { tells(counts({}, m_now).error(), u"approval.none"_s, {u"Nobody"_s, m_digest.first(12), u"Lee, Ann Bo"_s, u"cutoverctl approve"_s}); }

    void wrongPlan()
    {
        Plan other = m_plan;
        other.facts.insert(u"configuration:/x"_s, u"changed"_s);
        const auto record = checked(signedBy(u"lee"_s, m_now, other), m_now);
        QVERIFY(!record);
        tells(record.error(), u"approval.wrong_plan"_s, {u"Lee"_s, other.digest().first(12), m_digest.first(12)});
        // The approval of a plan that was made before this one is void, as long as it would count.
        const auto earlier = checkApproval(m_spec, other, other.digest(), signedBy(u"lee"_s, m_now, other), u"kim@desk"_s, m_now);
        QVERIFY(earlier);
        tells(counts({*earlier}, m_now).error(), u"approval.other_plan"_s, {u"Lee"_s, other.digest().first(12), m_digest.first(12), u"void"_s});
        tells(counts({*earlier}, m_now.addDays(1)).error(), u"approval.none"_s, {});
        const QList<Message> differences = planDifferences(other, m_plan);
        QCOMPARE(differences.size(), 1);
        QVERIFY2(differences[0].text().contains(u"configuration:/x"), qPrintable(differences[0].text()));
    }

    void unknownKey()
    {
        const auto record = checked(signedBy(u"eve"_s, m_now), m_now);
        QVERIFY(!record);
        tells(record.error(), u"approval.unknown_key"_s, {u"Lee, Ann Bo"_s, u"target.yaml"_s});
        // A row that somebody wrote into the journal by hand is no approval either.
        ApprovalRecord forged{m_digest, u"Lee"_s, {}, signedBy(u"eve"_s, m_now), m_now, m_now, u"eve@desk"_s};
        tells(counts({forged}, m_now).error(), u"approval.unknown_key"_s, {});
        forged.signature = "Lee agrees";
        tells(counts({forged}, m_now).error(), u"approval.unreadable"_s, {});
    }

    void damaged()
    {
        // Of another file of the same name.
        Plan other = m_plan;
        other.to = u"9.9.9"_s;
        const auto made = signApproval(other, m_digest, path(u"lee.key"_s), {}, m_now);
        QVERIFY(made);
        tells(checked(*made, m_now).error(), u"approval.damaged"_s, {u"Lee"_s});
        QByteArray signature = signedBy(u"lee"_s, m_now);
        signature.replace("timestamp:", "timestamp:9");
        const auto later = checked(signature, m_now);
        QVERIFY(!later);
        QCOMPARE(later.error().code, u"approval.unreadable"_s);
    }

    void timesThatCannotBe()
    {
        QVERIFY(checked(signedBy(u"lee"_s, m_now.addSecs(200)), m_now));
        tells(checked(signedBy(u"lee"_s, m_now.addSecs(3600)), m_now).error(), u"approval.from_the_future"_s, {u"Lee"_s, u"clocks"_s});
        minisign::Hash hash;
        const QByteArray request = approvalRequest(m_plan, m_digest);
        hash.add(request.constData(), size_t(request.size()));
        const auto timeless = minisign::sign(hash.result(), path(u"lee.key"_s), u"looks good"_s);
        QVERIFY(timeless);
        tells(checked(*timeless, m_now).error(), u"approval.no_time"_s, {u"Lee"_s});
    }

    /// Who is made an approver once the plan is there has never been asked about it.
    void keysArePinnedByThePlan()
    {
        ApprovalSpec later = m_spec;
        later.approvers.append({u"Eve"_s, path(u"eve.pub"_s)});
        const QByteArray byEve = signedBy(u"eve"_s, m_now);
        const auto brought = checkApproval(later, m_plan, m_digest, byEve, u"kim@desk"_s, m_now);
        QVERIFY(!brought);
        tells(brought.error(), u"approval.not_pinned"_s, {u"Eve"_s, m_digest.first(12), u"Plan again"_s});
        // Nor by a row of the journal, nor under the name of somebody who was one.
        const ApprovalRecord row{m_digest, u"Eve"_s, {}, byEve, m_now, m_now, u"eve@desk"_s};
        QCOMPARE(approvalFor(approvalRules(later, m_plan), m_plan, m_digest, {row}, u"kim@desk"_s, m_now).error().code, u"approval.not_pinned"_s);
        ApprovalSpec other = m_spec;
        other.approvers[0].key = path(u"eve.pub"_s);
        QCOMPARE(checkApproval(other, m_plan, m_digest, byEve, u"kim@desk"_s, m_now).error().code, u"approval.not_pinned"_s);
        // A plan that is made with it counts it; those that were there then go on to count.
        Plan anew = m_plan;
        anew.policy = {{u"approval"_s, approvalPolicy(later)}};
        QVERIFY(anew.digest() != m_digest);
        QVERIFY(checkApproval(later, anew, anew.digest(), signedBy(u"eve"_s, m_now, anew), u"kim@desk"_s, m_now));
        QVERIFY(checkApproval(later, m_plan, m_digest, signedBy(u"lee"_s, m_now), u"kim@desk"_s, m_now));
        // Taken off the list since, a key that the plan pins counts no more.
        ApprovalSpec fewer = m_spec;
        fewer.approvers.removeFirst();
        QCOMPARE(checkApproval(fewer, m_plan, m_digest, signedBy(u"lee"_s, m_now), u"kim@desk"_s, m_now).error().code, u"approval.unknown_key"_s);
        // Nor does a longer time count than the plan says.
        ApprovalSpec longer = m_spec;
        longer.validMs *= 10;
        QCOMPARE(approvalRules(longer, m_plan).validMs, m_spec.validMs);
        // A plan without any: made before approvals were demanded.
        Plan bare = m_plan;
        bare.policy = {};
        tells(checkApproval(m_spec, bare, bare.digest(), signedBy(u"lee"_s, m_now, bare), u"kim@desk"_s, m_now).error(), u"approval.not_pinned"_s, {u"Lee"_s});
    }

    void aKeyThatCannotBeReadIsPassedOver_data()
    {
        QTest::addColumn<QString>("content");
        QTest::newRow("no file") << QString();
        QTest::newRow("no key") << u"hello"_s;
    }
    void aKeyThatCannotBeReadIsPassedOver()
    {
        QFETCH(QString, content);
        const QString broken = path(u"broken.pub"_s);
        QFile::remove(broken);
        if (!content.isEmpty()) {
            QVERIFY(files::replace(broken, content.toUtf8()));
        }
        ApprovalSpec spec = m_spec;
        spec.approvers.prepend({u"Bob"_s, broken});
        Plan plan = m_plan;
        plan.policy = {{u"approval"_s, approvalPolicy(spec)}};
        const auto record = checkApproval(spec, plan, plan.digest(), signedBy(u"ann"_s, m_now, plan), u"kim@desk"_s, m_now);
        QVERIFY2(record, record ? "" : qPrintable(record.error().text()));
        QCOMPARE(record->approver, u"Ann Bo"_s);
        const ApprovalRules rules = approvalRules(spec, plan);
        QVERIFY(approvalFor(rules, plan, plan.digest(), {*record}, u"kim@desk"_s, m_now));
        QCOMPARE(rules.passedOver.size(), 1);
        const QString told = rules.passedOver[0].text();
        QVERIFY2(told.contains(u"Bob") && told.contains(u"broken.pub") && !told.contains(u"%{"), qPrintable(told));
        // Where none can be read nobody's word counts, and it is told why.
        spec.approvers = {{u"Bob"_s, broken}};
        plan.policy = {{u"approval"_s, approvalPolicy(spec)}};
        tells(approvalFor(approvalRules(spec, plan), plan, plan.digest(), {}, u"kim@desk"_s, m_now).error(), u"approval.no_keys"_s, {u"Bob"_s, u"broken.pub"_s, u"plan again"_s});
    }

    void whoIsBehindSudo()
    {
        QCOMPARE(nameOf({u"ann"_s, {}, u"desk"_s, {}}), u"ann@desk"_s);
        QCOMPARE(nameOf({u"ann"_s, u"ann"_s, u"desk"_s, {}}), u"ann@desk"_s);
        QCOMPARE(nameOf({u"root"_s, u"ann"_s, u"desk"_s, {}}), u"ann@desk (as root)"_s);
        QCOMPARE(nameOf({u"ops"_s, {}, u"desk"_s, u"kim"_s}), u"kim (ops@desk)"_s);
        QCOMPARE(nameOf({u"root"_s, u"ann"_s, u"desk"_s, u"kim"_s}), u"kim (ann@desk as root)"_s);
        // Whoever approved can't start it through root.
        const auto record = checked(signedBy(u"lee"_s, m_now), m_now);
        QVERIFY(record);
        for (const QString &who : {nameOf({u"root"_s, u"lee"_s, u"desk"_s, {}}), nameOf({u"root"_s, u"lee"_s, u"desk"_s, u"kim"_s})}) {
            tells(counts({*record}, m_now, who).error(), u"approval.same_person"_s, {u"Lee"_s, u"root"_s});
        }
    }

    void whoAmINamesBoth()
    {
        QFile login(u"/proc/self/loginuid"_s);
        if (login.open(QFile::ReadOnly) && login.readAll().trimmed() != QByteArray::number(~0U)) {
            QVERIFY(!whoAmI().isEmpty());
            QSKIP("SKIP the kernel knows who logged in here, and that counts more than SUDO_USER");
        }
        const QString plain = whoAmI();
        qputenv("SUDO_USER", "ann");
        const QString behind = whoAmI();
        qunsetenv("SUDO_USER");
        QCOMPARE(behind, QString(u"ann@"_s + plain.section(u'@', 1) + u" (as "_s + plain.section(u'@', 0, 0) + u')'));
    }

    void samePerson_data()
    {
        QTest::addColumn<QString>("approver");
        QTest::addColumn<QString>("who");
        QTest::addColumn<bool>("same");
        QTest::newRow("account") << u"Lee"_s << u"lee@desk"_s << true;
        QTest::newRow("operator of a shared account") << u"Lee"_s << u"lee (ops@desk)"_s << true;
        QTest::newRow("the account itself") << u"ops"_s << u"kim (ops@desk)"_s << true;
        QTest::newRow("through another account") << u"Lee"_s << u"lee@laptop as ops@host"_s << true;
        QTest::newRow("behind sudo") << u"Ann"_s << u"ann@desk (as root)"_s << true;
        QTest::newRow("behind sudo, through another console") << u"Ann"_s << u"kim@laptop as ann@desk (as root)"_s << true;
        QTest::newRow("a shared account behind sudo") << u"Ann"_s << u"kim (ann@desk as root)"_s << true;
        QTest::newRow("another one behind sudo") << u"Lee"_s << u"ann@desk (as root)"_s << false;
        QTest::newRow("spelt otherwise") << u"Ann Bo"_s << u"ann.bo@desk"_s << true;
        QTest::newRow("another") << u"Lee"_s << u"kim@desk"_s << false;
        QTest::newRow("a longer name") << u"Lee"_s << u"leeann@desk"_s << false;
        QTest::newRow("the host has the name") << u"desk"_s << u"kim@desk"_s << false;
    }
    void samePerson()
    {
        QFETCH(QString, approver);
        QFETCH(QString, who);
        QTEST(isSamePerson(approver, who), "same");
    }

    void whoApprovedDoesNotStart()
    {
        const auto record = checked(signedBy(u"lee"_s, m_now), m_now);
        QVERIFY(record);
        tells(counts({*record}, m_now, u"lee@desk"_s).error(), u"approval.same_person"_s, {u"Lee"_s, u"lee@desk"_s, u"two people"_s});
    }

    void notNeeded()
    {
        ApprovalSpec none = m_spec;
        none.required = false;
        tells(checkApproval(none, m_plan, m_digest, signedBy(u"lee"_s, m_now), u"kim@desk"_s, m_now).error(), u"approval.not_needed"_s, {u"trading"_s});
    }

    void protectedKeys()
    {
        QVERIFY(minisign::generateKeys(path(u"safe.key"_s), path(u"safe.pub"_s), "correct horse"));
        m_spec.approvers.append({u"Sam"_s, path(u"safe.pub"_s)});
        QVERIFY(minisign::needsPassword(path(u"safe.key"_s)).value());
        QVERIFY(!minisign::needsPassword(path(u"lee.key"_s)).value());
        const auto without = signApproval(m_plan, m_digest, path(u"safe.key"_s), {}, m_now);
        tells(without.error(), u"package.key_encrypted"_s, {u"safe.key"_s});
        const auto wrong = signApproval(m_plan, m_digest, path(u"safe.key"_s), "wrong horse", m_now);
        tells(wrong.error(), u"package.key_password"_s, {u"safe.key"_s});
        QVERIFY(!wrong.error().text().contains(u"horse"));
        Plan plan = m_plan;
        plan.policy = {{u"approval"_s, approvalPolicy(m_spec)}};
        const auto record = checkApproval(m_spec, plan, plan.digest(), signedBy(u"safe"_s, m_now, plan, "correct horse"), u"kim@desk"_s, m_now);
        QVERIFY2(record, record ? "" : qPrintable(record.error().text()));
        QCOMPARE(record->approver, u"Sam"_s);
        // A file that would take all memory there is isn't tried.
        QByteArray content = files::read(path(u"safe.key"_s)).value();
        QByteArray raw = QByteArray::fromBase64(content.split('\n').value(1));
        raw.replace(6 + 32 + 8, 8, QByteArray(8, '\x7f'));
        QVERIFY(files::replace(path(u"greedy.key"_s), "untrusted comment: x\n" + raw.toBase64() + '\n'));
        tells(signApproval(m_plan, m_digest, path(u"greedy.key"_s), "correct horse", m_now).error(), u"package.key_memory"_s, {});
        m_spec.approvers.removeLast();
    }

    void journalKeepsSignaturesAndRequests()
    {
        const auto journal = Journal::open(path(u"state"_s)).value();
        const auto record = checked(signedBy(u"lee"_s, m_now), m_now).value();
        QVERIFY(journal->addApprovalRequest({m_digest, m_plan, u"kim@desk"_s, m_now}));
        QVERIFY(journal->addApprovalRequest({m_digest, m_plan, u"ann@desk"_s, m_now}));
        QVERIFY(journal->addApproval(record));
        QVERIFY(journal->addApproval(record));
        QCOMPARE(journal->approvals(m_digest)->size(), 1);
        QCOMPARE(journal->approvals(u"another"_s)->size(), 0);
        QCOMPARE(journal->approvals()->first().signature, record.signature);
        QCOMPARE(journal->approvals()->first().signedAt, m_now);
        const auto requests = journal->approvalRequests().value();
        QCOMPARE(requests.size(), 1);
        QCOMPARE(requests[0].by, u"kim@desk"_s);
        QCOMPARE(requests[0].plan.digest(), m_digest);
        QStringList trail;
        const auto rows = journal->auditTrail().value();
        for (const AuditRecord &row : rows) {
            trail.append(row.what);
            QVERIFY2(Catalogue::contains(row.what), qPrintable(row.what));
        }
        QCOMPARE(trail, (QStringList{u"approval.given"_s, u"approval.requested"_s}));
        QVERIFY(journal->verifyAudit());
    }
};

QTEST_GUILESS_MAIN(ApprovalTest)
#include "approvaltest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/configurationplan.h"
#include "plan/keyeddigest.h"
#include "plan/sealing.h"
#include "system/files.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

class ConfigureTest : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    QString m_file;

    StagedRelease release(const QMap<QString, QString> &set, const QStringList &remove = {})
    {
        StagedRelease staged;
        staged.verified.manifest.configurationSet = set;
        staged.verified.manifest.configurationRemove = remove;
        return staged;
    }
    Result<QList<StepSpec>> planned(const StagedRelease &staged)
    {
        TRY(const auto steps, await(planConfiguration({m_target, {}, {}}, staged)));
        return withConfigurationFacts(m_target, steps);
    }
    QByteArray content() { return files::read(m_file).value(); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_file = m_folder->filePath(u".env"_s);
        m_target = Target();
        m_target.stateDirectory = m_folder->filePath(u"state"_s);
        m_target.configuration = {{m_file, {u"HIDDEN"_s}}};
        QVERIFY(files::makePath(m_target.stateDirectory + u"/runs/RUN1"_s));
        QVERIFY(files::replace(m_file, "A=1\nAPI_TOKEN=old-secret\nGONE=1\n", files::privateFile | QFile::ReadGroup));
    }

    void changesAndTakesBack()
    {
        const QString secret = m_folder->filePath(u"token"_s);
        QVERIFY(files::replace(secret, "new-secret\n", files::privateFile));
        const auto steps = planned(release({{u"A"_s, u"2"_s}, {u"API_TOKEN"_s, QString(u"file:"_s + secret)}}, {u"GONE"_s}));
        QVERIFY(steps);
        QCOMPARE(steps->size(), 1);
        const QByteArray json = QJsonDocument(steps->first().toJson()).toJson();
        QVERIFY(!json.contains("new-secret") && !json.contains("old-secret"));
        QCOMPARE(steps->first().previews.first().type, u"diff"_s);
        QCOMPARE(content(), QByteArray("A=1\nAPI_TOKEN=old-secret\nGONE=1\n")); // Planning changes nothing.

        TestContext context(m_target);
        const auto step = StepRegistry::create(steps->first()).value();
        QVERIFY(await(step->observe(context, {})));
        const QJsonObject undo = await(step->prepare(context, {})).value();
        QVERIFY(!QJsonDocument(undo).toJson().contains("secret"));
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::NotStarted);
        QVERIFY(await(step->apply(context, undo, {})));
        QVERIFY(await(step->verify(context, {})));
        QCOMPARE(content(), QByteArray("A=2\nAPI_TOKEN=new-secret\n"));
        QVERIFY(QFileInfo(m_file).permissions() & QFile::ReadGroup); // As it was.
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::Done);
        QCOMPARE(steps->first().changes[configurationFact(m_file)].toString(), keyedDigest(m_target.stateDirectory, content()).value());
        QVERIFY(await(step->apply(context, undo, {}))); // Safe to repeat.

        for (int i = 0; i < 2; ++i) {
            QVERIFY(await(step->revert(context, undo, {})));
            QCOMPARE(content(), QByteArray("A=1\nAPI_TOKEN=old-secret\nGONE=1\n"));
        }
        QVERIFY(QDir(context.runDirectory()).isEmpty());
    }

    void passwordInAUrlIsInNoPlan()
    {
        QVERIFY(files::replace(m_file, "A=1\nDATABASE_URL=postgresql://user:oldpw9@host/db\n", files::privateFile));
        const auto staged = release({{u"A"_s, u"2"_s}, {u"DATABASE_URL"_s, u"postgresql://user:newpw9@host/db"_s}});
        const auto steps = planned(staged);
        QVERIFY2(steps, steps ? "" : qPrintable(steps.error().text()));
        const StepSpec planned = steps->first();
        const QByteArray json = QJsonDocument(planned.toJson()).toJson();
        QVERIFY2(!json.contains("newpw9") && !json.contains("oldpw9"), json.constData());
        const QString url = u"DATABASE_URL=postgresql://user:••••@host/db\n"_s;
        QVERIFY2(planned.previews.first().text.contains(QString(u'-' + url + u'+' + url)), qPrintable(planned.previews.first().text));
        // The same plan each time, and another one for another password.
        QCOMPARE(this->planned(staged)->first().toJson(), planned.toJson());
        const auto other = this->planned(release({{u"A"_s, u"2"_s}, {u"DATABASE_URL"_s, u"postgresql://user:third9@host/db"_s}}));
        QVERIFY(other->first().params[u"after"] != planned.params[u"after"]);

        TestContext context(m_target);
        const auto step = StepRegistry::create(planned).value();
        QVERIFY(await(step->observe(context, {})));
        const QJsonObject undo = await(step->prepare(context, {})).value();
        QVERIFY(await(step->apply(context, undo, {})));
        QVERIFY(await(step->verify(context, {})));
        QCOMPARE(content(), QByteArray("A=2\nDATABASE_URL=postgresql://user:newpw9@host/db\n"));

        // Opened only under its own name, and only here.
        StepSpec moved = planned;
        moved.params[u"sealed"] = QJsonObject{{u"OTHER"_s, planned.params[u"sealed"][u"DATABASE_URL"]}};
        QCOMPARE(await(StepRegistry::create(moved).value()->observe(context, {})).error().code, u"backup.sealed_value"_s);
    }

    void copyIsSealed()
    {
        const auto steps = planned(release({{u"A"_s, u"2"_s}}));
        TestContext context(m_target);
        const auto step = StepRegistry::create(steps->first()).value();
        const QJsonObject undo = await(step->prepare(context, {})).value();
        const auto copies = QDir(context.runDirectory()).entryInfoList(QDir::Files | QDir::Hidden);
        QCOMPARE(copies.size(), 1);
        QCOMPARE(copies.first().permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        const QString copy = copies.first().filePath();
        const QByteArray sealed = files::read(copy).value();
        QVERIFY2(!sealed.contains("old-secret") && !sealed.contains("API_TOKEN"), sealed.constData());
        QCOMPARE(undo[u"saved"].toString(), copy);
        QCOMPARE(unseal(m_target.stateDirectory, sealed, copy).value(), content());

        // An altered copy is not put back.
        QVERIFY(await(step->apply(context, undo, {})));
        QByteArray altered = sealed;
        altered.back() = char(altered.back() ^ 1);
        QVERIFY(files::replace(copy, altered));
        QCOMPARE(await(step->revert(context, undo, {})).error().code, u"backup.sealed"_s);
        QVERIFY(content().startsWith("A=2\n"));
        QVERIFY(files::replace(copy, sealed));
        QVERIFY(await(step->finalize(context, undo)));
        QVERIFY(QDir(context.runDirectory()).isEmpty());
    }

    void makesAFileAndRemovesItAgain()
    {
        QVERIFY(files::remove(m_file));
        const auto steps = planned(release({{u"A"_s, u"2"_s}}));
        TestContext context(m_target);
        const auto step = StepRegistry::create(steps->first()).value();
        const QJsonObject undo = await(step->prepare(context, {})).value();
        QVERIFY(await(step->apply(context, undo, {})));
        QCOMPARE(content(), QByteArray("A=2\n"));
        QVERIFY(await(step->revert(context, undo, {})));
        QVERIFY(!QFile::exists(m_file));
    }

    void doesNotThrowAwaySomebodysEdit()
    {
        const auto steps = planned(release({{u"A"_s, u"2"_s}}));
        TestContext context(m_target);
        const auto step = StepRegistry::create(steps->first()).value();
        const QJsonObject undo = await(step->prepare(context, {})).value();
        QVERIFY(files::replace(m_file, "A=3\n"));
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::Unknown);
        QCOMPARE(await(step->apply(context, undo, {})).error().code, u"config.edited"_s);
        QCOMPARE(await(step->revert(context, undo, {})).error().code, u"config.edited"_s);
        QCOMPARE(await(step->observe(context, {})).error().code, u"config.other_result"_s);
        QCOMPARE(content(), QByteArray("A=3\n"));
    }

    void plansNothingWhereNothingChanges()
    {
        QVERIFY(planned(release({{u"A"_s, u"1"_s}}, {u"NOT_THERE"_s}))->isEmpty());
        QVERIFY(planned(release({}))->isEmpty());
    }

    void refusesASecretInThePlan()
    {
        QCOMPARE(planned(release({{u"HIDDEN"_s, u"plain"_s}})).error().code, u"config.secret_literal"_s);
        QCOMPARE(planned(release({{u"HIDDEN"_s, u"file:/nowhere/x"_s}})).error().code, u"config.secret_missing"_s);
        QCOMPARE(planned(release({{u"BAD KEY"_s, u"1"_s}})).error().code, u"config.bad_key"_s);
    }

    void laterReleaseMaySetBackWhatAnEarlierOneSets()
    {
        // Planned alone, the second would change nothing.
        auto steps = await(planConfiguration({m_target, {}, {}}, release({{u"A"_s, u"2"_s}}))).value();
        steps += await(planConfiguration({m_target, {}, {}}, release({{u"A"_s, u"1"_s}}))).value();
        const auto all = withConfigurationFacts(m_target, steps).value();
        QCOMPARE(all.size(), 2);
        QCOMPARE(all[1].changes[configurationFact(m_file)].toString(), keyedDigest(m_target.stateDirectory, content()).value());
    }

    void factsFollowSeveralStepsForOneFile()
    {
        StepSpec first, second;
        first.id = u"1"_s;
        second.id = u"2"_s;
        first.kind = second.kind = u"configure"_s;
        first.params = {{u"file"_s, m_file}, {u"set"_s, QJsonObject{{u"A"_s, u"2"_s}}}};
        second.params = {{u"file"_s, m_file}, {u"set"_s, QJsonObject{{u"A"_s, u"3"_s}}}};
        const auto steps = withConfigurationFacts(m_target, {first, second});
        QVERIFY((*steps)[1].previews.first().text.contains(u"-A=2\n+A=3"));
        QCOMPARE((*steps)[1].changes[configurationFact(m_file)].toString(),
                 keyedDigest(m_target.stateDirectory, "A=3\nAPI_TOKEN=old-secret\nGONE=1\n").value());
    }
};

QTEST_GUILESS_MAIN(ConfigureTest)
#include "configuretest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using cli::Answer;
using cli::run;

/** What needs no system: help, completion, wrong words, versions, packages. */
class WordsTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    void write(const QString &name, const QByteArray &content)
    {
        QDir().mkpath(QFileInfo(path(name)).path());
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
    }
    static QJsonArray commands() { return run({u"help"_s, u"--json"_s}).json[u"commands"].toArray(); }
    void eachCommand()
    {
        QTest::addColumn<QStringList>("name");
        const QJsonArray all = commands();
        QVERIFY(all.size() > 25);
        for (const auto &command : all) {
            const QString name = command[u"name"].toString();
            QTest::newRow(qPrintable(name)) << name.split(u' ');
        }
    }

private Q_SLOTS:
    void everyCommandHasHelp_data() { eachCommand(); }
    void everyCommandHasHelp()
    {
        QFETCH(QStringList, name);
        const Answer help = run(QStringList{u"help"_s} + name);
        EXIT_IS(help, 0);
        QVERIFY2(QString::fromUtf8(help.output).startsWith(u"Usage: cutoverctl "_s + name.join(u' ')), help.told());
        QVERIFY(help.output.contains("--target FILE"));
        const Answer same = run(name + QStringList{u"--help"_s});
        EXIT_IS(same, 0);
        QCOMPARE(same.output, help.output);
        const Answer json = run(QStringList{u"help"_s} + name + QStringList{u"--json"_s});
        EXIT_IS(json, 0);
        const QJsonArray options = json.json[u"options"].toArray();
        QVERIFY(options.size() >= 3);
        for (const auto &option : options) {
            QVERIFY2(!option[u"text"].toString().isEmpty(), qPrintable(option[u"name"].toString()));
            QVERIFY(help.output.contains(option[u"name"].toString().toUtf8()));
        }
    }

    void whatChangesAnythingCanBeTried()
    {
        // What only looks, or writes only the file that it is asked for.
        const QStringList looking{u"status"_s, u"releases"_s, u"check"_s, u"plan"_s, u"follow"_s, u"history"_s, u"report"_s, u"audit"_s, u"backup list"_s,
                                  u"features list"_s, u"package verify"_s, u"package inspect"_s, u"version compare"_s, u"version path"_s,
                                  u"migration status"_s, u"migration history"_s, u"migration sql"_s, u"database sessions"_s, u"service logs"_s};
        // It is made of the same words as each command's help.
        const QByteArray completion = run({u"completion"_s}).output;
        const QJsonArray all = commands();
        for (const auto &command : all) {
            const QString name = command[u"name"].toString();
            const qsizetype at = completion.indexOf(QByteArray("\"" + name.toUtf8() + " \"*)"));
            QVERIFY2(at >= 0 && completion.sliced(at, completion.indexOf('\n', at) - at).contains("--dry-run") != looking.contains(name), qPrintable(name));
        }
    }

    void unknownOptionsNameTheKnown_data() { eachCommand(); }
    void unknownOptionsNameTheKnown()
    {
        QFETCH(QStringList, name);
        const Answer text = run(name + QStringList{u"--frobnicate"_s});
        EXIT_IS(text, 2);
        QVERIFY(text.output.isEmpty());
        QVERIFY2(text.errors.contains("--frobnicate") && text.errors.contains("--target") && text.errors.contains("--json"), text.told());
        const Answer json = run(name + QStringList{u"--frobnicate=3"_s, u"--json"_s});
        EXIT_IS(json, 2);
        QCOMPARE(json.code(), u"cli.unknown_option"_s);
        QVERIFY(json.json[u"error"][u"what"].toString().contains(u"--target"));
        QVERIFY(!json.json[u"error"][u"hint"].toString().isEmpty());
    }

    void helpAnswersInGroups()
    {
        const Answer all = run({u"help"_s});
        EXIT_IS(all, 0);
        for (const char *word : {"status", "update VERSION", "rollback", "package verify", "audit", "conn take"}) {
            QVERIFY2(all.output.contains(QByteArray("  ").append(word)), word);
        }
        QVERIFY(!all.output.contains("supervise"));
        const Answer group = run({u"help"_s, u"package"_s});
        EXIT_IS(group, 0);
        QVERIFY(group.output.contains("package sign") && !group.output.contains("rollback"));
        EXIT_IS(run({u"help"_s, u"nonsense"_s}), 2);
        EXIT_IS(run({}), 2);
        const Answer codes = run({u"help"_s, u"exit-codes"_s, u"--json"_s});
        EXIT_IS(codes, 0);
        QCOMPARE(codes.json[u"exitCodes"].toObject().keys(), QStringList({u"0"_s, u"1"_s, u"2"_s, u"3"_s, u"4"_s, u"5"_s, u"6"_s, u"7"_s}));
        EXIT_IS(run({u"--version"_s}), 0);
        QVERIFY(!run({u"--version"_s, u"--json"_s}).json[u"version"].toString().isEmpty());
    }

    void wrongLines_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("code");
        QTest::newRow("no such command") << QStringList{u"upgrade"_s} << u"cli.unknown_command"_s;
        QTest::newRow("half a command") << QStringList{u"package"_s} << u"cli.unknown_command"_s;
        QTest::newRow("too few") << QStringList{u"version"_s, u"compare"_s, u"1.0.0"_s} << u"cli.too_few"_s;
        QTest::newRow("too many") << QStringList{u"version"_s, u"compare"_s, u"1.0.0"_s, u"1.0.1"_s, u"x"_s} << u"cli.too_many"_s;
        QTest::newRow("nothing to update to") << QStringList{u"update"_s} << u"cli.too_few"_s;
        QTest::newRow("option without its value") << QStringList{u"plan"_s, u"1.0.0"_s, u"--watch"_s} << u"cli.option_value"_s;
        QTest::newRow("switch with a value") << QStringList{u"update"_s, u"1.0.0"_s, u"--yes=no"_s} << u"cli.switch_value"_s;
        QTest::newRow("no target") << QStringList{u"status"_s} << u"cli.no_target"_s;
        QTest::newRow("key missing") << QStringList{u"package"_s, u"sign"_s, u"x"_s} << u"cli.missing_option"_s;
        QTest::newRow("no number") << QStringList{u"demo"_s, u"create"_s, u"--orders"_s, u"many"_s} << u"cli.bad_number"_s;
        QTest::newRow("no rows") << QStringList{u"audit"_s, u"--limit"_s, u"0"_s} << u"cli.bad_limit"_s;
        QTest::newRow("no way back") << QStringList{u"rollback"_s, u"1.0.0"_s, u"--mode"_s, u"magic"_s} << u"cli.bad_mode"_s;
    }
    void wrongLines()
    {
        QFETCH(QStringList, words);
        QFETCH(QString, code);
        // From an empty folder, so that no target is found by chance.
        QTemporaryDir empty;
        const Answer text = run(words, empty.path());
        EXIT_IS(text, 2);
        QVERIFY2(text.output.isEmpty() && text.errors.startsWith("cutoverctl: "), text.told());
        // --json may stand before the command as well as after it.
        for (const QStringList &line : {QStringList(words + QStringList{u"--json"_s}), QStringList(QStringList{u"--json"_s} + words)}) {
            const Answer json = run(line, empty.path());
            EXIT_IS(json, 2);
            QCOMPARE(json.code(), code);
        }
        QVERIFY(QDir(empty.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
    }

    void targetThatIsNotThere()
    {
        for (const QStringList &words : {QStringList{u"status"_s}, QStringList{u"history"_s}, QStringList{u"update"_s, u"1.2.1"_s, u"--yes"_s}}) {
            const Answer answer = run(words + QStringList{u"--json"_s, u"--target"_s, path(u"nowhere.yaml"_s)});
            EXIT_IS(answer, 1);
            QVERIFY2(answer.output.contains("nowhere.yaml"), answer.told());
        }
    }

    void versions_data()
    {
        QTest::addColumn<QString>("a");
        QTest::addColumn<QString>("b");
        QTest::addColumn<int>("result");
        QTest::addColumn<QString>("type");
        QTest::newRow("hotfix") << u"1.2.0"_s << u"1.2.1"_s << -1 << u"hotfix"_s;
        QTest::newRow("major") << u"1.9.9"_s << u"2.0.0"_s << -1 << u"major"_s;
        QTest::newRow("same") << u"1.2.0"_s << u"1.2.0+build.7"_s << 0 << u"none"_s;
        QTest::newRow("back") << u"1.3.0"_s << u"1.2.9"_s << 1 << u"downgrade"_s;
    }
    void versions()
    {
        QFETCH(QString, a);
        QFETCH(QString, b);
        QFETCH(int, result);
        QFETCH(QString, type);
        const Answer answer = run({u"version"_s, u"compare"_s, a, b, u"--json"_s});
        EXIT_IS(answer, 0);
        QCOMPARE(answer.json[u"result"].toInt(), result);
        QCOMPARE(answer.json[u"type"].toString(), type);
        const Answer text = run({u"version"_s, u"compare"_s, a, b});
        EXIT_IS(text, 0);
        QVERIFY2(text.output.contains(type.toUtf8()), text.told());
    }
    void badVersion()
    {
        const Answer answer = run({u"version"_s, u"compare"_s, u"1.2"_s, u"1.2.0"_s, u"--json"_s});
        EXIT_IS(answer, 1);
        QVERIFY(answer.json[u"error"][u"what"].toString().contains(u"1.2"));
    }

    void packagesFromFolderToRepository()
    {
        write(u"source/manifest.yaml"_s, R"(schema: 1
product: trading
version: 1.4.0
from: ">=1.3.0 <1.4.0"
update_type: minor
risk: low
changes:
  added: [Something]
)");
        write(u"source/bin/run"_s, "#!/bin/sh\n");
        const QStringList makeKeys{u"package"_s, u"keys"_s, u"--secret"_s, path(u"a.key"_s), u"--public"_s, path(u"a.pub"_s)};
        const Answer wouldMake = run(makeKeys + QStringList{u"--dry-run"_s, u"--json"_s});
        EXIT_IS(wouldMake, 0);
        QCOMPARE(wouldMake.json[u"written"], false);
        QVERIFY(!QFile::exists(path(u"a.key"_s)) && !QFile::exists(path(u"a.pub"_s)));
        const Answer keys = run({u"package"_s, u"keys"_s, u"--secret"_s, path(u"a.key"_s), u"--public"_s, path(u"a.pub"_s), u"--json"_s});
        EXIT_IS(keys, 0);
        EXIT_IS(run({u"package"_s, u"keys"_s, u"--secret"_s, path(u"b.key"_s), u"--public"_s, path(u"b.pub"_s)}), 0);
        // A key is never written over, and that is told without trying.
        QCOMPARE(run(makeKeys + QStringList{u"--dry-run"_s, u"--json"_s}).code(), u"package.key_exists"_s);
        QDir().mkpath(path(u"repository"_s));
        // Tried first: it says what would be written, and writes nothing.
        const Answer tried = run({u"package"_s, u"build"_s, path(u"source"_s), u"--output"_s, path(u"repository"_s), u"--dry-run"_s, u"--json"_s});
        EXIT_IS(tried, 0);
        QCOMPARE(tried.json[u"members"].toArray().size(), 1);
        QVERIFY(!QFile::exists(tried.json[u"package"].toString()));
        QVERIFY(run({u"package"_s, u"build"_s, path(u"source"_s), u"--output"_s, path(u"repository"_s), u"--dry-run"_s}).output.contains("would be written"));
        QVERIFY(QDir(path(u"repository"_s)).isEmpty());
        EXIT_IS(run({u"package"_s, u"build"_s, path(u"nowhere"_s), u"--dry-run"_s}), 1);
        const Answer built = run({u"package"_s, u"build"_s, path(u"source"_s), u"--output"_s, path(u"repository"_s), u"--json"_s});
        EXIT_IS(built, 0);
        const QString package = built.json[u"package"].toString();
        QCOMPARE(package, tried.json[u"package"].toString());
        QVERIFY(QFile::exists(package));
        const Answer wouldSign = run({u"package"_s, u"sign"_s, package, u"--key"_s, path(u"a.key"_s), u"--dry-run"_s, u"--json"_s});
        EXIT_IS(wouldSign, 0);
        QVERIFY(!QFile::exists(wouldSign.json[u"signature"].toString()));
        // A key that can't sign is found without writing, too.
        QVERIFY(run({u"package"_s, u"sign"_s, package, u"--key"_s, path(u"a.pub"_s), u"--dry-run"_s}).exitCode != 0);
        // Not signed yet: refused.
        EXIT_IS(run({u"package"_s, u"verify"_s, package, u"--key"_s, path(u"a.pub"_s)}), 3);
        const Answer isSigned = run({u"package"_s, u"sign"_s, package, u"--key"_s, path(u"a.key"_s), u"--comment"_s, u"four"_s, u"--json"_s});
        EXIT_IS(isSigned, 0);
        QVERIFY(QFile::exists(isSigned.json[u"signature"].toString()));
        const Answer verified = run({u"package"_s, u"verify"_s, package, u"--key"_s, path(u"a.pub"_s), u"--json"_s});
        EXIT_IS(verified, 0);
        QCOMPARE(verified.json[u"manifest"][u"version"].toString(), u"1.4.0"_s);
        EXIT_IS(run({u"package"_s, u"verify"_s, package, u"--key"_s, path(u"a.pub"_s)}), 0);
        const Answer wrongKey = run({u"package"_s, u"verify"_s, package, u"--key"_s, path(u"b.pub"_s), u"--json"_s});
        EXIT_IS(wrongKey, 3);
        const Answer inspected = run({u"package"_s, u"inspect"_s, package, u"--json"_s});
        EXIT_IS(inspected, 0);
        QCOMPARE(inspected.json[u"verified"], false);
        QVERIFY(!inspected.json[u"members"].toArray().isEmpty());
        EXIT_IS(run({u"package"_s, u"inspect"_s, package}), 0);
        const Answer wouldIndex = run({u"package"_s, u"index"_s, path(u"repository"_s), u"--key"_s, path(u"a.key"_s), u"--dry-run"_s, u"--json"_s});
        EXIT_IS(wouldIndex, 0);
        QCOMPARE(wouldIndex.json[u"content"][u"releases"][0][u"manifest"][u"version"].toString(), u"1.4.0"_s);
        QVERIFY(run({u"package"_s, u"index"_s, path(u"repository"_s), u"--key"_s, path(u"a.pub"_s), u"--dry-run"_s}).exitCode != 0);
        QVERIFY(!QFile::exists(path(u"repository/index.json"_s)));
        EXIT_IS(run({u"package"_s, u"index"_s, path(u"repository"_s), u"--key"_s, path(u"a.key"_s), u"--json"_s}), 0);
        QVERIFY(QFile::exists(path(u"repository/index.json"_s)));
        QVERIFY(QFile::exists(path(u"repository/index.json.minisig"_s)));
        EXIT_IS(run({u"package"_s, u"inspect"_s, path(u"a.pub"_s), u"--json"_s}), 3);
    }

    void theConsoleTriesItsDemo()
    {
        const auto tried = [](const QStringList &words) {
            QProcess process;
            QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
            environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
            process.setProcessEnvironment(environment);
            process.start(SystemDemo::program(u"cutover"_s), QStringList{u"--demo"_s, u"--dry-run"_s} + words);
            process.waitForFinished(60000);
            return QString(QString::number(process.exitCode()) + u' ' + QString::fromUtf8(process.readAllStandardOutput() + process.readAllStandardError()));
        };
        const QString folder = path(u"console demo"_s);
        QCOMPARE(tried({u"--state"_s, folder}), u"0 A demo system would be made in %1.\n"_s.arg(folder));
        QVERIFY(!QFile::exists(folder));
        write(u"console taken/file"_s, "x");
        QVERIFY(tried({u"--reset"_s, u"--state"_s, path(u"console taken"_s)}).startsWith(u"2 "_s));
        write(u"console demo/target.yaml"_s, "x");
        QVERIFY(tried({u"--state"_s, folder}).contains(u"would be started"_s));
        const QString reset = tried({u"--reset"_s, u"--state"_s, folder});
        QVERIFY2(reset.startsWith(u"0 "_s) && reset.contains(u"replaced by a new one"_s), qPrintable(reset));
        QVERIFY(QFile::exists(folder + u"/target.yaml"_s));
    }

    void demoIsTriedWithoutMakingIt()
    {
        const QString folder = path(u"a demo"_s);
        const Answer tried = run({u"demo"_s, u"create"_s, u"--directory"_s, folder, u"--orders"_s, u"7"_s, u"--dry-run"_s, u"--json"_s});
        EXIT_IS(tried, 0);
        QCOMPARE(tried.json[u"done"], false);
        QVERIFY(!QFile::exists(folder));
        QVERIFY(run({u"demo"_s, u"create"_s, u"--directory"_s, folder, u"--orders"_s, u"7"_s, u"--dry-run"_s}).output.contains("with 7 orders"));
        // What would be refused is refused.
        write(u"taken/file"_s, "x");
        const Answer refused = run({u"demo"_s, u"create"_s, u"--directory"_s, path(u"taken"_s), u"--dry-run"_s, u"--json"_s});
        EXIT_IS(refused, 1);
        QCOMPARE(refused.code(), u"demo.not_empty"_s);
        for (const QString &verb : {u"start"_s, u"stop"_s}) {
            const Answer missing = run({u"demo"_s, verb, u"--directory"_s, folder, u"--dry-run"_s, u"--json"_s});
            QVERIFY2(missing.exitCode == 1 || missing.exitCode == 3, missing.told());
            QVERIFY(missing.json[u"error"][u"what"].toString().contains(folder));
        }
    }

    void saysItsVersion()
    {
        const Answer version = run({u"version"_s});
        EXIT_IS(version, 0);
        QCOMPARE(version.output, run({u"--version"_s}).output);
        QVERIFY(!run({u"version"_s, u"--json"_s}).json[u"version"].toString().isEmpty());
    }

    /// The script is valid, and offers what the program knows.
    void completion()
    {
        const Answer script = run({u"completion"_s});
        EXIT_IS(script, 0);
        write(u"completion.bash"_s, script.output);
        QProcess check;
        check.start(u"bash"_s, {u"-n"_s, path(u"completion.bash"_s)});
        QVERIFY(check.waitForFinished());
        QVERIFY2(check.exitCode() == 0, check.readAllStandardError());
        QCOMPARE(run({u"completion"_s, u"--json"_s}).json[u"bash"].toString().toUtf8() + '\n', script.output);

        const auto offers = [this](const QStringList &typed) {
            QProcess bash;
            bash.setWorkingDirectory(m_folder.path());
            bash.start(u"bash"_s, QStringList{u"--norc"_s, u"-c"_s, u"source completion.bash; COMP_WORDS=(cutoverctl \"$@\"); COMP_CWORD=$#; _cutoverctl; printf '%s\\n' \"${COMPREPLY[@]}\""_s, u"bash"_s} + typed);
            bash.waitForFinished();
            QStringList words = QString::fromUtf8(bash.readAllStandardOutput()).split(u'\n', Qt::SkipEmptyParts);
            words.sort();
            return words;
        };
        QCOMPARE(offers({u"roll"_s}), QStringList{u"rollback"_s});
        QVERIFY(offers({QString()}).contains(u"status"_s) && offers({QString()}).contains(u"help"_s));
        QCOMPARE(offers({u"package"_s, u"i"_s}), QStringList({u"index"_s, u"inspect"_s}));
        QVERIFY(offers({u"help"_s, u"exit"_s}).contains(u"exit-codes"_s));
        QCOMPARE(offers({u"update"_s, u"1.2.1"_s, u"--d"_s}), QStringList{u"--dry-run"_s});
        QCOMPARE(offers({u"update"_s, u"1.2.1"_s, u"--w"_s}), QStringList{u"--watch"_s});
        QCOMPARE(offers({u"package"_s, u"sign"_s, u"x"_s, u"--k"_s}), QStringList{u"--key"_s});
        QCOMPARE(offers({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"d"_s}), QStringList{u"downgrade"_s});
        for (const QString &verb : {u"abort"_s, u"revert"_s, u"accept"_s, u"abandon"_s}) {
            QCOMPARE(offers({verb, u"--c"_s}), QStringList{u"--confirm"_s});
        }
        QCOMPARE(offers({u"hold"_s, u"--c"_s}), QStringList());
        QCOMPARE(offers({u"target"_s, QString()}), (QStringList{u"adopt"_s, u"derive"_s}));
        QCOMPARE(offers({u"database"_s, QString()}), (QStringList{u"clone"_s, u"end-session"_s, u"sessions"_s}));
        QCOMPARE(offers({u"target"_s, u"adopt"_s, u"--c"_s}), QStringList{u"--confirm"_s});
        QCOMPARE(offers({u"apply"_s, u"comp"_s}), QStringList{u"completion.bash"_s});
    }
};

QTEST_GUILESS_MAIN(WordsTest)
#include "wordstest.moc"

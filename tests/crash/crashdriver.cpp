// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashdriver.h"

#include <QCommandLineParser>
#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

const Catalogue::Registration texts{
    {"crash.between", "%{what}", nullptr},
    {"crash.runner_hangs", "The runner %{program} did not end within %{limit:duration}.", nullptr},
    {"crash.runner_crashed", "The runner ended badly: %{output}", nullptr},
    {"crash.no_points", "The runner told no points: %{output}", nullptr},
    {"crash.resume_file", "The file of points done can't be used: %{reason}.", nullptr},
};

struct Ended {
    bool killed = false;
    int exitCode = 0;
    QString output;
};

/**
 * What is to happen to one process of a try. The runner is armed when it is started. A process that
 * lives beside it is started earlier, by whoever needs it, so the environment of all carries the
 * fault, and it counts only while the switch is on.
 */
class Arming
{
public:
    Arming(const CrashScenario &scenario, const QString &fault, const QString &log = {})
        : m_role(scenario.role())
        , m_switch(m_folder.filePath(u"switch"_s))
    {
        set(u"CUTOVER_FAULT"_s, fault);
        set(u"CUTOVER_FAULT_LOG"_s, log);
        if (!m_role.isEmpty()) {
            set(u"CUTOVER_FAULT_ROLE"_s, m_role);
            set(u"CUTOVER_FAULT_SWITCH"_s, m_switch);
            for (const auto &[name, value] : m_variables.asKeyValueRange()) {
                qputenv(name.toLatin1().constData(), value.toLocal8Bit());
            }
        }
    }
    ~Arming() { end(); }
    Q_DISABLE_COPY_MOVE(Arming)

    Result<> begin() const
    {
        QFile file(m_switch);
        if (!file.open(QIODevice::WriteOnly)) {
            return fail(u"crash.resume_file"_s, {{u"reason"_s, file.errorString()}}, m_switch);
        }
        return {};
    }
    void end() const
    {
        QFile::remove(m_switch);
        for (const QString &name : m_variables.keys()) {
            qunsetenv(name.toLatin1().constData());
        }
    }
    [[nodiscard]] const QMap<QString, QString> &variables() const { return m_variables; }

private:
    void set(const QString &name, const QString &value)
    {
        if (!value.isEmpty()) {
            m_variables.insert(name, value);
        }
    }

    QTemporaryDir m_folder;
    QString m_role;
    QString m_switch;
    QMap<QString, QString> m_variables;
};

Result<Ended> runOnce(const QStringList &command, qint64 limitMs, const QMap<QString, QString> &variables = {})
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const auto &[name, value] : variables.asKeyValueRange()) {
        environment.insert(name, value);
    }
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(command.first(), command.sliced(1));
    if (!process.waitForFinished(int(limitMs))) {
        process.kill();
        process.waitForFinished();
        return fail(u"crash.runner_hangs"_s, {{u"program"_s, command.first()}, {u"limit"_s, limitMs}});
    }
    return Ended{process.exitStatus() == QProcess::CrashExit, process.exitCode(), QString::fromUtf8(process.readAll())};
}

QStringList linesOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts) : QStringList();
}

CrashFault faultAt(const QString &kind, const QString &point)
{
    // "number operation subject time"
    return {kind, point.section(u' ', 1, 1), point.section(u' ', 2, -2)};
}

Result<QString> disturb(CrashScenario &scenario, const CrashOptions &options, int point, CrashReport &report)
{
    const QString spec = options.kind + u'@' + QString::number(point);
    QTemporaryDir folder;
    const QString log = folder.filePath(u"points"_s);
    const Arming arming(scenario, spec, log);
    CHECK(scenario.reset());
    CHECK(arming.begin());
    TRY(const Ended ended, runOnce(scenario.runner(), options.limitMs, arming.variables()));
    arming.end();
    if (ended.killed && (options.kind != "kill"_L1 || !scenario.role().isEmpty())) {
        return fail(u"crash.runner_crashed"_s, {{u"output"_s, ended.output}});
    }
    // Of this very try: ids in paths are others in each.
    const QStringList passed = linesOf(log);
    const CrashFault fault = faultAt(options.kind, passed.value(point - 1));
    if (passed.size() < point) {
        ++report.missed;
    }
    const auto goOn = [&]() -> Result<> {
        TRY(const Ended again, runOnce(scenario.runner(), options.limitMs));
        if (again.killed || !scenario.hasEnded(again.exitCode)) {
            return fail(u"crash.runner_crashed"_s, {{u"output"_s, again.output}});
        }
        return {};
    };
    // A runner that can't write its journal gives up; the next one, left in peace, goes on.
    if (ended.killed || !scenario.hasEnded(ended.exitCode)) {
        CHECK(goOn());
    }
    TRY(QString verdict, scenario.judge());
    if (verdict != "held"_L1) {
        return verdict;
    }
    TRY(const CrashScenario::Reason reason, scenario.reason());
    ++report.reasons[reason.text];
    CHECK(fits(fault, reason.error));
    TRY(const bool decided, scenario.decide());
    if (!decided) {
        return verdict;
    }
    CHECK(goOn());
    TRY(const QString after, scenario.judge());
    if (after == "held"_L1) {
        // Nothing has gone wrong a second time.
        TRY(const CrashScenario::Reason second, scenario.reason());
        return between(u"Held again, after a decision: "_s + second.text);
    }
    return QString(verdict + u", then "_s + after);
}

Result<QString> tryPoint(CrashScenario &scenario, const CrashOptions &options, int point, CrashReport &report)
{
    auto verdict = disturb(scenario, options, point, report);
    if (!verdict && !options.keep.isEmpty()) {
        scenario.keep(QDir(options.keep).absoluteFilePath(scenario.name() + u'-' + options.kind + u'-' + QString::number(point)));
    }
    scenario.clear();
    return verdict;
}

struct Choice {
    QList<int> points; ///< Numbers, in the order in which they are tested.
    qsizetype mandatory = 0; ///< So many of them, whatever time they take.
};

Choice choose(const CrashPoints &points, const CrashOptions &options)
{
    QList<int> all(points.names.size());
    std::iota(all.begin(), all.end(), 1);
    Choice choice;
    if (options.boundaries) {
        choice = {points.boundaries, points.boundaries.size()};
    }
    if (options.sample < 0) {
        return options.boundaries ? choice : Choice{all, 0};
    }
    // So that what a lack of time leaves out is as much by chance as what is tested.
    QRandomGenerator random(options.seed);
    std::shuffle(all.begin(), all.end(), random);
    for (const int point : all.first(qMin<qsizetype>(options.sample, all.size()))) {
        if (!choice.points.contains(point)) {
            choice.points.append(point);
        }
    }
    // A lack of time must not make a sample that tests nothing look like one in which nothing failed.
    choice.mandatory = qMin(choice.mandatory + 1, choice.points.size());
    return choice;
}

} // namespace

QString CrashReport::text() const
{
    QStringList parts;
    for (const auto &[ending, count] : endings.asKeyValueRange()) {
        parts.append(u"%1 ended %2"_s.arg(count).arg(ending));
    }
    QString text = u"%1 points, %2 tested: %3, %4 failed; %5 s each"_s.arg(points)
                       .arg(tested)
                       .arg(parts.join(u"; "_s))
                       .arg(failures.size())
                       .arg(double(milliseconds) / 1000 / qMax(tested, 1), 0, 'f', 2);
    if (missed > 0) {
        text += u"; %1 did not come to pass"_s.arg(missed);
    }
    if (leftOut > 0) {
        text += u"; %1 left out for want of time"_s.arg(leftOut);
    }
    return text;
}

Result<CrashPoints> countPoints(CrashScenario &scenario, const CrashOptions &options)
{
    CrashPoints points;
    QTemporaryDir folder;
    const QString log = folder.filePath(u"points"_s);
    const Arming counting(scenario, {}, log);
    CHECK(scenario.reset());
    CHECK(counting.begin());
    TRY(const Ended undisturbed, runOnce(scenario.runner(), options.limitMs, counting.variables()));
    counting.end();
    if (undisturbed.killed || !scenario.hasEnded(undisturbed.exitCode)) {
        return fail(u"crash.runner_crashed"_s, {{u"output"_s, undisturbed.output}});
    }
    TRY(points.ending, scenario.judge());
    scenario.clear();
    points.names = linesOf(log);
    if (points.names.isEmpty()) {
        return fail(u"crash.no_points"_s, {{u"output"_s, undisturbed.output}});
    }
    if (options.boundaries) {
        TRY(points.boundaries, scenario.stepBoundaries(points.names));
        std::sort(points.boundaries.begin(), points.boundaries.end());
        points.boundaries.erase(std::unique(points.boundaries.begin(), points.boundaries.end()), points.boundaries.end());
    }
    return points;
}

Result<CrashReport> explore(CrashScenario &scenario, const CrashPoints &points, const CrashOptions &options,
                            const std::function<void(const QString &)> &tell)
{
    CrashReport report;
    report.points = int(points.names.size());
    const Choice choice = choose(points, options);
    QSet<QString> done;
    QFile resume(options.resumeFile);
    if (!options.resumeFile.isEmpty()) {
        if (!resume.open(QIODevice::ReadWrite | QIODevice::Append)) {
            return fail(u"crash.resume_file"_s, {{u"reason"_s, resume.errorString()}}, options.resumeFile);
        }
        resume.seek(0);
        const QStringList lines = QString::fromUtf8(resume.readAll()).split(u'\n', Qt::SkipEmptyParts);
        done = QSet(lines.begin(), lines.end());
    }
    for (qsizetype i = options.shard - 1; i < choice.points.size(); i += options.shards) {
        const int point = choice.points[i];
        const QString id = scenario.name() + u' ' + options.kind + u'@' + QString::number(point);
        if (done.contains(id)) {
            continue;
        }
        if (i >= choice.mandatory && options.sampleUntil.hasExpired()) {
            ++report.leftOut;
            continue;
        }
        QElapsedTimer timer;
        timer.start();
        auto verdict = tryPoint(scenario, options, point, report);
        // A kill is no failure: the run goes on to where it was going.
        if (verdict && options.kind == "kill"_L1 && *verdict != points.ending) {
            verdict = between(u"It ended %1 instead of %2."_s.arg(*verdict, points.ending));
        }
        report.milliseconds += timer.elapsed();
        ++report.tested;
        if (verdict) {
            ++report.endings[*verdict];
            if (resume.isOpen()) {
                resume.write(id.toUtf8() + '\n');
                resume.flush();
            }
        } else {
            report.failures.append(u"%1 (%2): %3"_s.arg(id, points.names.value(point - 1), verdict.error().text()));
            if (tell) {
                tell(report.failures.constLast());
            }
        }
        if (tell && report.tested % 50 == 0) {
            tell(report.text());
        }
    }
    return report;
}

int crashMain(const QStringList &arguments, const QList<CrashScenario *> &scenarios)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Interrupts a run at every persisted write, lets it go on, and judges how it ends."_s);
    parser.addHelpOption();
    const QCommandLineOption kind(u"kind"_s, u"What happens: kill, enospc or eio; several times for several, none for all."_s, u"kind"_s);
    const QCommandLineOption shard(u"shard"_s, u"Test every n-th point from the i-th on."_s, u"i/n"_s, u"1/1"_s);
    const QCommandLineOption resume(u"resume"_s, u"Keep the points done in this file, and go on behind them."_s, u"file"_s);
    const QCommandLineOption sample(u"sample"_s, u"Test only so many points."_s, u"count"_s, u"-1"_s);
    const QCommandLineOption seed(u"seed"_s, u"Chooses the sample."_s, u"number"_s, u"1"_s);
    const QCommandLineOption boundaries(u"boundaries"_s, u"Test the points between steps, besides the sample."_s);
    const QCommandLineOption budget(u"budget"_s, u"Leave out what is left of the samples after so many seconds; each kind has its share of them."_s, u"seconds"_s);
    const QCommandLineOption keep(u"keep"_s, u"Copy systems that were judged badly to this folder."_s, u"folder"_s);
    QStringList names;
    for (const CrashScenario *scenario : scenarios) {
        names.append(scenario->name());
    }
    const QCommandLineOption only(u"scenario"_s, u"Test only this one: %1; several times for several."_s.arg(names.join(u", "_s)), u"name"_s);
    parser.addOptions({kind, shard, resume, sample, seed, boundaries, budget, keep, only});
    if (!parser.parse(arguments)) {
        std::fprintf(stderr, "%s\n", qPrintable(parser.errorText()));
        return 2;
    }
    if (parser.isSet(u"help"_s)) {
        parser.showHelp(0);
    }
    CrashOptions options;
    const QStringList parts = parser.value(shard).split(u'/');
    options.shard = parts.value(0).toInt();
    options.shards = parts.value(1).toInt();
    options.sample = parser.value(sample).toInt();
    options.seed = parser.value(seed).toUInt();
    options.boundaries = parser.isSet(boundaries);
    options.keep = parser.value(keep);
    options.resumeFile = parser.value(resume);
    const QStringList kinds = parser.isSet(kind) ? parser.values(kind) : QStringList{u"kill"_s, u"enospc"_s, u"eio"_s};
    const bool known = std::all_of(kinds.begin(), kinds.end(), [](const QString &k) { return k == u"kill" || k == u"enospc" || k == u"eio"; });
    if (options.shard < 1 || options.shard > options.shards || !known) {
        std::fprintf(stderr, "Expected --shard i/n with 1 <= i <= n, and --kind kill, enospc or eio.\n");
        return 2;
    }
    const auto tell = [](const QString &line) {
        std::printf("%s\n", qPrintable(line));
        std::fflush(stdout);
    };
    for (const QString &name : parser.values(only)) {
        if (!names.contains(name)) {
            std::fprintf(stderr, "There is no scenario %s; there are %s.\n", qPrintable(name), qPrintable(names.join(u", "_s)));
            return 2;
        }
    }
    int failures = 0;
    for (CrashScenario *scenario : scenarios) {
        if (parser.isSet(only) && !parser.values(only).contains(scenario->name())) {
            continue;
        }
        QElapsedTimer sinceBegin;
        sinceBegin.start();
        const auto points = countPoints(*scenario, options);
        if (!points) {
            tell(scenario->name() + u": "_s + points.error().text());
            ++failures;
            continue;
        }
        tell(u"%1: %2 points; undisturbed it ends %3"_s.arg(scenario->name()).arg(points->names.size()).arg(points->ending));
        for (qsizetype i = 0; i < kinds.size(); ++i) {
            const QString &k = kinds[i];
            options.kind = k;
            if (parser.isSet(budget)) {
                options.sampleUntil.setRemainingTime(qMax<qint64>(0, parser.value(budget).toLongLong() * 1000 * (i + 1) / kinds.size() - sinceBegin.elapsed()));
            }
            const auto report = explore(*scenario, *points, options, tell);
            if (!report) {
                tell(scenario->name() + u": "_s + report.error().text());
                ++failures;
                continue;
            }
            tell(scenario->name() + u", "_s + k + u": "_s + report->text());
            for (const auto &[reason, count] : report->reasons.asKeyValueRange()) {
                tell(u"  held %1 times: %2"_s.arg(count).arg(reason));
            }
            failures += int(report->failures.size());
        }
    }
    return failures == 0 ? 0 : 1;
}

QStringList leftovers(const QString &folder)
{
    static const QRegularExpression temporary(u"^\\..+\\.cutover-[a-z]+$|^before-"_s);
    QStringList found;
    QDirIterator it(folder, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (it.hasNext()) {
        const QFileInfo info = it.nextFileInfo();
        if (temporary.match(info.fileName()).hasMatch()) {
            found.append(info.filePath());
        }
    }
    return found;
}

QString integrity(const QString &databaseFile)
{
    const QString name = u"crash-integrity"_s;
    QString found;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, name);
        database.setDatabaseName(databaseFile);
        database.setConnectOptions(u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=10000"_s);
        QSqlQuery query(database);
        if (!database.open() || !query.exec(u"PRAGMA integrity_check"_s) || !query.next()) {
            found = database.lastError().text() + query.lastError().text();
        } else {
            found = query.value(0).toString();
        }
    }
    QSqlDatabase::removeDatabase(name);
    return found;
}

std::unexpected<Error> between(const QString &what)
{
    return fail(u"crash.between"_s, {{u"what"_s, what}});
}

} // namespace cutover::testing

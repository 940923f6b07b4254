// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashdriver.h"

#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonObject>
#include <QProcess>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>

#include <algorithm>
#include <memory>
#include <optional>

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

/// A line of the log: "number operation subject time for names".
struct Point {
    explicit Point(const QString &line)
    {
        static const QRegularExpression form(u"^\\d+ (\\S+) (.*) \\d+(?: for (\\S+))?$"_s);
        const auto match = form.match(line);
        operation = match.captured(1);
        subject = match.captured(2);
        names = match.captured(3).split(u',', Qt::SkipEmptyParts);
    }
    QString operation;
    QString subject;
    QStringList names;
};

/// A full disk refuses what is to be stored; removing and starting programs go on (system/faultpoints).
bool isRefused(const QString &kind, const QString &operation)
{
    static const QStringList stored{u"file-create"_s, u"file-write"_s, u"file-sync"_s, u"file-rename"_s, u"file-link"_s, u"database-write"_s, u"database-sync"_s};
    return kind != "enospc"_L1 || stored.contains(operation);
}

/// The point that "17" or "step-3-done" means, as the log of a run has it; empty when there is none.
QString find(const QStringList &log, const QString &point)
{
    bool isNumber = false;
    if (const int number = point.toInt(&isNumber); isNumber) {
        return log.value(number - 1);
    }
    const auto found = std::ranges::find_if(log, [&point](const QString &line) { return Point(line).names.contains(point); });
    return found == log.end() ? QString() : *found;
}

/// where: the point as this very try has named it; empty when the try did not come to it.
Result<QString> disturb(CrashScenario &scenario, const CrashOptions &options, const QString &point, CrashReport &report, QString &where)
{
    // A disk that is full stays so until somebody makes room: for the runner's whole life.
    const QString spec = options.kind == "full"_L1 ? QString(u"enospc@"_s + point + u'+') : QString(options.kind + u'@' + point);
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
    where = find(linesOf(log), point);
    if (options.kind == "kill"_L1 && scenario.role().isEmpty() && !where.isEmpty() && !ended.killed) {
        return between(u"The runner came to the point and was not killed."_s);
    }
    const Point struck(where);
    const CrashFault fault{options.kind, struck.operation, struck.subject};
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

Result<QString> tryPoint(CrashScenario &scenario, const CrashOptions &options, const QString &point, CrashReport &report, QString &where)
{
    auto verdict = disturb(scenario, options, point, report, where);
    if (!verdict && !options.keep.isEmpty()) {
        scenario.keep(QDir(options.keep).absoluteFilePath(scenario.name() + u'-' + options.kind + u'-' + point));
    }
    scenario.clear();
    return verdict;
}

/** The points that were judged well, and how they ended, kept in a file that several processes may share. */
class PointsDone
{
public:
    static Result<PointsDone> open(const QString &path)
    {
        PointsDone done;
        if (!path.isEmpty()) {
            done.m_file = std::make_unique<QFile>(path);
            if (!done.m_file->open(QIODevice::ReadWrite | QIODevice::Append)) {
                return fail(u"crash.resume_file"_s, {{u"reason"_s, done.m_file->errorString()}}, path);
            }
            // "scenario kind@number ending"
            for (const QString &line : linesOf(path)) {
                done.m_endings.insert(line.section(u' ', 0, 1), line.section(u' ', 2));
            }
        }
        return done;
    }
    [[nodiscard]] std::optional<QString> ending(const QString &id) const
    {
        const auto found = m_endings.constFind(id);
        return found == m_endings.constEnd() ? std::nullopt : std::optional(*found);
    }
    void add(const QString &id, const QString &ending)
    {
        if (m_file) {
            // One write to a file that is opened for appending is not mixed with those of others.
            m_file->write(QString(id + u' ' + ending + u'\n').toUtf8());
            m_file->flush();
        }
    }

private:
    std::unique_ptr<QFile> m_file;
    QHash<QString, QString> m_endings;
};

struct Choice {
    QStringList points; ///< Numbers and names, in the order in which they are tested.
    qsizetype mandatory = 0; ///< So many of them, whatever time they take.
};

Choice choose(const CrashPoints &points, const CrashOptions &options)
{
    QStringList all;
    for (qsizetype number = 1; number <= points.names.size(); ++number) {
        // A sample is of points at which something happens.
        if (options.sample < 0 || isRefused(options.kind, Point(points.names[number - 1]).operation)) {
            all.append(QString::number(number));
        }
    }
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
    choice.points += all.first(qMin<qsizetype>(options.sample, all.size()));
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
    parts.append(u"%1 failed"_s.arg(failures.size()));
    QString text = u"%1 points, %2 tested: %3; %4 s each"_s.arg(points)
                       .arg(before + tested)
                       .arg(parts.join(u", "_s))
                       .arg(double(milliseconds) / 1000 / qMax(tested, 1), 0, 'f', 2);
    if (before > 0) {
        text += u"; %1 of them before"_s.arg(before);
    }
    if (boundaries > 0) {
        text += u"; %1 of them ends of steps"_s.arg(boundaries);
    }
    if (missed > 0) {
        text += u"; %1 did not come to pass"_s.arg(missed);
    }
    if (leftOut > 0) {
        text += u"; %1 left out for want of time"_s.arg(leftOut);
    }
    return text;
}

QJsonObject CrashReport::toJson() const
{
    const auto counts = [](const QMap<QString, int> &map) {
        QJsonObject json;
        for (const auto &[name, count] : map.asKeyValueRange()) {
            json.insert(name, count);
        }
        return json;
    };
    return {{u"points"_s, points}, {u"tested"_s, tested}, {u"before"_s, before}, {u"missed"_s, missed}, {u"boundaries"_s, boundaries}, {u"leftOut"_s, leftOut}, {u"milliseconds"_s, milliseconds}, {u"endings"_s, counts(endings)}, {u"reasons"_s, counts(reasons)}, {u"failures"_s, QJsonArray::fromStringList(failures)}};
}

void CrashReport::add(const QJsonObject &json)
{
    const auto addTo = [](QMap<QString, int> &map, const QJsonObject &counts) {
        for (auto it = counts.begin(); it != counts.end(); ++it) {
            map[it.key()] += it.value().toInt();
        }
    };
    points = qMax(points, json[u"points"_s].toInt());
    tested += json[u"tested"_s].toInt();
    before += json[u"before"_s].toInt();
    missed += json[u"missed"_s].toInt();
    boundaries += json[u"boundaries"_s].toInt();
    leftOut += json[u"leftOut"_s].toInt();
    milliseconds += json[u"milliseconds"_s].toInteger();
    addTo(endings, json[u"endings"_s].toObject());
    addTo(reasons, json[u"reasons"_s].toObject());
    for (const auto &failure : json[u"failures"_s].toArray()) {
        failures.append(failure.toString());
    }
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
        QStringList announced;
        for (const QString &point : std::as_const(points.names)) {
            announced += Point(point).names;
        }
        announced.removeDuplicates();
        TRY(points.boundaries, scenario.stepBoundaries(announced));
    }
    return points;
}

Result<CrashReport> explore(CrashScenario &scenario, const CrashPoints &points, const CrashOptions &options,
                            const std::function<void(const QString &)> &tell)
{
    CrashReport report;
    report.points = int(points.names.size());
    const Choice choice = choose(points, options);
    TRY(PointsDone done, PointsDone::open(options.resumeFile));
    const bool all = options.sample < 0 && !options.boundaries;
    for (qsizetype i = options.shard - 1; i < choice.points.size() || all; i += options.shards) {
        // Runs differ by a few writes, so whoever tests all goes on until there is none.
        const bool beyond = i >= choice.points.size();
        const QString point = beyond ? QString::number(i + 1) : choice.points[i];
        const bool boundary = options.boundaries && i < points.boundaries.size();
        const int number = boundary ? 0 : point.toInt();
        const QString id = scenario.name() + u' ' + options.kind + u'@' + point;
        if (const auto before = done.ending(id)) {
            report.points = qMax(report.points, number);
            report.boundaries += boundary ? 1 : 0;
            ++report.before;
            ++report.endings[*before];
            continue;
        }
        if (i >= choice.mandatory && options.sampleUntil.hasExpired()) {
            ++report.leftOut;
            continue;
        }
        QElapsedTimer timer;
        timer.start();
        QString where;
        auto verdict = tryPoint(scenario, options, point, report, where);
        if (verdict && !where.isEmpty() && !isRefused(options.kind, Point(where).operation)) {
            verdict = u"unharmed (nothing is stored there)"_s;
        }
        // A kill is no failure: the run goes on to where it was going.
        if (verdict && options.kind == "kill"_L1 && *verdict != points.ending) {
            verdict = between(u"It ended %1 instead of %2."_s.arg(*verdict, points.ending));
        }
        if (where.isEmpty() && verdict && beyond) {
            break;
        }
        if (where.isEmpty() && verdict && boundary) {
            verdict = between(u"The run did not come to this end of a step."_s);
        }
        report.milliseconds += timer.elapsed();
        report.points = where.isEmpty() ? report.points : qMax(report.points, number);
        report.missed += where.isEmpty() ? 1 : 0;
        report.boundaries += boundary ? 1 : 0;
        ++report.tested;
        if (verdict) {
            ++report.endings[*verdict];
            done.add(id, *verdict);
        } else {
            report.failures.append(u"%1 (%2): %3"_s.arg(id, where.isEmpty() ? find(points.names, point) : where, verdict.error().text()));
            if (tell) {
                tell(report.failures.constLast());
            }
            if (where.isEmpty() && beyond) {
                break;
            }
        }
        if (tell && report.tested % 50 == 0) {
            tell(scenario.name() + u", "_s + options.kind + u", so far: "_s + report.text());
        }
    }
    // A fault that mostly does not happen proves nothing.
    constexpr int fewest = 3;
    if (report.tested >= fewest && report.missed * 2 > report.tested) {
        report.failures.append(u"%1 %2: %3 of %4 points did not come to pass"_s.arg(scenario.name(), options.kind).arg(report.missed).arg(report.tested));
    }
    return report;
}

QString systemsTemplate()
{
    const QString base = qEnvironmentVariable("CUTOVER_CRASH_BASE", QDir(u"/dev/shm"_s).exists() ? u"/dev/shm"_s : QDir::tempPath());
    return base + u"/cutover-crash-XXXXXX"_s;
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

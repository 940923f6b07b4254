// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/journal.h"
#include "run/runlock.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoroTask>
#include <QDir>
#include <QDirIterator>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Kills a process at its 1st, 2nd, … n-th persisted write, for each primitive that the engine is built on. */
class PrimitivesTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_dir;

    [[nodiscard]] QString at(const QString &name) const { return m_dir->filePath(name); }

    [[nodiscard]] ProcessResult helper(const QStringList &args, const QString &fault = {}, const QString &role = {}) const
    {
        ProcessSpec spec{.program = QString(QCoreApplication::applicationDirPath() + u"/cutover-seams-helper"_s), .arguments = args};
        if (!fault.isEmpty()) {
            spec.environment.insert(u"CUTOVER_FAULT"_s, fault);
        }
        if (!role.isEmpty()) {
            spec.environment.insert(u"CUTOVER_FAULT_ROLE"_s, role);
            spec.environment.insert(u"CUTOVER_FAULT_SWITCH"_s, at(u"switch"_s));
        }
        spec.environment.insert(u"CUTOVER_FAULT_LOG"_s, at(u"points"_s));
        QFile::remove(at(u"points"_s));
        spec.timeoutMs = 60'000;
        return QCoro::waitFor(Processes::system().run(spec)).value();
    }

    /// The points that the last helper passed, without their number.
    [[nodiscard]] QList<QByteArray> points() const
    {
        QList<QByteArray> kinds;
        const QList<QByteArray> lines = files::read(at(u"points"_s)).value().split('\n');
        for (const QByteArray &line : lines) {
            if (!line.isEmpty()) {
                kinds.append(line.split(' ')[1]);
            }
        }
        return kinds;
    }

    [[nodiscard]] QStringList hiddenLeft(const QString &folder) const
    {
        QStringList found;
        QDirIterator it(folder, {u".*cutover*"_s}, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot,
                        QDirIterator::Subdirectories);
        while (it.hasNext()) {
            found.append(it.next());
        }
        return found;
    }

    template<class Prepare, class Check>
    void killAtEach(const QStringList &args, Prepare prepare, Check check)
    {
        int killed = 0;
        for (int n = 1;; ++n) {
            prepare();
            const ProcessResult result = helper(args, QString(u"kill@"_s + QString::number(n)));
            QVERIFY2(result.exitCode == 137 || result.exitCode == 0, result.errorOutput);
            check();
            if (QTest::currentTestFailed()) {
                qWarning("killed at %d: %s", n, points().isEmpty() ? "" : points().last().constData());
                return;
            }
            // Done again by whoever comes next, it is whole and leaves nothing behind.
            const ProcessResult again = helper(args);
            QVERIFY2(again.exitCode == 0, again.errorOutput);
            QCOMPARE(hiddenLeft(m_dir->path()), QStringList());
            if (result.exitCode == 0) {
                QCOMPARE_GE(killed, 3);
                qInfo("%d points", killed);
                return;
            }
            ++killed;
        }
    }

private Q_SLOTS:
    void init() { m_dir = std::make_unique<QTemporaryDir>(); }

    void logListsThePointsOfReplace()
    {
        QCOMPARE(helper({u"replace"_s, at(u"file"_s), u"x"_s}).exitCode, 0);
        QCOMPARE(points(), (QList<QByteArray>{"file-create", "file-write", "file-sync", "file-rename", "directory-sync"}));
        QCOMPARE(helper({u"link"_s, at(u"link"_s), u"x"_s}).exitCode, 0);
        QCOMPARE(points(), (QList<QByteArray>{"file-link", "file-rename", "directory-sync"}));
    }

    void strikesInItsRoleWhileSwitchedOnAndOnce()
    {
        const QStringList words{u"replace"_s, at(u"file"_s), u"x"_s};
        QCOMPARE(helper(words, u"kill@2"_s, u"replace"_s).exitCode, 0);
        QVERIFY(!QFile::exists(at(u"points"_s)) || points().isEmpty());
        QVERIFY(files::replace(at(u"switch"_s), {}));
        QCOMPARE(helper(words, u"kill@2"_s, u"link"_s).exitCode, 0);
        QVERIFY(!QFile::exists(at(u"points"_s)));
        QCOMPARE(helper(words, u"kill@2"_s, u"replace"_s).exitCode, 137);
        QCOMPARE(points().size(), 2);
        QVERIFY(!QFile::exists(at(u"switch"_s)));
        QCOMPARE(helper(words, u"kill@2"_s, u"replace"_s).exitCode, 0);
        // Those whom it isn't meant for pass it on: here the child of a child of ours.
        QVERIFY(files::replace(at(u"switch"_s), {}));
        const QString program = QCoreApplication::applicationDirPath() + u"/cutover-seams-helper"_s;
        (void)helper(QStringList{u"lock"_s, at(u"state"_s), u"1"_s, u"0"_s, program} + words, u"kill@2"_s, u"replace"_s);
        QCOMPARE(points().size(), 2);
        QVERIFY(!QFile::exists(at(u"switch"_s)));
    }

    void replace()
    {
        killAtEach({u"replace"_s, at(u"file"_s), u"new"_s}, [this] { QVERIFY(files::replace(at(u"file"_s), "old")); }, [this] {
                       const QByteArray content = files::read(at(u"file"_s)).value();
                       QVERIFY2(content == "old" || content == "new", content); });
        QCOMPARE(files::read(at(u"file"_s)).value(), "new"_ba);
    }

    void link()
    {
        killAtEach({u"link"_s, at(u"current"_s), u"new"_s}, [this] { QVERIFY(files::switchLink(at(u"current"_s), u"old"_s)); }, [this] {
                       const QString target = files::readLink(at(u"current"_s)).value();
                       QVERIFY(target == "old"_L1 || target == "new"_L1); });
    }

    void copy()
    {
        QVERIFY(files::replace(at(u"from"_s), QByteArray(3 << 20, 'n')));
        killAtEach({u"copy"_s, at(u"from"_s), at(u"to"_s)}, [this] { QVERIFY(files::remove(at(u"to"_s))); }, [this] { QVERIFY(!QFile::exists(at(u"to"_s)) || QFileInfo(at(u"to"_s)).size() == 3 << 20); });
    }

    void removeTree()
    {
        killAtEach({u"remove-tree"_s, at(u"tree"_s)}, [this] {
                       for (const QString &name : {u"a/1"_s, u"a/2"_s, u"b/c/3"_s}) {
                           const QString file = at(QString(u"tree/"_s + name));
                           QVERIFY(files::makePath(QFileInfo(file).path()));
                           QVERIFY(files::replace(file, "x"));
                       } }, [this] {
                       // Whole under its name, or not there.
                       if (QFile::exists(at(u"tree"_s))) {
                           QVERIFY(QFile::exists(at(u"tree/a/1"_s)) && QFile::exists(at(u"tree/a/2"_s)) && QFile::exists(at(u"tree/b/c/3"_s)));
                       } });
    }

    /// From an empty folder through the journal's making to its last commit: what was acknowledged is there.
    void journal()
    {
        const QString state = at(u"state"_s);
        QByteArray acknowledged;
        int killed = 0;
        for (int n = 1;; ++n) {
            QVERIFY(QDir(state).removeRecursively());
            const ProcessResult result = helper({u"journal"_s, state, u"5"_s}, QString(u"kill@"_s + QString::number(n)));
            QVERIFY2(result.exitCode == 137 || result.exitCode == 0, result.errorOutput);
            {
                const auto journal = Journal::open(state);
                QVERIFY2(journal, journal ? "" : qPrintable(journal.error().text()));
                const auto run = (*journal)->activeRun().value();
                const QList<StepRecord> steps = run ? (*journal)->steps(run->id).value() : QList<StepRecord>();
                QVERIFY(!run || steps.size() == 5);
                const QList<QByteArray> lines = result.output.split('\n');
                qsizetype done = 0;
                for (const StepRecord &step : steps) {
                    done += step.state == StepState::Done;
                    if (lines.contains(QByteArray::number(step.index))) {
                        QVERIFY2(step.state == StepState::Done, qPrintable(u"killed at %1"_s.arg(n)));
                    }
                }
                // A step and its event are one transaction; the audit row behind them may be missing.
                if (run) {
                    QCOMPARE((*journal)->events(run->id).value().size(), done);
                }
                const qsizetype audited = (*journal)->auditTrail().value().size();
                QVERIFY(audited == done || audited == done - 1);
                const auto verified = (*journal)->verifyAudit();
                QVERIFY2(verified, verified ? "" : qPrintable(verified.error().text()));
            }
            if (result.exitCode == 0) {
                break;
            }
            ++killed;
        }
        QCOMPARE_GE(killed, 25);
        qInfo("%d points", killed);
    }

    /// Killed anywhere while taking the lock: the next one gets it, with a later epoch.
    void lock()
    {
        const QString state = at(u"state"_s);
        qint64 last = 0;
        for (int n = 1;; ++n) {
            const ProcessResult result = helper({u"lock"_s, state, u"first"_s, u"0"_s}, QString(u"kill@"_s + QString::number(n)));
            QVERIFY2(result.exitCode == 137 || result.exitCode == 0, result.errorOutput);
            const qint64 given = result.output.trimmed().toLongLong();
            const ProcessResult next = helper({u"lock"_s, state, u"second"_s, u"0"_s});
            QVERIFY2(next.exitCode == 0, next.errorOutput);
            const qint64 epoch = next.output.trimmed().toLongLong();
            QVERIFY(epoch > last && epoch > given);
            last = epoch;
            if (result.exitCode == 0) {
                QCOMPARE_GE(n, 7);
                return;
            }
        }
    }
};

QTEST_GUILESS_MAIN(PrimitivesTest)
#include "primitivestest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demosystem.h"

#include <QFile>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

qint64 lines(const QString &path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll().count('\n') : 0;
}

} // namespace

QString scratchTemplate(const Options &options)
{
    return options.programs + u"/../bench-XXXXXX"_s;
}

DemoSystem::DemoSystem(const Options &options)
    : m_folder(scratchTemplate(options))
    , m_control(options.programs + u"/cutoverctl"_s)
{
}

Result<std::unique_ptr<DemoSystem>> DemoSystem::create(const Options &options, int orders, int rate, bool start, const QStringList &more)
{
    std::unique_ptr<DemoSystem> demo(new DemoSystem(options));
    // The demo's folder must not exist, or be empty.
    const QStringList create{u"demo"_s, u"create"_s, u"--directory"_s, demo->m_folder.path(), u"--orders"_s, QString::number(orders), u"--rate"_s, QString::number(rate)};
    CHECK(runProgram(demo->m_control, create + more));
    if (start) {
        CHECK(demo->start());
    }
    return demo;
}

Result<> DemoSystem::start()
{
    m_started = true;
    return runProgram(m_control, {u"demo"_s, u"start"_s, u"--directory"_s, m_folder.path()}).transform([](const QByteArray &) { });
}

DemoSystem::~DemoSystem()
{
    if (m_started) {
        (void)runProgram(m_control, {u"demo"_s, u"stop"_s, u"--directory"_s, m_folder.path()});
    }
}

Result<qint64> DemoSystem::failures() const
{
    const QString log = path(u"data/failures.log"_s);
    if (!QFile::exists(log)) {
        return fail(u"bench.failed"_s, {{u"reason"_s, QString(log + u" is missing"_s)}});
    }
    return lines(log);
}

qint64 DemoSystem::acknowledged() const
{
    return lines(path(u"data/acknowledged.log"_s));
}

QStringList DemoSystem::updateArguments(const QString &version, const QString &watch) const
{
    return {u"update"_s, version, u"--yes"_s, u"--watch"_s, watch, u"--target"_s, target(), u"--json"_s};
}

} // namespace cutover::bench

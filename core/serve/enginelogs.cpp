// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/engineserviceprivate.h"

#include "deploy/servicelogs.h"

#include <QJsonArray>
#include <QTimer>

#include <memory>
#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int TellMs = 100; ///< Lines that come together are told together.
constexpr qsizetype TellBytes = 64 << 10; ///< But no more than a console reads without a stall.
constexpr qsizetype LongestLine = 8 << 10;

/// Lines that have not been told yet.
struct Gathered {
    QJsonArray lines;
    qsizetype bytes = 0;
    bool due = false;
};

} // namespace

Async<QJsonObject> EngineService::Private::logJob(QString name, int lines, bool follow, QString job, std::stop_token stop)
{
    LogRequest request;
    request.lines = lines;
    request.follow = follow;
    const auto gathered = std::make_shared<Gathered>();
    const auto flush = [service = QPointer(q), job, gathered] {
        gathered->due = false;
        if (service && !gathered->lines.isEmpty()) {
            service->d->tellJob(job, u"item"_s, {{u"item"_s, QJsonObject{{u"lines"_s, std::exchange(gathered->lines, {})}}}});
            gathered->bytes = 0;
        }
    };
    const auto told = [service = QPointer(q), gathered, flush](const QString &instance, const QString &line) {
        const QString shown = line.size() > LongestLine ? QString(line.left(LongestLine) + u'…') : line;
        gathered->lines.append(QJsonObject{{u"instance"_s, instance}, {u"line"_s, shown}});
        gathered->bytes += shown.size();
        if (gathered->bytes >= TellBytes) {
            flush();
        } else if (service && !std::exchange(gathered->due, true)) {
            QTimer::singleShot(TellMs, service.data(), flush);
        }
    };
    const auto read = co_await serviceLogs(target, name, request, told, stop);
    flush();
    if (!read) {
        co_return fail(read.error());
    }
    co_return QJsonObject{};
}

} // namespace cutover

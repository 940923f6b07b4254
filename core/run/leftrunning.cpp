// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/leftrunning.h"

#include "plan/loss.h"
#include "system/clock.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int looks = 5;
constexpr qint64 betweenLooksMs = 200;

} // namespace

QStringList textsOf(const QList<LockKeeper> &keepers)
{
    QStringList texts;
    for (const LockKeeper &keeper : keepers) {
        texts.append(u"%1 (%2)"_s.arg(keeper.program).arg(keeper.pid));
    }
    return texts;
}

Async<QList<LockKeeper>> keepersNow(QString stateDirectory, int descriptor)
{
    if (descriptor < 0) {
        co_return QList<LockKeeper>();
    }
    Worker worker;
    co_return co_await worker.run([stateDirectory]() -> Result<QList<LockKeeper>> { return RunLock::keepers(stateDirectory); });
}

Async<QStringList> leftRunning(QString stateDirectory, int descriptor, QList<LockKeeper> before, std::stop_token stop)
{
    for (int look = 1;; ++look) {
        CO_TRY(QList<LockKeeper> left, co_await keepersNow(stateDirectory, descriptor));
        left.removeIf([&before](const LockKeeper &keeper) {
            return !keeper.inherited || std::ranges::any_of(before, [&keeper](const LockKeeper &known) { return known.pid == keeper.pid && known.startTime == keeper.startTime; });
        });
        if (left.isEmpty() || look == looks || !co_await Clock::system().sleep(betweenLooksMs, stop)) {
            co_return textsOf(left);
        }
    }
}

void tellLeftRunning(StepContext &context, const QString &name, const QStringList &programs)
{
    if (!programs.isEmpty()) {
        const Message remark{u"command.left_running"_s, {{u"name"_s, name}, {u"programs"_s, QJsonArray::fromStringList(programs)}}};
        context.log(remark);
        context.setResult(stepresult::remarks, QJsonArray{remark.toJson()});
    }
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/factkeeper.h"

#include <QMap>

namespace cutover {

namespace {

// By name, so that they always work in the same order. Made at first use: registrations are file-scope
// objects of any order.
QMap<QString, FactKeeper::Function> &keepers()
{
    static QMap<QString, FactKeeper::Function> instance;
    return instance;
}

} // namespace

FactKeeper::FactKeeper(const QString &name, Function function)
{
    keepers().insert(name, std::move(function));
}

Async<> FactKeeper::keep(Target target, QStringList ignored, KeeperTools tools)
{
    const auto asked = keepers().values();
    for (const Function &keeper : asked) {
        CO_CHECK(co_await keeper(target, ignored, tools));
    }
    co_return {};
}

} // namespace cutover

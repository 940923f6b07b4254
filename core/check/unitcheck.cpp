// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether an account that is not root may do with the target's units of the machine's systemd what an update does: all of
// them, while an instance's own step asks only for its own, when others may have been updated already.

#include "check/checklist.h"
#include "deploy/placed.h"
#include "deploy/systemdmanager.h"
#include "target/systemdreader.h"

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QStringList unitsOn(const Target &target, const HostSpec &host)
{
    QStringList units;
    const QList<Placed> placed = placedOf(target, u"systemd"_s);
    for (const Placed &one : placed) {
        if (one.service->managed && one.service->host.name == host.name) {
            units.append(unitOf(*one.instance));
        }
    }
    return units;
}

QCoro::Task<Finding> rights(CheckScope scope, HostSpec host, std::stop_token stop)
{
    SystemdManager manager(scope.target, {}, SystemdManager::Whose::Machine, host);
    const auto account = co_await manager.account(stop);
    if (!account) {
        co_return wrong(account.error());
    }
    if (account->isEmpty()) {
        co_return passed(u"systemd.rights_root"_s);
    }
    const QStringList units = unitsOn(scope.target, host);
    Error untold;
    for (const QString &unit : units) {
        if (const auto may = co_await manager.mayChange(unit, stop); !may) {
            if (may.error().code != "systemd.rights_unknown"_L1) {
                co_return wrong(may.error());
            }
            // Who does not answer is not asked for each.
            untold = may.error();
            break;
        }
    }
    for (const QString &unit : units) {
        if (const auto may = co_await manager.checkDropIn(unit, stop); !may) {
            co_return wrong(may.error());
        }
    }
    if (!untold.code.isEmpty()) {
        co_return doubtful(untold);
    }
    co_return passed(u"systemd.rights_ok"_s, {{u"account"_s, *account}, {u"count"_s, units.size()}});
}

// After the hosts themselves.
const CheckKind kind(6, [](const CheckScope &scope) {
    QList<CheckItem> items;
    if (scope.afterUpdate) {
        return items;
    }
    const auto ask = [&](const HostSpec &host, const QString &id, const Message &title) {
        if (!unitsOn(scope.target, host).isEmpty()) {
            items.append({id, title, true, [host](CheckScope scope, std::stop_token stop) { return rights(std::move(scope), host, stop); }});
        }
    };
    // Nobody asks root.
    if (::geteuid() != 0) {
        ask({}, u"units"_s, {u"systemd.check_rights"_s, {}});
    }
    for (const HostSpec &host : scope.target.hosts) {
        ask(host, u"units:"_s + host.name, {u"systemd.check_rights_host"_s, {{u"name"_s, host.name}}});
    }
    return items;
});

} // namespace

} // namespace cutover

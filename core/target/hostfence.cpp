// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/hostfence.h"

#include "system/clock.h"
#include "system/json.h"
#include "system/programs.h"
#include "system/random.h"
#include "target/claim.h"
#include "target/sshprocesses.h"

#include <QFileInfo>
#include <QHash>

#include <algorithm>
#include <utility>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 busySeconds = 60; ///< More than what a lost link leaves there needs to end.
constexpr qint64 marginMs = 20000;
constexpr qint64 readMs = 20000;
constexpr qint64 pollMs = 20;

enum Exit { NotKept = 3,
            Busy = 4,
            Unreadable = 5,
            Led = 6,
            NoFlock = 7 };

// $1: folder of releases, $2: name, $3: "ours" where nobody else may lead, $4: id, $5: who we are, $6 to $8: the same for
// people, $9: seconds to wait. All that counts is on the disk before it is said. Tells the new epoch, and from whom it was taken.
constexpr auto raiser = R"(command -v flock >/dev/null || exit 7
folder=$1/.cutover
if [ ! -d "$folder" ]; then mkdir -p -- "$folder" && sync -f -- "$folder" || exit 3; fi
cd -- "$folder" && true >>"$2.lock" || exit 3
exec 7<"$2.lock"
flock -w "$9" 7 || exit 4
epoch=0 owner= by= purpose= since=
if [ -e "$2.epoch" ]; then
{ read -r epoch id && read -r owner && read -r by && read -r purpose && read -r since; } <"$2.epoch" || exit 5
fi
case $epoch in "" | *[!0-9]*) exit 5 ;; esac
if [ "$3" = ours ] && [ -n "$owner" ] && [ "$owner" != "$5" ]; then exit 6; fi
epoch=$((epoch + 1))
printf '%s\n' "$epoch $4" "$5" "$6" "$7" "$8" >"$2.new" && sync -- "$2.new" && mv -fT -- "$2.new" "$2.epoch" && sync -- . || exit 3
printf '%s\n' "$epoch $4")"_L1;

/** What this process wants to hold, or holds, on a host. */
struct Claim {
    QString id; ///< Of the fence that put it up.
    QString name; ///< Of the target's files over there.
    QString owner; ///< This control host, with this state directory.
    QString purpose;
    HostFence::Take take = HostFence::Take::IfOurs;
    QString line; ///< Empty: not raised yet.
    bool isRaising = false;
};

/// By host. One thread, as Processes.
QHash<QString, Claim> &claims()
{
    static QHash<QString, Claim> all;
    return all;
}

QString keyOf(const HostSpec &host)
{
    return host.stateDirectory + u'\n' + host.name + u'\n' + host.address.text();
}

QString folderOf(const HostSpec &host)
{
    return host.releasesDirectory + u"/.cutover"_s;
}

/// The same for every control host that has this target.
QString nameOf(const Target &target)
{
    return json::sha256(QString(target.name + u'\n' + target.product + u'\n' + target.environment).toUtf8()).first(16);
}

QString oneLine(QString text)
{
    return text.replace(u'\n', u' ');
}

Async<> raiseOn(HostSpec host, Processes *local, std::stop_token stop)
{
    const QString key = keyOf(host);
    // Of two at once the second would fence off the first.
    while (claims().contains(key) && claims()[key].isRaising) {
        CO_CHECK(co_await Clock::system().sleep(pollMs, stop));
    }
    if (!claims().contains(key) || !claims()[key].line.isEmpty()) {
        co_return {};
    }
    const Claim claim = claims()[key];
    const QJsonObject args{{u"host"_s, host.text()}, {u"folder"_s, folderOf(host)}, {u"file"_s, QString(folderOf(host) + u'/' + claim.name + u".epoch"_s)}};
    if (host.releasesDirectory.isEmpty()) {
        co_return fail(u"host.no_epoch"_s, args, host.address.text());
    }
    claims()[key].isRaising = true;
    const QStringList words{host.releasesDirectory, claim.name, claim.take == HostFence::Take::IfOurs ? u"ours"_s : u"anyway"_s, Random::system().id(), claim.owner,
                            oneLine(whoAmI()), oneLine(claim.purpose), Clock::system().now().toString(Qt::ISODate), QString::number(busySeconds)};
    ProcessSpec spec;
    spec.timeoutMs = busySeconds * 1000 + marginMs;
    const auto ran = co_await runScript(host, raiser, words, spec, stop, *local);
    if (!claims().contains(key) || claims()[key].id != claim.id) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled); // The fence is down.
    }
    Claim &now = claims()[key];
    now.isRaising = false;
    CO_CHECK(ran);
    QJsonObject told = args;
    told.insert(u"last"_s, ran->lastWords());
    switch (ran->exitCode) {
    case 0:
        break;
    case Busy:
        co_return fail(u"host.epoch_busy"_s, told, host.address.text(), Error::Kind::Transient);
    case Unreadable:
        co_return fail(u"host.epoch_unreadable"_s, told, host.address.text());
    case NoFlock:
        co_return fail(u"host.no_flock"_s, told, host.address.text());
    case Led: {
        const HostEpoch own{.file = folderOf(host) + u'/' + claim.name, .line = {}};
        const Error error = co_await HostFence::fencedBy(host, own, local);
        co_return fail(error);
    }
    default:
        co_return fail(u"host.no_epoch"_s, told, host.address.text());
    }
    now.line = QString::fromUtf8(ran->output).section(u'\n', 0, 0);
    // From here on this goes on, and somebody who comes later is to be seen.
    now.take = HostFence::Take::IfOurs;
    co_return {};
}

const Catalogue::Registration texts{{
    {"host.fenced", QT_TRANSLATE_NOOP("catalogue", "%{host} is led by another control host or runner since %{since}: %{by} (%{purpose}). Nothing was changed there."),
     QT_TRANSLATE_NOOP("catalogue", "If that is right, leave %{host} to it and abandon what runs here. If this control host is to lead again, see that nothing else works there and begin anew "
                                    "here, which takes it over; to go on with what has begun, remove “%{file}” over there and try again.")},
    {"host.epoch_busy", QT_TRANSLATE_NOOP("catalogue", "On %{host} a program of another control host, or of an earlier runner, is still at work."),
     QT_TRANSLATE_NOOP("catalogue", "Let it end, or end it over there; then try again.")},
    {"host.no_epoch", QT_TRANSLATE_NOOP("catalogue", "On %{host} nothing can say who leads the target, as “%{folder}” can't be written to: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Make that folder over there for the account, with space left, or name another one: “releases” of the host in target.yaml.")},
    {"host.no_flock", QT_TRANSLATE_NOOP("catalogue", "On %{host} there is no “flock”, without which two control hosts could change the same thing at once."),
     QT_TRANSLATE_NOOP("catalogue", "Install util-linux there, or correct the path of the account.")},
    {"host.epoch_unreadable", QT_TRANSLATE_NOOP("catalogue", "On %{host} the file that says who leads the target is damaged: %{file}"),
     QT_TRANSLATE_NOOP("catalogue", "See that no other control host works there, then remove it.")},
    {"host.epoch_gone", QT_TRANSLATE_NOOP("catalogue", "On %{host} the file that says who leads the target has gone: %{file}"),
     QT_TRANSLATE_NOOP("catalogue", "See what removes it, then try again.")},
}};

} // namespace

HostFence::HostFence(const Target &target, const QString &purpose, Take take)
    : m_id(Random::system().id())
{
    const auto works = [&target](const HostSpec &host) {
        return std::ranges::any_of(target.services, [&host](const ServiceSpec &service) { return service.managed && service.host.name == host.name; })
            || std::ranges::contains(target.commands, host.name, &CommandStepSpec::host);
    };
    const QString state = QFileInfo(target.stateDirectory).canonicalFilePath();
    const QString owner = json::sha256((machineDigest().value_or(QString()) + u'\n' + (state.isEmpty() ? target.stateDirectory : state)).toUtf8());
    for (const HostSpec &host : target.hosts) {
        if (!works(host)) {
            continue;
        }
        m_hosts.append(host);
        m_keys.append(keyOf(host));
        claims().insert(keyOf(host), Claim{.id = m_id, .name = nameOf(target), .owner = owner, .purpose = purpose, .take = take, .line = {}});
    }
}

HostFence::~HostFence()
{
    for (const QString &key : std::as_const(m_keys)) {
        if (claims().value(key).id == m_id) {
            claims().remove(key);
        }
    }
}

Async<> HostFence::raise(Processes &local, std::stop_token stop)
{
    std::vector<Async<>> tasks;
    for (const HostSpec &host : std::as_const(m_hosts)) {
        tasks.push_back(raiseOn(host, &local, stop));
    }
    Result<> first;
    for (Async<> &task : tasks) {
        const Result<> raised = co_await task;
        const bool isAway = !raised && raised.error().kind == Error::Kind::Transient && raised.error().code != "host.epoch_busy"_L1;
        if (!raised && !isAway && first) {
            first = raised;
        }
    }
    co_return first;
}

Async<std::optional<HostEpoch>> HostFence::epochOn(HostSpec host, Processes *local, std::stop_token stop)
{
    const QString key = keyOf(host);
    if (!claims().contains(key)) {
        co_return std::optional<HostEpoch>();
    }
    CO_CHECK(co_await raiseOn(host, local, stop));
    const Claim claim = claims().value(key);
    co_return std::optional(HostEpoch{.file = folderOf(host) + u'/' + claim.name, .line = claim.line});
}

void HostFence::lose(const HostSpec &host)
{
    if (const auto claim = claims().find(keyOf(host)); claim != claims().end()) {
        claim->line.clear();
    }
}

QCoro::Task<Error> HostFence::fencedBy(HostSpec host, HostEpoch own, Processes *local)
{
    ProcessSpec spec;
    spec.timeoutMs = readMs;
    const auto ran = co_await runScript(host, u"cat -- \"$1\""_s, {own.file + u".epoch"_s}, spec, {}, *local);
    const QStringList lines = ran ? QString::fromUtf8(ran->output).split(u'\n') : QStringList();
    const auto line = [&lines](qsizetype at) { return lines.value(at).isEmpty() ? u"?"_s : lines[at]; };
    const QDateTime since = QDateTime::fromString(lines.value(4), Qt::ISODate);
    co_return Error{u"host.fenced"_s,
                    {{u"host"_s, host.text()}, {u"by"_s, line(2)}, {u"purpose"_s, line(3)}, {u"since"_s, since.isValid() ? since.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"?"_s}, {u"file"_s, QString(own.file + u".epoch"_s)}},
                    Error::Kind::Permanent,
                    host.address.text()};
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/checkreader.h"

#include "target/addressfields.h"
#include "target/hostreader.h"

#include <QHash>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxInteger = 1'000'000'000;
constexpr qint64 backupAgeMs = 7LL * 24 * 3600 * 1000;
/// Somebody else's system is not asked several times a second.
constexpr qint64 externalIntervalMs = 5000;

/// Words of provenWords(), each once.
QStringList readProves(yaml::Map &map)
{
    QStringList words;
    QHash<QString, QString> seen;
    const std::vector<yaml::Value> entries = map.optional(u"proves"_s).filledList();
    for (const yaml::Value &entry : entries) {
        const QString word = entry.choice(provenWords());
        if (word.isEmpty()) {
            continue;
        }
        if (const auto first = seen.constFind(word); first != seen.constEnd()) {
            entry.problem(u"duplicate"_s, {{u"value"_s, word}, {u"first"_s, *first}});
        } else {
            seen.insert(word, entry.path());
            words.append(word);
        }
    }
    return words;
}

/// What a probe is by its kind alone. A program may ask anything.
void addOwnProof(ProbeSpec &probe)
{
    QStringList own;
    if (!probe.http.isEmpty() || !probe.tcp.isEmpty()) {
        own.append(u"endpoints"_s);
    }
    if (probe.webSocket) {
        own.append(u"websocket"_s);
    }
    for (const QString &word : std::as_const(own)) {
        if (!probe.proves.contains(word)) {
            probe.proves.append(word);
        }
    }
}

/** Reads one "checks" section; remembers the names of each of its lists. */
class CheckReader
{
public:
    CheckReader(const QDir &folder, const CommandReader &command)
        : m_folder(folder)
        , m_command(command)
    {
    }

    CheckSpec read(yaml::Map &map)
    {
        CheckSpec check;
        check.minimumFreeBytes = map.optional(u"minimum_free"_s).size(check.minimumFreeBytes);
        for (yaml::Map &entry : map.maps(u"probes"_s)) {
            const QString name = nameOf(entry, m_probes);
            ProbeSpec probe = readProbe(entry, name, {}, m_folder, m_command);
            probe.proves = readProves(entry);
            addOwnProof(probe);
            check.probes << probe;
            entry.close();
        }
        for (yaml::Map &entry : map.maps(u"external"_s)) {
            check.external << readExternal(entry);
        }
        check.externalWaitMs = map.optional(u"external_wait"_s).duration(0, check.externalWaitMs);
        check.logFile = path(map.optional(u"log_file"_s));
        check.maxLogErrors = int(map.optional(u"max_log_errors"_s).integer(0, maxInteger, check.maxLogErrors));
        check.latencyUrl = urlField(map.optional(u"latency_url"_s), {});
        check.latencyP50Ms = double(map.optional(u"latency_p50"_s).duration(1, qint64(check.latencyP50Ms)));
        check.latencyP95Ms = double(map.optional(u"latency_p95"_s).duration(1, qint64(check.latencyP95Ms)));
        check.latencyP99Ms = double(map.optional(u"latency_p99"_s).duration(1, qint64(check.latencyP99Ms)));
        check.latencyRequests = int(map.optional(u"latency_requests"_s).integer(1, 1'000'000, check.latencyRequests));
        check.latencyConcurrency = int(map.optional(u"latency_concurrency"_s).integer(1, 1000, check.latencyConcurrency));
        check.maxBackupAgeMs = map.optional(u"max_backup_age"_s).duration(0, backupAgeMs);
        check.maxConnections = int(map.optional(u"max_connections"_s).integer(1, maxInteger, check.maxConnections));
        for (yaml::Map &entry : map.maps(u"certificates"_s)) {
            check.certificates << readCertificate(entry);
        }
        for (yaml::Map &entry : map.maps(u"compatibility"_s)) {
            check.compatibility << readCompatibility(entry);
        }
        for (yaml::Map &entry : map.maps(u"evidence"_s)) {
            check.evidence << readEvidence(entry);
        }
        map.close();
        return check;
    }

private:
    using Seen = QHash<QString, QString>; ///< Name to the path of the field that had it first.

    [[nodiscard]] QString path(const yaml::Value &value) const
    {
        const QString text = value.text();
        return text.isEmpty() ? text : QDir::cleanPath(m_folder.absoluteFilePath(text));
    }

    static QString nameOf(yaml::Map &map, Seen &seen)
    {
        const yaml::Value value = map.required(u"name"_s, u"name"_s);
        const QString name = value.name();
        if (!value.exists() || name.isEmpty()) {
            return name;
        }
        if (const auto first = seen.constFind(name); first != seen.constEnd()) {
            value.problem(u"duplicate"_s, {{u"value"_s, name}, {u"first"_s, *first}});
        } else {
            seen.insert(name, value.path());
        }
        return name;
    }

    ProbeSpec readExternal(yaml::Map &map)
    {
        const QString name = nameOf(map, m_external);
        const bool own = map.has(u"interval"_s);
        ProbeSpec probe = readProbe(map, name, {}, m_folder, m_command);
        probe.intervalMs = own ? probe.intervalMs : externalIntervalMs;
        const QString whileDown = map.optional(u"while_down"_s).choice({u"fail"_s, u"wait"_s, u"hold"_s}, u"fail"_s);
        probe.whileDown = whileDown == "wait"_L1 ? ProbeSpec::WhileDown::Wait
            : whileDown == "hold"_L1             ? ProbeSpec::WhileDown::Hold
                                                 : ProbeSpec::WhileDown::Fail;
        map.close();
        return probe;
    }

    CertificateSpec readCertificate(yaml::Map &map)
    {
        CertificateSpec spec;
        spec.name = nameOf(map, m_certificates);
        if (map.has(u"file"_s) == map.has(u"server"_s)) {
            map.problem(u"certificate_kind"_s, {{u"found"_s, map.has(u"file"_s) ? u"file, server"_s : u"0"_s}});
        }
        spec.file = path(map.optional(u"file"_s));
        spec.server = hostAndPortField(map.optional(u"server"_s), {});
        spec.minimumDays = int(map.optional(u"minimum_days"_s).integer(0, 10000, spec.minimumDays));
        spec.critical = map.optional(u"critical"_s).boolean(spec.critical);
        map.close();
        return spec;
    }

    CompatibilitySpec readCompatibility(yaml::Map &map)
    {
        CompatibilitySpec spec;
        spec.name = nameOf(map, m_compatibility);
        // The requests are sent twice, to a system that serves: none of them may change it.
        spec.method = map.optional(u"method"_s).choice({u"GET"_s, u"HEAD"_s, u"OPTIONS"_s}, spec.method);
        spec.url = urlField(map.required(u"url"_s, u"url"_s), {});
        spec.headers = readHeaders(map, m_folder);
        const yaml::Value compare = map.optional(u"compare"_s);
        const QString compared = compare.choice({u"shape"_s, u"values"_s}, compare.exists() ? QString() : u"shape"_s);
        const yaml::Value ignored = map.optional(u"ignore"_s);
        for (const yaml::Value &entry : ignored.list()) {
            static const QRegularExpression pointer(uR"(\A(/([^~]|~[01])*)+\z)"_s);
            const QString text = entry.text();
            if (!text.isEmpty() && !pointer.match(text).hasMatch()) {
                entry.expected(u"json_pointer"_s);
            }
            spec.ignore << text;
        }
        if (compared == "shape"_L1) {
            // The pointer to the document itself: no value of it counts.
            spec.ignore = QStringList{QString()};
            if (ignored.exists()) {
                ignored.problem(u"ignore_without_values"_s, {});
            }
        }
        map.close();
        return spec;
    }

    EvidenceSpec readEvidence(yaml::Map &map)
    {
        EvidenceSpec spec;
        spec.name = nameOf(map, m_evidence);
        spec.command = m_command.words(map.required(u"command"_s, u"list"_s));
        spec.host = namedHost(map, m_command.hosts).name;
        spec.before = map.optional(u"when"_s).choice({u"before"_s, u"after"_s}, u"before"_s) == "before"_L1;
        spec.critical = map.optional(u"critical"_s).boolean(spec.critical);
        spec.timeoutMs = map.optional(u"timeout"_s).duration(1, spec.timeoutMs);
        spec.proves = readProves(map);
        map.close();
        return spec;
    }

    QDir m_folder;
    const CommandReader &m_command;
    Seen m_probes;
    Seen m_external;
    Seen m_certificates;
    Seen m_compatibility;
    Seen m_evidence;
};

} // namespace

const QStringList &provenWords()
{
    static const QStringList words{u"unit"_s, u"integration"_s, u"frontend"_s, u"audit"_s, u"load"_s, u"endpoints"_s, u"authentication"_s, u"orders"_s, u"streaming"_s, u"websocket"_s, u"features"_s};
    return words;
}

CheckSpec readChecks(yaml::Map map, const QDir &folder, const CommandReader &command)
{
    return CheckReader(folder, command).read(map);
}

} // namespace cutover

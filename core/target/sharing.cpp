// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/sharing.h"

#include "target/claim.h"
#include "target/databaseidentity.h"
#include "target/ownaddresses.h"
#include "target/systemdreader.h"

#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The path with what is there of it followed; what isn't there yet stays as it is written.
QString followed(const QString &path)
{
    QString rest;
    QFileInfo info(path);
    while (!info.exists() && !info.isRoot() && !info.path().isEmpty() && info.path() != info.filePath()) {
        rest = u'/' + info.fileName() + rest;
        info.setFile(info.path());
    }
    const QString canonical = info.canonicalFilePath();
    return canonical.isEmpty() ? path : QString(canonical == "/"_L1 ? rest : canonical + rest);
}

class Comparison
{
public:
    void path(const char *what, const QString &one, const QString &other)
    {
        if (!one.isEmpty() && !other.isEmpty() && followed(one) == followed(other)) {
            tell(what, one);
        }
    }
    void tell(const char *what, const QString &value)
    {
        if (!m_found) {
            m_found = Message{QString::fromLatin1(what), {{u"value"_s, value}}};
        }
    }
    [[nodiscard]] const std::optional<Message> &found() const { return m_found; }

private:
    std::optional<Message> m_found;
};

constexpr int sshPort = 22;

bool isSamePlace(const PostgresSpec &one, const PostgresSpec &other)
{
    if (!one.service.isEmpty() || !other.service.isEmpty()) {
        return one.service == other.service && one.database == other.database;
    }
    const auto port = [](const PostgresSpec &spec) { return spec.port > 0 ? spec.port : postgresPort; };
    return one.database == other.database && port(one) == port(other) && isSameHost(one.host, other.host);
}

void compareDatabases(Comparison &same, const Target &one, const Target &other)
{
    for (const DatabaseSpec &a : one.databases) {
        for (const DatabaseSpec &b : other.databases) {
            if (a.driver != b.driver) {
                continue;
            }
            if (a.driver == "postgresql"_L1) {
                if (isSamePlace(a.postgres, b.postgres)) {
                    same.tell("derive.same_database", a.postgres.service.isEmpty() ? a.postgres.database : a.postgres.service);
                }
                continue;
            }
            same.path("derive.same_database", a.file, b.file);
            // A hard link is the same file under two names.
            const auto left = fileIdentity(a.file);
            const auto right = fileIdentity(b.file);
            if (left && right && !left->isEmpty() && *left == *right) {
                same.tell("derive.same_database", b.file);
            }
        }
    }
    for (const RedisSpec &a : one.redis) {
        for (const RedisSpec &b : other.redis) {
            same.path("derive.same_redis", a.socket, b.socket);
            if (a.socket.isEmpty() && b.socket.isEmpty() && a.port == b.port && isSameHost(a.host, b.host)) {
                same.tell("derive.same_redis", u"%1:%2"_s.arg(a.host).arg(a.port));
            }
        }
    }
}

/// By address. The ssh port tells two machines behind one address apart, and none from the control host itself.
bool isSameMachine(const HostSpec &one, const HostSpec &other)
{
    const auto port = [](const HostSpec &host) { return host.address.port > 0 ? host.address.port : sshPort; };
    const bool isPortSame = one.isHere() || other.isHere() || port(one) == port(other);
    return isPortSame && isSameHost(one.address.host, other.address.host);
}

/// Folders of releases of the hosts, and the target's own, which a host may be given by its address.
void compareReleases(Comparison &same, const Target &one, const Target &other)
{
    same.path("derive.same_releases", one.releasesDirectory, other.releasesDirectory);
    const auto places = [](const Target &target) {
        QList<HostSpec> places = target.hosts;
        places.append(HostSpec{.name = {}, .address = {}, .stateDirectory = {}, .releasesDirectory = target.releasesDirectory});
        return places;
    };
    const QList<HostSpec> ones = places(one);
    const QList<HostSpec> others = places(other);
    for (const HostSpec &a : ones) {
        for (const HostSpec &b : others) {
            // Links over there can't be followed from here.
            if (!a.releasesDirectory.isEmpty() && isSameMachine(a, b) && QDir::cleanPath(a.releasesDirectory) == QDir::cleanPath(b.releasesDirectory)) {
                const HostSpec &there = a.isHere() ? b : a;
                same.tell("derive.same_releases", there.isHere() ? a.releasesDirectory : QString(there.address.text() + u':' + a.releasesDirectory));
            }
        }
    }
}

void compareServices(Comparison &same, const Target &one, const Target &other)
{
    for (const ServiceSpec &a : one.services) {
        for (const ServiceSpec &b : other.services) {
            // What runs on two machines shares no port and no unit.
            if (!isSameMachine(a.host, b.host)) {
                continue;
            }
            const QList<InstanceSpec> ones = a.withSpare();
            const QList<InstanceSpec> others = b.withSpare();
            for (const InstanceSpec &left : ones) {
                for (const InstanceSpec &right : others) {
                    if (left.port > 0 && left.port == right.port) {
                        same.tell("derive.same_port", QString::number(left.port));
                    }
                    if (a.runtime.startsWith("systemd"_L1) && a.runtime == b.runtime && unitOf(left) == unitOf(right)) {
                        same.tell("derive.same_unit", unitOf(left));
                    }
                }
            }
        }
    }
    if (!one.compose.project.isEmpty() && one.compose.project == other.compose.project && one.compose.host == other.compose.host) {
        same.tell("derive.same_project", one.compose.project);
    }
    same.path("derive.same_balancer", one.balancer.socket, other.balancer.socket);
    same.path("derive.same_balancer", one.balancer.upstreamsDirectory, other.balancer.upstreamsDirectory);
    same.path("derive.same_balancer", one.balancer.pidFile, other.balancer.pidFile);
}

} // namespace

std::optional<Message> sharedBetween(const Target &one, const Target &other)
{
    Comparison same;
    same.path("derive.same_file", one.path, other.path);
    same.path("derive.same_state", one.stateDirectory, other.stateDirectory);
    compareReleases(same, one, other);
    same.path("derive.same_backups", one.backup.directory, other.backup.directory);
    compareDatabases(same, one, other);
    for (const ConfigurationSpec &a : one.configuration) {
        for (const ConfigurationSpec &b : other.configuration) {
            same.path("derive.same_configuration", a.file, b.file);
        }
    }
    compareServices(same, one, other);
    return same.found();
}

std::optional<Message> sharedDatabase(const Target &one, const Target &other)
{
    for (const DatabaseSpec &a : one.databases) {
        for (const DatabaseSpec &b : other.databases) {
            const auto source = a.driver == b.driver ? DatabaseIdentity::of(a.driver) : nullptr;
            if (!source) {
                continue;
            }
            const auto left = source(a);
            const auto right = left ? source(b) : left;
            // Not by the address: one server may have several.
            if (left && right && !left->isEmpty() && (*left)[u"server"] == (*right)[u"server"] && (*left)[u"name"] == (*right)[u"name"]) {
                return Message{u"derive.same_database"_s, {{u"value"_s, b.name}}};
            }
        }
    }
    return std::nullopt;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/derive.h"

#include "config/envfile.h"
#include "config/headervalue.h"
#include "config/secrets.h"
#include "system/files.h"
#include "target/ownaddresses.h"
#include "target/sharing.h"
#include "target/targetparse.h"
#include "target/yamlreader.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int highestPort = 65535;

/// "services[0].instances[1].port" → "services.instances.port"
QString plainPath(QString path)
{
    static const QRegularExpression index(u"\\[[0-9]+\\]"_s);
    return path.remove(index);
}

/// What a system writes to: each of its own.
constexpr QLatin1StringView ownPaths[]{"state"_L1, "releases"_L1, "backup.directory"_L1, "databases.file"_L1, "configuration.file"_L1, "services.environment_file"_L1, "compose.environment_file"_L1, "compose.colours.blue"_L1, "compose.colours.green"_L1, "balancer.socket"_L1, "balancer.configuration"_L1, "balancer.upstreams"_L1, "balancer.pid_file"_L1, "redis.socket"_L1, "checks.log_file"_L1};

/// What is only read: the same file, wherever the new target lies.
constexpr QLatin1StringView readPaths[]{"repository.keys"_L1, "repository.allowed_signers"_L1, "repository.gpg_keys"_L1, "databases.sslrootcert"_L1, "databases.tools"_L1, "databases.data_folder"_L1, "databases.wal_folder"_L1, "checks.certificates.file"_L1};

/// Sections that are production's alone.
const QStringList &leftOut()
{
    static const QStringList names{u"blackout"_s, u"approval"_s, u"staging"_s, u"checklists"_s};
    return names;
}

/** A scalar of the file, and what it becomes. */
struct Edit {
    int line = 0; ///< From 1, as the column.
    int column = 0;
    qsizetype length = 0; ///< Of what is there, in bytes, quotes included.
    QByteArray text;
};

/** Goes through a file and says what has to become another. */
class Deriver
{
public:
    Deriver(const Target &target, const DeriveOptions &options, QByteArrayList lines)
        : m_target(target)
        , m_options(options)
        , m_source(QFileInfo(target.path).absolutePath())
        , m_lines(std::move(lines))
        , m_addresses(target, options.portOffset)
    {
        for (const ServiceSpec &service : target.services) {
            for (const InstanceSpec &instance : service.instances) {
                if (instance.port > 0) {
                    m_ports.append(QString::number(instance.port));
                }
            }
            if (service.spare) {
                m_ports.append(QString::number(service.spare->port));
            }
        }
    }

    /// left: what of it is to be looked at by a person.
    Result<QByteArray> derive(const yaml::Node &root, QList<DerivedTarget::Change> *changes, QList<Message> *left)
    {
        m_changes = changes;
        m_left = left;
        visit(root, {});
        if (m_error) {
            return fail(*m_error);
        }
        // From the end, so that what comes before stays where it is.
        std::ranges::sort(m_edits, [](const Edit &a, const Edit &b) { return std::tie(b.line, b.column) < std::tie(a.line, a.column); });
        for (const Edit &edit : std::as_const(m_edits)) {
            m_lines[edit.line - 1].replace(edit.column - 1, edit.length, edit.text);
        }
        cutSections(root);
        return m_lines.join('\n');
    }

private:
    void visit(const yaml::Node &node, const QString &path)
    {
        switch (node.kind) {
        case yaml::Node::Kind::Map:
            for (const yaml::Node::Member &member : node.members) {
                if (!path.isEmpty() || !leftOut().contains(member.key)) {
                    visit(member.value, path.isEmpty() ? member.key : QString(path + u'.' + member.key));
                }
            }
            tellPlaces();
            break;
        case yaml::Node::Kind::List:
            for (size_t i = 0; i < node.items.size(); ++i) {
                visit(node.items[i], QString(path + u'[' + QString::number(i) + u']'));
            }
            break;
        case yaml::Node::Kind::Scalar: {
            const QString now = changed(path, node.scalar);
            if (now != node.scalar) {
                edit(node, path, now);
            }
            break;
        }
        case yaml::Node::Kind::Null:
            break;
        }
    }

    void edit(const yaml::Node &node, const QString &path, const QString &text)
    {
        const QByteArray line = m_lines.value(node.line - 1);
        const qsizetype at = node.column - 1;
        qsizetype length = -1;
        if (at >= 0 && at < line.size() && (line[at] == '"' || line[at] == '\'')) {
            const char quote = line[at];
            for (qsizetype i = at + 1; i < line.size(); ++i) {
                const bool isEscaping = quote == '"' ? line[i] == '\\' : line[i] == quote && i + 1 < line.size() && line[i + 1] == quote;
                if (isEscaping) {
                    ++i;
                } else if (line[i] == quote) {
                    length = i + 1 - at;
                    break;
                }
            }
        } else if (line.mid(at).startsWith(node.scalar.toUtf8())) {
            length = node.scalar.toUtf8().size();
        }
        if (length < 0) {
            // Over several lines, or in a form of which nobody can tell where it ends.
            m_error = m_error ? m_error : Error{u"derive.form"_s, {{u"field"_s, path}}, Error::Kind::Permanent, u"%1:%2:%3"_s.arg(m_target.path).arg(node.line).arg(node.column)};
            return;
        }
        static const QRegularExpression number(u"\\A[0-9]+\\z"_s);
        const bool bare = !node.quoted && number.match(text).hasMatch();
        m_edits.append({node.line, node.column, length, bare ? text.toUtf8() : yaml::quoted(text)});
        m_changes->append({path, withoutUrlPasswords(node.scalar), withoutUrlPasswords(text)});
    }

    QString changed(const QString &path, const QString &text)
    {
        const QString plain = plainPath(path);
        if (plain == "name"_L1) {
            return m_options.name;
        }
        if (plain == "environment"_L1) {
            return u"staging"_s;
        }
        if (plain == "services.instances.port"_L1 || plain == "services.port"_L1 || plain == "services.spare.port"_L1 || plain == "redis.port"_L1) {
            return shifted(text);
        }
        if (plain == "compose.project"_L1 || plain == "databases.service"_L1) {
            return text + u"-staging"_s;
        }
        if (plain == "services.instances.unit"_L1) {
            // The instance of a template becomes another one; a unit by itself another unit.
            const bool hasType = text.endsWith(".service"_L1);
            return (hasType ? text.chopped(8) : text) + u"-staging"_s + (hasType ? u".service"_s : QString());
        }
        if (plain == "hosts.releases"_L1) {
            // Of another machine, where the new target's folder says nothing.
            return QDir::cleanPath(text) + u"-staging"_s;
        }
        if (plain == "databases.database"_L1) {
            return text + u"_staging"_s;
        }
        if (plain == "databases.uri"_L1) {
            static const QRegularExpression name(u"\\A([a-z]+://[^/]*/[^?]+)"_s);
            return QString(text).replace(name, u"\\1_staging"_s);
        }
        if (std::ranges::contains(ownPaths, plain)) {
            return ownPath(text);
        }
        if (std::ranges::contains(readPaths, plain)) {
            return absolute(text);
        }
        if (plain == "databases.password"_L1 || plain == "redis.password"_L1) {
            return text.startsWith("file:"_L1) ? QString(u"file:"_s + absolute(text.sliced(5))) : text;
        }
        if (plain == "repository.url"_L1 || plain == "repository.git"_L1) {
            // A place on this machine; what has a scheme or a host is the same from everywhere.
            static const QRegularExpression elsewhere(u"\\A[^/]*:"_s);
            return elsewhere.match(text).hasMatch() ? text : absolute(text);
        }
        if (plain.contains(".headers."_L1)) {
            return HeaderValue(text).withPathsOf(QDir(m_source));
        }
        if (plain == "checks.external.http"_L1 || plain == "checks.external.tcp"_L1 || plain == "checks.external.web_socket"_L1) {
            // Not ours, wherever it listens: nothing of it moves with our ports.
            m_left->append({u"derive.left_external"_s, {{u"file"_s, QString(m_options.folder + u"/target.yaml"_s)}, {u"key"_s, path}, {u"what"_s, text}}});
            return text;
        }
        const QString section = plain.section(u'.', 0, 0);
        return section == "services"_L1 || section == "checks"_L1 || section == "commands"_L1 ? anywhere(path, text) : text;
    }

    /// Below the new target's folder: where it was below the old one's, the same.
    QString ownPath(const QString &text)
    {
        const QString full = absolute(text);
        const QString inside = QDir(m_source).relativeFilePath(full);
        if (!inside.startsWith("../"_L1) && !QDir::isAbsolutePath(inside)) {
            return inside;
        }
        // Two that bear the same name stay two.
        QString own = QFileInfo(full).fileName();
        for (int number = 2; m_brought.value(own, full) != full; ++number) {
            own = QFileInfo(full).fileName() + u'-' + QString::number(number);
        }
        m_brought.insert(own, full);
        return own;
    }

    [[nodiscard]] QString absolute(const QString &text) const { return QDir::cleanPath(QDir(m_source).absoluteFilePath(text)); }

    QString shifted(const QString &text)
    {
        const int port = text.toInt() + m_options.portOffset;
        if (port > highestPort || port < 1) {
            m_error = m_error ? m_error : Error{u"derive.port"_s, {{u"port"_s, text}, {u"offset"_s, m_options.portOffset}, {u"highest"_s, highestPort}}, Error::Kind::Permanent, {}};
        }
        return QString::number(port);
    }

    /// Of a service's environment, a command or a check: addresses of the target's own databases, and all else.
    QString anywhere(const QString &path, const QString &text)
    {
        const QString key = path.contains(".environment."_L1) ? path.section(u'.', -1) : QString();
        const auto found = m_addresses.rewritten(key, text, [this](const QString &rest) { return elsewhere(rest); });
        for (const QString &what : found.foreign) {
            m_left->append({u"derive.left_address"_s, {{u"file"_s, QString(m_options.folder + u"/target.yaml"_s)}, {u"key"_s, path}, {u"what"_s, what}}});
        }
        m_named = m_named || found.named;
        if (found.foreign.isEmpty() && found.text == text && OwnAddresses::isPlaceOfServer(key)) {
            m_places.append({path, withoutUrlPasswords(text)});
        }
        return found.text;
    }

    /// Variables that say where a server is are right where another one names a database of its own on it.
    void tellPlaces()
    {
        for (const auto &[path, value] : std::as_const(m_places)) {
            if (!m_named) {
                m_left->append({u"derive.left_address"_s, {{u"file"_s, QString(m_options.folder + u"/target.yaml"_s)}, {u"key"_s, path}, {u"what"_s, value}}});
            }
        }
        m_places.clear();
        m_named = false;
    }

    /// In a text of which it isn't known what it is: its own ports on this machine, and paths below the old folder.
    QString elsewhere(const QString &text)
    {
        if (m_ports.contains(text)) {
            return shifted(text);
        }
        static const QRegularExpression loopback(u"(?<=127\\.0\\.0\\.1:|localhost:|\\[::1\\]:)[0-9]{1,5}"_s);
        QString result;
        qsizetype at = 0;
        for (const auto &match : loopback.globalMatch(text)) {
            result += QStringView(text).sliced(at, match.capturedStart() - at);
            // A database stays on its server, under another name.
            result += m_addresses.isDatabasePort(match.captured().toInt()) ? match.captured() : shifted(match.captured());
            at = match.capturedEnd();
        }
        result += QStringView(text).sliced(at);
        return result.replace(m_source + u'/', m_options.folder + u'/');
    }

    void cutSections(const yaml::Node &root)
    {
        for (auto member = root.members.rbegin(); member != root.members.rend(); ++member) {
            if (!leftOut().contains(member->key)) {
                continue;
            }
            int end = int(m_lines.size());
            for (const yaml::Node::Member &other : root.members) {
                if (other.line > member->line) {
                    end = std::min(end, other.line - 1);
                }
            }
            // What is said about the next section stays with it.
            while (end > member->line && (m_lines[end - 1].trimmed().isEmpty() || m_lines[end - 1].startsWith('#'))) {
                --end;
            }
            m_lines.remove(member->line - 1, end - member->line + 1);
            m_changes->append({member->key, u"…"_s, {}});
        }
    }

    const Target &m_target;
    const DeriveOptions &m_options;
    QString m_source; ///< Folder of the target that it is derived from.
    QHash<QString, QString> m_brought; ///< Name in the new folder → what it stands for, of what lay elsewhere.
    QByteArrayList m_lines;
    QStringList m_ports;
    QList<Edit> m_edits;
    OwnAddresses m_addresses;
    QList<DerivedTarget::Change> *m_changes = nullptr;
    QList<Message> *m_left = nullptr;
    QList<std::pair<QString, QString>> m_places; ///< Of the map at hand: path and value of variables that say where a server is.
    bool m_named = false; ///< In it a database of its own is named.
    std::optional<Error> m_error;
};

/** An environment file of the target that the other one gets at another place. It is not copied: it holds secrets. */
struct EnvironmentFile {
    QString live;
    QString staging;
};

QList<EnvironmentFile> environmentFiles(const Target &live, const Target &staging)
{
    QList<EnvironmentFile> files;
    const auto add = [&files](const QString &one, const QString &other) {
        if (!one.isEmpty() && !other.isEmpty() && !std::ranges::contains(files, one, &EnvironmentFile::live)) {
            files.append({one, other});
        }
    };
    for (qsizetype i = 0; i < live.configuration.size() && i < staging.configuration.size(); ++i) {
        add(live.configuration[i].file, staging.configuration[i].file);
    }
    for (qsizetype i = 0; i < live.services.size() && i < staging.services.size(); ++i) {
        add(live.services[i].environmentFile, staging.services[i].environmentFile);
    }
    add(live.compose.environmentFile, staging.compose.environmentFile);
    for (auto colour = live.compose.colours.cbegin(); colour != live.compose.colours.cend(); ++colour) {
        add(colour.value(), staging.compose.colours.value(colour.key()));
    }
    return files;
}

/// The variables of a file that say where databases and other servers are, by name and place; never a password.
QList<Message> addressesIn(const QString &file, const QString &told, const OwnAddresses &addresses)
{
    QList<Message> left;
    const auto content = files::read(file);
    const auto parsed = content ? EnvFile::parse(*content, file) : Result<EnvFile>(fail(content.error()));
    if (!parsed) {
        left.append({u"derive.left_unread"_s, {{u"file"_s, told}, {u"cause"_s, parsed.error().toJson()}}});
        return left;
    }
    for (const EnvFile::Entry &entry : parsed->entries()) {
        if (entry.key.isEmpty()) {
            continue;
        }
        const auto found = addresses.rewritten(entry.key, entry.value, [](const QString &rest) { return rest; });
        if (found.text != entry.value) {
            left.append({u"derive.left_own"_s, {{u"file"_s, told}, {u"key"_s, entry.key}, {u"old"_s, file}}});
        } else if (!found.foreign.isEmpty() || OwnAddresses::isPlaceOfServer(entry.key)) {
            left.append({u"derive.left_variable"_s, {{u"file"_s, told}, {u"key"_s, entry.key}, {u"old"_s, file}}});
        }
    }
    return left;
}

QList<Message> leftToDo(const Target &live, const Target &target, int portOffset)
{
    QList<Message> left;
    for (const DatabaseSpec &database : target.databases) {
        if (database.driver == "postgresql"_L1) {
            left.append({database.postgres.service.isEmpty() ? u"derive.left_database"_s : u"derive.left_service"_s,
                         {{u"database"_s, database.postgres.service.isEmpty() ? database.postgres.database : database.postgres.service}}});
        } else {
            left.append({u"derive.left_file"_s, {{u"database"_s, database.name}, {u"file"_s, database.file}}});
        }
    }
    for (const RedisSpec &redis : target.redis) {
        left.append({u"derive.left_redis"_s, {{u"redis"_s, redis.name}, {u"place"_s, addressOf(redis)}}});
    }
    for (const HostSpec &host : target.hosts) {
        left.append({u"derive.left_host"_s, {{u"host"_s, host.name}, {u"address"_s, host.address.text()}, {u"file"_s, target.path}}});
    }
    const OwnAddresses addresses(live, portOffset);
    const QList<EnvironmentFile> environment = environmentFiles(live, target);
    for (const EnvironmentFile &file : environment) {
        left.append({u"derive.left_configuration"_s, {{u"file"_s, file.staging}}});
        if (QFileInfo::exists(file.live)) {
            left += addressesIn(file.live, file.staging, addresses);
        }
    }
    // Compose reads this one where no other is named, and it comes with the release.
    const QString ofRelease = live.currentLink() + u"/.env"_s;
    if (!live.compose.project.isEmpty() && live.compose.environmentFile.isEmpty() && QFileInfo::exists(ofRelease)) {
        left += addressesIn(ofRelease, u".env"_s, addresses);
    }
    left.append({u"derive.left_release"_s, {{u"folder"_s, target.releasesDirectory}}});
    return left;
}

} // namespace

Result<DerivedTarget> deriveStaging(const Target &target, const DeriveOptions &given)
{
    DeriveOptions options = given;
    options.folder = QDir::cleanPath(QFileInfo(options.folder).absoluteFilePath());
    if (options.name.isEmpty()) {
        options.name = target.name + u"-staging"_s;
    }
    DerivedTarget derived;
    derived.file = options.folder + u"/target.yaml"_s;
    if (QFileInfo::exists(derived.file)) {
        return fail(u"derive.exists"_s, {{u"file"_s, derived.file}}, derived.file);
    }
    derived.source = target.path;
    TRY(const QByteArray bytes, files::read(target.path));
    TRY(const yaml::Node root, yaml::parse(bytes, target.path, u"target"_s));
    Deriver deriver(target, options, bytes.split('\n'));
    auto text = deriver.derive(root, &derived.changes, &derived.left);
    if (!text) {
        Error error = text.error();
        error.where = error.where.isEmpty() ? target.path : error.where;
        return fail(error);
    }
    derived.text = *text;
    auto parsed = parseTarget(derived.text, derived.file);
    if (!parsed) {
        return fail(u"derive.no_target"_s, {{u"cause"_s, parsed.error().toJson()}}, target.path);
    }
    derived.target = std::move(*parsed);
    auto shared = sharedBetween(target, derived.target);
    if (!shared) {
        shared = sharedDatabase(target, derived.target);
    }
    if (shared) {
        return fail(u"derive.shared"_s, {{u"what"_s, shared->toJson()}, {u"target"_s, target.name}}, target.path);
    }
    derived.left += leftToDo(target, derived.target, options.portOffset);
    return derived;
}

Result<> writeDerived(const DerivedTarget &derived)
{
    CHECK(files::makePath(QFileInfo(derived.file).absolutePath()));
    if (QFileInfo::exists(derived.file)) {
        return fail(u"derive.exists"_s, {{u"file"_s, derived.file}}, derived.file);
    }
    // What the other's account alone may read stays so: there may be passwords in its services' environment.
    const bool isPublic = QFile::permissions(derived.source).testFlag(QFileDevice::ReadOther);
    return files::replace(derived.file, derived.text, isPublic ? files::publicFile : files::privateFile);
}

} // namespace cutover

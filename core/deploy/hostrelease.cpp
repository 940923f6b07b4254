// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/hostrelease.h"

#include "deploy/placed.h"
#include "release/semver.h"
#include "system/files.h"
#include "system/worker.h"
#include "target/claim.h"
#include "target/sshprocesses.h"

#include <QCoroFuture>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>

#include <algorithm>
#include <iterator>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 batchSize = 16 << 20; ///< What is held in memory at once.
constexpr qint64 longestListing = 256 << 20;
constexpr qint64 commandMs = 600000;

/** What a path of a release is. Paths are bytes: no encoding is assumed. */
struct Entry {
    char type = 'f'; ///< As find's %y: f, l; d only of an empty folder.
    bool isExecutable = false;
    QByteArray content; ///< f: SHA-256; l: where it leads.
    qint64 size = 0;

    [[nodiscard]] bool isSame(const Entry &other) const { return type == other.type && isExecutable == other.isExecutable && content == other.content; }
};
using Tree = QMap<QByteArray, Entry>;

/** What was brought to a host, kept there beside the release: what runs from a folder may write into it, there and here. */
struct Receipt {
    QByteArray origin; ///< The folder here that it was brought from: its inode, and when that was made.
    Tree tree;

    [[nodiscard]] QByteArray text() const
    {
        QByteArray told = origin + '\0';
        for (const auto &[path, entry] : tree.asKeyValueRange()) {
            told += (entry.isExecutable ? 'x' : entry.type) + entry.content + '\0' + path + '\0';
        }
        return told;
    }
    static Receipt of(const QByteArray &text)
    {
        const QByteArrayList parts = text.split('\0');
        Receipt receipt{.origin = parts.first(), .tree = {}};
        for (qsizetype at = 1; at + 1 < parts.size() && !parts[at].isEmpty(); at += 2) {
            Entry entry;
            entry.isExecutable = parts[at].startsWith('x');
            entry.type = entry.isExecutable ? 'f' : parts[at].at(0);
            entry.content = parts[at].sliced(1);
            receipt.tree.insert(parts[at + 1], entry);
        }
        return receipt;
    }
};

QString receiptOf(const HostSpec &host, const QString &version)
{
    return host.releasesDirectory + u"/."_s + version + u".list"_s;
}

QString partOf(const HostSpec &host, const QString &version)
{
    return host.releasesDirectory + u"/."_s + version + u".part"_s;
}

Result<Tree> treeHere(const QString &folder, std::stop_token stop)
{
    Tree tree;
    QDirIterator all(folder, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    const qsizetype begin = folder.size() + 1;
    while (all.hasNext()) {
        if (stop.stop_requested()) {
            return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        const QString path = all.next();
        const QFileInfo info = all.fileInfo();
        Entry entry;
        if (info.isSymLink()) {
            entry.type = 'l';
            entry.content = QFile::encodeName(info.readSymLink());
        } else if (info.isDir()) {
            entry.type = 'd';
            if (!QDir(path).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot)) {
                continue;
            }
        } else {
            TRY(const QString digest, files::sha256(path));
            entry.content = digest.toLatin1();
            entry.isExecutable = (info.permissions() & QFile::ExeOwner) != 0;
            entry.size = info.size();
        }
        tree.insert(QFile::encodeName(path.sliced(begin)), entry);
    }
    return tree;
}

/** Works on one host. */
class Courier
{
public:
    Courier(HostSpec host, const RuntimeTools &tools)
        : m_host(std::move(host))
        , m_processes(tools.processes ? *tools.processes : Processes::system())
        , m_inherit(tools.inherit)
    {
    }

    /// Runs a script over there, which gets words as its arguments.
    Async<QByteArray> run(QString script, QStringList words, QByteArray input, std::stop_token stop)
    {
        ProcessSpec spec;
        spec.input = input;
        spec.timeoutMs = commandMs;
        spec.maxOutput = longestListing;
        spec.inherit = m_inherit;
        CO_TRY(const ProcessResult ran, co_await runScript(m_host, script, words, spec, stop, m_processes));
        if (ran.exitCode != 0 || ran.droppedBytes > 0) {
            co_return fail(u"host.bring_failed"_s, {{u"host"_s, m_host.text()}, {u"exit"_s, ran.exitCode}, {u"last"_s, ran.lastWords()}}, m_host.address.text());
        }
        co_return ran.output;
    }

    /// Nothing where the folder isn't there.
    Async<std::optional<Tree>> tree(QString folder, std::stop_token stop)
    {
        // Everything with its type, mode and link, then the digests of the files, which begin behind an empty entry.
        const QString script = uR"([ -d "$1" ] || exit 0
cd -- "$1" && printf 'there\0' && find . -mindepth 1 \( -type d ! -empty \) -o -printf '%y%m %P\0%l\0' && printf '\0' && find . -type f -exec sha256sum -z -- {} +)"_s;
        CO_TRY(const QByteArray told, co_await run(script, {folder}, {}, stop));
        if (told.isEmpty()) {
            co_return std::optional<Tree>();
        }
        Tree tree;
        const QByteArrayList parts = told.split('\0');
        qsizetype at = 1;
        for (; at + 1 < parts.size() && !parts[at].isEmpty(); at += 2) {
            const qsizetype space = parts[at].indexOf(' ');
            Entry entry;
            entry.type = parts[at][0];
            entry.isExecutable = entry.type == 'f' && (parts[at].mid(1, space - 1).toInt(nullptr, 8) & 0100) != 0;
            entry.content = parts[at + 1];
            tree.insert(parts[at].sliced(space + 1), entry);
        }
        for (++at; at < parts.size(); ++at) {
            // "DIGEST  ./PATH"
            if (const qsizetype space = parts[at].indexOf(' '); space > 0) {
                tree[parts[at].sliced(space + 4)].content = parts[at].first(space);
            }
        }
        co_return std::optional<Tree>(tree);
    }

    Async<std::optional<Receipt>> receipt(QString version, std::stop_token stop)
    {
        CO_TRY(const QByteArray told, co_await run(u"[ ! -f \"$1\" ] || exec cat -- \"$1\""_s, {receiptOf(m_host, version)}, {}, stop));
        co_return told.isEmpty() ? std::optional<Receipt>() : std::optional<Receipt>(Receipt::of(told));
    }
    Async<> keepReceipt(QString version, Receipt receipt, std::stop_token stop)
    {
        CO_CHECK(co_await run(u"cat >\"$1.new\" && sync -- \"$1.new\" && mv -fT -- \"$1.new\" \"$1\""_s, {receiptOf(m_host, version)}, receipt.text(), stop));
        co_return {};
    }

    /// Puts these paths of a folder here into one over there.
    Async<> bring(QString from, QByteArrayList paths, QString to, std::stop_token stop)
    {
        ProcessSpec tar;
        tar.program = u"tar"_s;
        tar.arguments = {u"--create"_s, u"--directory="_s + from, u"--no-recursion"_s, u"--null"_s, u"--verbatim-files-from"_s, u"--files-from=-"_s};
        tar.input = paths.join('\0') + '\0';
        tar.timeoutMs = commandMs;
        tar.maxOutput = 8 * batchSize;
        CO_TRY(const ProcessResult packed, co_await m_processes.run(tar, stop));
        if (packed.exitCode != 0 || packed.droppedBytes > 0) {
            co_return fail(u"host.pack_failed"_s, {{u"folder"_s, from}, {u"exit"_s, packed.exitCode}, {u"last"_s, packed.lastWords()}}, from);
        }
        CO_CHECK(co_await run(u"exec tar --extract --no-same-owner --preserve-permissions --unlink-first --directory=\"$1\""_s, {to}, packed.output, stop));
        co_return {};
    }

    /// The same for a file that is too large to be held at once.
    Async<> bringLarge(QString from, QByteArray path, bool isExecutable, QString to, std::stop_token stop)
    {
        QFile file(from + u'/' + QFile::decodeName(path));
        if (!file.open(QIODevice::ReadOnly)) {
            co_return fail(u"file.read"_s, {{u"path"_s, file.fileName()}, {u"reason"_s, file.errorString()}}, file.fileName());
        }
        const QString there = to + u'/' + QFile::decodeName(path);
        const QString mode = isExecutable ? u"755"_s : u"644"_s;
        for (bool first = true; first || !file.atEnd(); first = false) {
            const QByteArray piece = file.read(batchSize);
            const QString script = first ? u"rm -f -- \"$1\" && mkdir -p -- \"${1%/*}\" && cat >\"$1\" && chmod \"$2\" -- \"$1\""_s : u"cat >>\"$1\""_s;
            CO_CHECK(co_await run(script, {there, mode}, piece, stop));
        }
        co_return {};
    }

private:
    HostSpec m_host;
    Processes &m_processes;
    QList<int> m_inherit;
};

/// A folder that was empty is there where something is in it.
bool hasBelow(const Tree &tree, const QByteArray &folder)
{
    const QByteArray begin = folder + '/';
    const auto first = tree.lowerBound(begin);
    return first != tree.constEnd() && first.key().startsWith(begin);
}

/// The first path of a tree that another has not, or not the same; empty: none. More beside it is no difference.
QByteArray missing(const Tree &tree, const Tree &other)
{
    for (const auto &[path, entry] : tree.asKeyValueRange()) {
        const auto found = other.constFind(path);
        if (found != other.constEnd() ? found->isSame(entry) : entry.type == 'd' && hasBelow(other, path)) {
            continue;
        }
        return path;
    }
    return {};
}

/// The first path in which the release over there is not what was brought, or what is installed here; empty: none.
QByteArray changed(const std::optional<Receipt> &receipt, const QByteArray &origin, const Tree &here, const Tree &there)
{
    if (!receipt) {
        return missing(here, there); // Somebody has put it there.
    }
    QByteArray path = missing(receipt->tree, there);
    // It was installed here anew, and may be another.
    if (path.isEmpty() && receipt->origin != origin) {
        path = missing(receipt->tree, here);
        path = path.isEmpty() ? missing(here, receipt->tree) : path;
    }
    return path;
}

std::unexpected<Error> differs(const HostSpec &host, const QString &version, const QString &folder, const QByteArray &path)
{
    return fail(u"host.release_differs"_s, {{u"version"_s, version}, {u"host"_s, host.text()}, {u"folder"_s, folder}, {u"path"_s, QFile::decodeName(path)}}, host.address.text());
}

/// What is installed here.
Async<Receipt> installed(Target target, QString version, std::stop_token stop)
{
    CO_TRY(const QString folder, releaseFolder(target, version));
    CO_TRY(const QString identity, fileIdentity(folder));
    // Numbers of devices may be others after the next boot.
    const QString origin = identity.section(u':', 1) + u' ' + QString::number(QFileInfo(folder).birthTime().toMSecsSinceEpoch());
    Worker worker;
    CO_TRY(const Tree tree, co_await worker.run([folder, stop] { return treeHere(folder, stop); }));
    co_return Receipt{.origin = origin.toUtf8(), .tree = tree};
}

/// All versions but these, and what of others was never brought whole. A folder disappears whole, too.
Async<> removeFrom(HostSpec host, QStringList used, RuntimeTools tools)
{
    Courier courier(host, tools);
    CO_TRY(const QByteArray told, co_await courier.run(u"[ ! -d \"$1\" ] || exec find \"$1/\" -mindepth 1 -maxdepth 1 -type d -printf '%f\\0'"_s, {host.releasesDirectory}, {}, {}));
    QStringList unused;
    const QByteArrayList names = told.split('\0');
    for (const QByteArray &name : names) {
        QString version = QFile::decodeName(name);
        static const QRegularExpression part(u"\\A\\.(.+)\\.part\\z"_s);
        if (const auto match = part.match(version); match.hasMatch()) {
            version = match.captured(1);
        }
        if (Version::parse(version) && !used.contains(version) && !unused.contains(version)) {
            unused.append(version);
        }
    }
    if (!unused.isEmpty()) {
        const QString script = uR"(cd -- "$1" && shift || exit
for version; do
rm -rf -- ".$version.part" && { [ ! -d "$version" ] || mv -T -- "$version" ".$version.part"; } && rm -rf -- ".$version.part" ".$version.list" || exit
done)"_s;
        CO_CHECK(co_await courier.run(script, QStringList{host.releasesDirectory} + unused, {}, {}));
    }
    co_return {};
}

const Catalogue::Registration texts{{
    {"host.release_missing", QT_TRANSLATE_NOOP("catalogue", "The release %{version} is not on %{host} (%{folder})."),
     QT_TRANSLATE_NOOP("catalogue", "The step “Releases on hosts” brings it there; make a new plan.")},
    {"host.release_differs", QT_TRANSLATE_NOOP("catalogue", "The release %{version} on %{host} is not the one that is installed here: %{path} in %{folder} differs."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody has changed it there, or here. Remove that folder over there if nothing runs from it; it is brought anew.")},
    {"host.bring_failed", QT_TRANSLATE_NOOP("catalogue", "The release could not be brought to %{host}; the program there ended with %{exit}: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "The account needs to write into the folder of releases over there, with space left, and GNU tar, find and coreutils.")},
    {"host.pack_failed", QT_TRANSLATE_NOOP("catalogue", "“tar” could not read the release in %{folder} and ended with %{exit}: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the permissions of its files.")},
}};

} // namespace

Async<> checkRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop)
{
    const QString folder = host.releasesDirectory + u'/' + version;
    CO_TRY(const Receipt here, co_await installed(target, version, stop));
    Courier courier(host, tools);
    CO_TRY(const auto there, co_await courier.tree(folder, stop));
    if (!there) {
        co_return fail(u"host.release_missing"_s, {{u"version"_s, version}, {u"host"_s, host.text()}, {u"folder"_s, folder}}, host.address.text());
    }
    CO_TRY(const auto receipt, co_await courier.receipt(version, stop));
    if (const QByteArray path = changed(receipt, here.origin, here.tree, *there); !path.isEmpty()) {
        co_return differs(host, version, folder, path);
    }
    co_return {};
}

Async<bool> hasRelease(HostSpec host, QString version, RuntimeTools tools, std::stop_token stop)
{
    Courier courier(host, tools);
    const QString folder = host.releasesDirectory + u'/' + version;
    CO_TRY(const QByteArray told, co_await courier.run(u"[ ! -d \"$1\" ] || printf there"_s, {folder}, {}, stop));
    co_return !told.isEmpty();
}

Async<> bringRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop)
{
    const QString from = target.releaseDirectory(version);
    const QString folder = host.releasesDirectory + u'/' + version;
    const QString part = partOf(host, version);
    CO_TRY(const Receipt receipt, co_await installed(target, version, stop));
    const Tree &here = receipt.tree;
    Courier courier(host, tools);
    CO_TRY(const auto before, co_await courier.tree(folder, stop));
    if (before) {
        CO_TRY(const auto known, co_await courier.receipt(version, stop));
        if (const QByteArray path = changed(known, receipt.origin, here, *before); !path.isEmpty()) {
            co_return differs(host, version, folder, path);
        }
        if (!known || known->origin != receipt.origin) {
            CO_CHECK(co_await courier.keepReceipt(version, receipt, stop));
        }
        co_return {};
    }
    CO_CHECK(co_await courier.run(u"mkdir -p -- \"$1\""_s, {part}, {}, stop));
    CO_TRY(auto begun, co_await courier.tree(part, stop));
    QByteArrayList others; // Of another release of that version, which was never finished.
    const QByteArrayList paths = begun.value_or(Tree()).keys();
    std::ranges::copy_if(paths, std::back_inserter(others), [&here](const QByteArray &path) { return !here.contains(path); });
    if (!others.isEmpty()) {
        // Nor do their folders stay, which are empty now.
        const QString script = u"cd -- \"$1\" && xargs -0 rm -rf -- && find . -mindepth 1 -type d -empty -delete"_s;
        CO_CHECK(co_await courier.run(script, {part}, others.join('\0') + '\0', stop));
        CO_TRY(begun, co_await courier.tree(part, stop));
    }
    const Tree known = begun.value_or(Tree());
    QByteArrayList batch;
    qint64 size = 0;
    for (const auto &[path, entry] : here.asKeyValueRange()) {
        if (const auto found = known.constFind(path); found != known.constEnd() && found->isSame(entry)) {
            continue;
        }
        if (entry.size > batchSize) {
            CO_CHECK(co_await courier.bringLarge(from, path, entry.isExecutable, part, stop));
            continue;
        }
        // A member's own header and name take some, too.
        if (size + entry.size > batchSize || batch.size() >= 5000) {
            CO_CHECK(co_await courier.bring(from, std::exchange(batch, {}), part, stop));
            size = 0;
        }
        batch.append(path);
        size += entry.size + 2048;
    }
    if (!batch.isEmpty()) {
        CO_CHECK(co_await courier.bring(from, batch, part, stop));
    }
    CO_TRY(const auto brought, co_await courier.tree(part, stop));
    const Tree there = brought.value_or(Tree());
    const QByteArray lacking = missing(here, there);
    if (const QByteArray path = lacking.isEmpty() ? missing(there, here) : lacking; !path.isEmpty()) {
        co_return differs(host, version, part, path);
    }
    CO_CHECK(co_await courier.keepReceipt(version, receipt, stop));
    CO_CHECK(co_await courier.run(u"sync -f -- \"$1\" && mv -T -- \"$1\" \"$2\" && sync -- \"${2%/*}\""_s, {part, folder}, {}, stop));
    co_return {};
}

Async<> removeReleases(Target target, QStringList used, RuntimeTools tools)
{
    Result<> first;
    QStringList done;
    for (const ServiceSpec &service : std::as_const(target.services)) {
        if (service.host.isHere() || done.contains(service.host.name)) {
            continue;
        }
        done.append(service.host.name);
        const Result<> removed = co_await removeFrom(service.host, used, tools);
        if (!removed && first) {
            first = removed;
        }
    }
    co_return first;
}

} // namespace cutover

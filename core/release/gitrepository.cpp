// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/gitrepository.h"

#include "release/gitsignature.h"
#include "system/filelock.h"
#include "system/files.h"
#include "system/shellword.h"
#include "system/ssh.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr QLatin1StringView FormerTags("refs/cutover/former/"); ///< What tags named first, as far as the URL has changed since.
constexpr char fieldEnd = '\0';
constexpr char recordEnd = '\x1e';
constexpr qint64 maxOutput = 256 << 20;
const QString branchFolder = u"refs/cutover/heads/"_s; ///< Of the copy: where the remote's branches are.

bool isCommit(const QString &text)
{
    static const QRegularExpression hash(u"^([0-9a-f]{40}|[0-9a-f]{64})$"_s);
    return hash.match(text).hasMatch();
}

/// What stands behind a word in a text of git's, up to the line's end.
QString tagThatMoved(const QString &text)
{
    // " ! [rejected]  v1.2.1 -> v1.2.1  (would clobber existing tag)"
    static const QRegularExpression rejected(u"\\[rejected\\]\\s+(\\S+)\\s+->.*would clobber existing tag"_s);
    return rejected.match(text).captured(1);
}

/// What may begin the hash of a commit.
bool isHash(const QString &text)
{
    static const QRegularExpression hash(u"^[0-9a-f]{7,64}$"_s);
    return hash.match(text).hasMatch();
}

/// As every connection of ours, and never over one that somebody else has opened: git hands this to a shell, and adds port and host.
QString sshForGit()
{
    // Of a variable of the environment, which can't hold a null byte.
    return QString::fromLocal8Bit(shellLine(sshProgram({u"-T"_s, u"-S"_s, u"none"_s})).value_or(QByteArray("false")));
}

std::optional<GitTag> parseTag(const QByteArray &record, const QString &prefix)
{
    const QList<QByteArray> fields = record.trimmed().split(fieldEnd);
    if (fields.size() < 8) {
        return std::nullopt;
    }
    GitTag tag;
    tag.name = QString::fromUtf8(fields[0]);
    const bool annotated = fields[1] == "tag";
    // A tag of a tree, or of another tag, is no release.
    if (annotated ? fields[5] != "commit" : fields[1] != "commit") {
        return std::nullopt;
    }
    tag.ownName = annotated ? QString::fromUtf8(fields[3]) : QString();
    tag.commit = QString::fromLatin1(annotated ? fields[4] : fields[2]);
    tag.subject = QString::fromUtf8(fields[6]).trimmed();
    tag.body = QString::fromUtf8(fields[7]).trimmed();
    if (!tag.name.startsWith(prefix) || !isCommit(tag.commit)) {
        return std::nullopt;
    }
    auto version = Version::parse(tag.name.sliced(prefix.size()));
    if (!version) {
        return std::nullopt;
    }
    tag.version = std::move(*version);
    return tag;
}

/// Of a fetch that broke off, up to a whole pack each time: only git's gc would remove them, which we never let run.
void removeParts(const QString &copy)
{
    QDir packs(copy + u"/objects/pack"_s);
    const QStringList parts = packs.entryList({u"tmp_*"_s}, QDir::Files | QDir::Hidden);
    for (const QString &part : parts) {
        packs.remove(part);
    }
}

} // namespace

GitRepository::GitRepository(const Target &target, const QList<int> &inherit)
    : m_spec(target.repository.git)
    , m_copy(target.stateDirectory + u"/git/releases.git"_s)
    , m_inherit(inherit)
{
}

QStringList GitRepository::gitVariables()
{
    // Not GIT_SSH_COMMAND and GIT_SSH, which could do without the host's key (ssh's own configuration names keys), nor
    // GIT_SSL_NO_VERIFY, GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS; nor GIT_DIR and its like, nor traces that tell credentials.
    return {u"GIT_CONFIG_GLOBAL"_s, u"GIT_CONFIG_SYSTEM"_s, u"GIT_CONFIG_NOSYSTEM"_s, u"GIT_SSL_CAINFO"_s, u"GIT_SSL_CAPATH"_s, u"GIT_SSL_CERT"_s,
            u"GIT_SSL_KEY"_s, u"GIT_HTTP_PROXY_AUTHMETHOD"_s, u"GIT_PROXY_SSL_CAINFO"_s, u"GIT_PROXY_SSL_CERT"_s, u"GIT_PROXY_SSL_KEY"_s};
}

ProcessSpec GitRepository::command(QStringList arguments) const
{
    ProcessSpec spec;
    spec.program = u"git"_s;
    // What was started from a hook or another checkout must not lead us there.
    const QStringList names = spec.environment.keys();
    for (const QString &name : names) {
        if (name.startsWith("GIT_"_L1) && !gitVariables().contains(name)) {
            spec.environment.remove(name);
        }
    }
    spec.environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
    spec.environment.insert(u"GIT_TERMINAL_PROMPT"_s, u"0"_s);
    spec.environment.insert(u"GIT_ASKPASS"_s, QString()); // Nobody answers a window.
    spec.environment.insert(u"GIT_SSH_COMMAND"_s, sshForGit());
    spec.environment.insert(u"GIT_SSH_VARIANT"_s, u"ssh"_s); // Those are OpenSSH's options, whatever the account's git is told of another.
    // A helper that keeps logins for the network may stay as a daemon: it would keep the run lock for as long.
    const QString verb = arguments.value(arguments.value(0) == "--git-dir"_L1 ? 2 : 0);
    spec.inherit = verb == "fetch"_L1 || verb == "ls-remote"_L1 ? QList<int>() : m_inherit;
    spec.arguments = QStringList{u"-c"_s, u"core.hooksPath=/dev/null"_s, u"-c"_s, u"protocol.ext.allow=never"_s, u"-c"_s, u"core.fsync=all"_s,
                                 u"-c"_s, u"http.lowSpeedLimit=100"_s, u"-c"_s, u"http.lowSpeedTime=60"_s, u"-c"_s, u"gc.auto=0"_s}
        + arguments;
    spec.maxOutput = maxOutput;
    return spec;
}

Error GitRepository::failure(const QStringList &arguments, const ProcessResult &result) const
{
    const QString said = QString::fromUtf8(result.errorOutput).trimmed();
    const auto says = [&said](const QStringList &words) {
        return std::ranges::any_of(words, [&said](const QString &word) { return said.contains(word, Qt::CaseInsensitive); });
    };
    QString reason = said;
    reason.replace(u'\n', u' ').truncate(1000);
    const QJsonObject args{{u"url"_s, m_spec.url}, {u"command"_s, arguments.value(0)}, {u"code"_s, result.exitCode}, {u"reason"_s, reason.isEmpty() ? u"?"_s : reason}};
    if (const QString moved = tagThatMoved(said); !moved.isEmpty()) {
        return {u"git.tag_moved"_s, {{u"url"_s, m_spec.url}, {u"tag"_s, moved}}, Error::Kind::Permanent, m_spec.url};
    }
    if (says({u"No space left on device"_s, u"Disk quota exceeded"_s})) {
        return {u"git.no_space"_s, args, Error::Kind::Permanent, m_copy};
    }
    if (says({u"Host key verification failed"_s, u"REMOTE HOST IDENTIFICATION HAS CHANGED"_s})) {
        return {u"git.host_key"_s, args, Error::Kind::Permanent, m_spec.url};
    }
    // What ssh says names the ways that the other side lets in: "Permission denied (publickey)."
    const bool isRemote = arguments.value(0) == "fetch"_L1 || arguments.value(0) == "ls-remote"_L1 || said.contains("Permission denied ("_L1);
    if (!isRemote && says({u"Permission denied"_s})) {
        return {u"git.no_right"_s, args, Error::Kind::Permanent, m_copy};
    }
    if (says({u"Permission denied"_s, u"Authentication failed"_s, u"terminal prompts disabled"_s, u"could not read Username"_s})) {
        return {u"git.refused"_s, args, Error::Kind::Permanent, m_spec.url};
    }
    if (says({u"does not appear to be a git repository"_s, u"Repository not found"_s, u"repository '"_s, u"does not exist"_s})) {
        return {u"git.no_repository"_s, args, Error::Kind::Permanent, m_spec.url};
    }
    if (says({u"Could not resolve host"_s, u"Connection refused"_s, u"Connection timed out"_s, u"Connection reset"_s, u"No route to host"_s,
              u"Could not read from remote"_s, u"unable to access"_s, u"Couldn't connect"_s, u"early EOF"_s, u"hung up unexpectedly"_s, u"RPC failed"_s})) {
        return {u"git.unreachable"_s, args, Error::Kind::Transient, m_spec.url};
    }
    return {u"git.failed"_s, args, Error::Kind::Permanent, m_copy};
}

Async<QByteArray> GitRepository::git(QStringList arguments, std::stop_token stop, QByteArray input)
{
    ProcessSpec spec = command(QStringList{u"--git-dir"_s, m_copy} + arguments);
    spec.input = std::move(input);
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    if (result.exitCode != 0) {
        co_return fail(failure(arguments, result));
    }
    if (result.droppedBytes > 0) {
        co_return fail(u"git.too_much"_s, {{u"command"_s, arguments.value(0)}, {u"maximum"_s, maxOutput}}, m_copy);
    }
    co_return result.output;
}

Async<> GitRepository::fetch(std::stop_token stop)
{
    const QFileInfo copy(m_copy);
    CO_CHECK(files::makePath(copy.absolutePath()));
    CO_TRY(const auto lock, co_await FileLock::acquire(QString(copy.absolutePath() + u"/.locks/"_s + copy.fileName()), stop));
    // Safe to repeat: of a copy that was begun and killed, it makes a whole one.
    if (!QFileInfo(m_copy + u"/HEAD"_s).isFile() || !QFileInfo(m_copy + u"/config"_s).isFile()) {
        const QStringList make{u"init"_s, u"--bare"_s, u"--quiet"_s, u"--template="_s, m_copy};
        CO_TRY(const ProcessResult made, co_await Processes::system().run(command(make), stop));
        if (made.exitCode != 0) {
            co_return fail(failure(make, made));
        }
    }
    removeParts(m_copy); // Of a runner that was killed.
    const auto fetched = co_await fetchReleases(stop);
    removeParts(m_copy);
    co_return fetched;
}

QString GitRepository::source() const
{
    return QString::fromUtf8(files::read(sourceFile(), 1 << 16).value_or(QByteArray())).trimmed();
}

Async<> GitRepository::fetchReleases(std::stop_token stop)
{
    if (const QString before = source(); before.isEmpty()) {
        // Of a copy that is new, or was made before this was written down: what it has is this URL's.
        CO_CHECK(files::replace(sourceFile(), m_spec.url.toUtf8() + '\n'));
    } else if (before != m_spec.url) {
        co_return co_await changeSource(stop);
    }
    // Without "+" a tag that has moved is refused; of others (nightly, latest) nothing is asked. A tag that is gone
    // is remembered, so that it can't come back as another.
    const QString releases = u"refs/tags/%1*"_s.arg(m_spec.tagPrefix);
    CO_CHECK(co_await git({u"fetch"_s, u"--no-auto-gc"_s, u"--no-tags"_s, u"--no-prune"_s, u"--recurse-submodules=no"_s, u"--"_s, m_spec.url, QString(releases + u':' + releases)}, stop));
    co_return {};
}

Async<QMap<QString, QString>> GitRepository::references(QString folder, std::stop_token stop)
{
    CO_TRY(const QByteArray output, co_await git({u"for-each-ref"_s, u"--format=%(objectname) %(refname)"_s, folder}, stop));
    QMap<QString, QString> found;
    const QList<QByteArray> lines = output.split('\n');
    for (const QByteArray &line : lines) {
        const qsizetype blank = line.indexOf(' ');
        if (blank > 0) {
            found.insert(QString::fromUtf8(line.sliced(blank + 1)).sliced(folder.size()), QString::fromLatin1(line.first(blank)));
        }
    }
    co_return found;
}

Async<> GitRepository::changeSource(std::stop_token stop)
{
    // First all that is new, beside the rest: a repository that can't be reached changes nothing.
    const QString incoming = u"refs/cutover/incoming/"_s;
    const QString refspec = u"+refs/tags/%1*:%2%1*"_s.arg(m_spec.tagPrefix, incoming);
    CO_CHECK(co_await git({u"fetch"_s, u"--no-auto-gc"_s, u"--no-tags"_s, u"--prune"_s, u"--recurse-submodules=no"_s, u"--"_s, m_spec.url, refspec}, stop));
    CO_TRY(const auto fresh, co_await references(incoming, stop));
    CO_TRY(const auto known, co_await references(QString(FormerTags), stop));
    CO_TRY(const auto branches, co_await references(u"refs/cutover/heads/"_s, stop));
    CO_TRY(const auto tags, co_await references(u"refs/tags/"_s, stop));
    // In one transaction: at no instant a tag of one is taken for the other's.
    QByteArray changes;
    for (const auto &[name, object] : tags.asKeyValueRange()) {
        // What it named first counts for good.
        if (!known.contains(name)) {
            changes += QString(u"create "_s + FormerTags + name + u' ' + object + u'\n').toUtf8();
        }
        if (!fresh.contains(name)) {
            changes += QString(u"delete refs/tags/"_s + name + u' ' + object + u'\n').toUtf8();
        }
    }
    for (const auto &[name, object] : fresh.asKeyValueRange()) {
        changes += QString(u"update refs/tags/"_s + name + u' ' + object + u'\n').toUtf8();
        changes += QString(u"delete "_s + incoming + name + u' ' + object + u'\n').toUtf8();
    }
    for (const auto &[name, object] : branches.asKeyValueRange()) {
        changes += QString(u"delete refs/cutover/heads/"_s + name + u' ' + object + u'\n').toUtf8();
    }
    CO_CHECK(co_await git({u"update-ref"_s, u"--stdin"_s}, stop, changes));
    co_return files::replace(sourceFile(), m_spec.url.toUtf8() + '\n');
}

Async<QStringList> GitRepository::movedTags(std::stop_token stop)
{
    CO_TRY(const auto former, co_await references(QString(FormerTags), stop));
    CO_TRY(const auto tags, co_await references(u"refs/tags/"_s, stop));
    QStringList moved;
    for (const auto &[name, object] : tags.asKeyValueRange()) {
        if (name.startsWith(m_spec.tagPrefix) && former.contains(name) && former[name] != object) {
            moved.append(name);
        }
    }
    co_return moved;
}

Async<> GitRepository::fetchBranches(std::stop_token stop)
{
    CO_CHECK(co_await fetch(stop));
    const QFileInfo copy(m_copy);
    CO_TRY(const auto lock, co_await FileLock::acquire(QString(copy.absolutePath() + u"/.locks/"_s + copy.fileName()), stop));
    // Branches move, and are followed; a plan has the hash of the commit, and never the name of one.
    // One that is gone must not be found by its name any more; its commits stay.
    const auto fetched = co_await git({u"fetch"_s, u"--no-auto-gc"_s, u"--no-tags"_s, u"--prune"_s, u"--recurse-submodules=no"_s, u"--"_s, m_spec.url, QString(u"+refs/heads/*:"_s + branchFolder + u'*')}, stop);
    removeParts(m_copy);
    CO_CHECK(fetched);
    co_return {};
}

Async<QList<GitTag>> GitRepository::tags(std::stop_token stop)
{
    return tagsThat({}, std::move(stop));
}

Async<QList<GitTag>> GitRepository::tagsContaining(QString commit, std::stop_token stop)
{
    return tagsThat({QString(u"--contains="_s + commit)}, std::move(stop));
}

Async<QList<GitTag>> GitRepository::tagsBefore(QString commit, std::stop_token stop)
{
    return tagsThat({QString(u"--merged="_s + commit)}, std::move(stop));
}

Async<QList<GitTag>> GitRepository::tagsThat(QStringList condition, std::stop_token stop)
{
    const QString prefix = m_spec.tagPrefix;
    const QStringList command = QStringList{u"for-each-ref"_s,
                                            u"--format=%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(tag)%00%(*objectname)%00%(*objecttype)%00%(contents:subject)%00%(contents:body)%1e"_s}
        + condition + QStringList{u"refs/tags/"_s};
    QList<GitTag> found;
    // Those of another repository are none of this one, even before this one was fetched.
    if (const QString from = source(); !from.isEmpty() && from != m_spec.url) {
        co_return found;
    }
    CO_TRY(const QStringList moved, co_await movedTags(stop));
    CO_TRY(const QByteArray output, co_await git(command, stop));
    const QList<QByteArray> records = output.split(recordEnd);
    for (const QByteArray &record : records) {
        if (auto tag = parseTag(record, prefix); tag && !moved.contains(tag->name)) {
            found.append(std::move(*tag));
        }
    }
    std::ranges::stable_sort(found, [](const GitTag &a, const GitTag &b) { return a.version > b.version; });
    co_return found;
}

Async<GitTag> GitRepository::tag(QString name, std::stop_token stop, QString commit)
{
    const QString url = m_spec.url;
    CO_TRY(const QList<GitTag> all, co_await tags(stop));
    const auto found = std::ranges::find(all, name, &GitTag::name);
    CO_TRY(const QStringList moved, co_await movedTags(stop));
    if (moved.contains(name)) {
        co_return fail(u"git.tag_moved"_s, {{u"tag"_s, name}, {u"url"_s, url}}, url);
    }
    if (found == all.end()) {
        co_return fail(u"git.no_tag"_s, {{u"tag"_s, name}, {u"url"_s, url}}, url);
    }
    if (!commit.isEmpty() && found->commit != commit) {
        co_return fail(u"git.tag_moved"_s, {{u"tag"_s, name}, {u"url"_s, url}}, url);
    }
    co_return *found;
}

Async<bool> GitRepository::hasCommit(QString commit, std::stop_token stop)
{
    if (!QFileInfo(m_copy).isDir()) {
        co_return false;
    }
    ProcessSpec spec = command({u"--git-dir"_s, m_copy, u"cat-file"_s, u"-e"_s, QString(commit + u"^{commit}"_s)});
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    co_return result.exitCode == 0;
}

Async<QString> GitRepository::findCommit(QString hash, std::stop_token stop)
{
    const QString wanted = hash.toLower();
    const QString where = m_spec.url;
    const auto unknown = [hash, where] { return fail(u"git.no_commit"_s, {{u"commit"_s, hash}, {u"url"_s, where}}, where); };
    if (!isHash(wanted) || !QFileInfo(m_copy).isDir()) {
        co_return unknown();
    }
    // Objects only: a branch may be called as a hash begins.
    CO_TRY(const QByteArray objects, co_await git({u"rev-parse"_s, QString(u"--disambiguate="_s + wanted)}, stop));
    CO_TRY(const QByteArray types, co_await git({u"cat-file"_s, u"--batch-check=%(objectname) %(objecttype)"_s}, stop, objects));
    QStringList commits;
    const QList<QByteArray> lines = types.split('\n');
    for (const QByteArray &line : lines) {
        if (line.endsWith(" commit")) {
            commits.append(QString::fromLatin1(line.split(' ').first()));
        }
    }
    if (commits.isEmpty()) {
        co_return unknown();
    }
    if (commits.size() > 1) {
        co_return fail(u"git.commit_ambiguous"_s, {{u"commit"_s, hash}, {u"commits"_s, QJsonArray::fromStringList(commits)}}, where);
    }
    // Once the URL has changed, the copy holds commits of the repository before, which are none of this one.
    CO_TRY(const auto former, co_await references(QString(FormerTags), stop));
    if (!former.isEmpty()) {
        CO_TRY(const QByteArray heads, co_await git({u"for-each-ref"_s, u"--count=1"_s, u"--format=%(refname)"_s, QString(u"--contains="_s + commits.first()), u"refs/tags/"_s, u"refs/cutover/heads/"_s}, stop));
        if (heads.trimmed().isEmpty()) {
            co_return unknown();
        }
    }
    co_return commits.first();
}

Async<QString> GitRepository::branchHead(QString name, std::stop_token stop)
{
    // Compared here: what is typed is never a revision's syntax nor a pattern to git.
    CO_TRY(const QByteArray output, co_await git({u"for-each-ref"_s, u"--format=%(objectname) %(refname)"_s, branchFolder}, stop));
    const QByteArray wanted = ' ' + (branchFolder + name).toUtf8();
    const QList<QByteArray> lines = output.split('\n');
    for (const QByteArray &line : lines) {
        if (line.endsWith(wanted) && line.indexOf(' ') == line.size() - wanted.size()) {
            co_return QString::fromLatin1(line.first(line.size() - wanted.size()));
        }
    }
    co_return fail(u"git.no_commit"_s, {{u"commit"_s, name}, {u"url"_s, m_spec.url}}, m_spec.url);
}

Async<QMap<QString, QByteArray>> GitRepository::fileAt(QString path, QStringList commits, std::stop_token stop)
{
    QByteArray names;
    for (const QString &commit : std::as_const(commits)) {
        names += QString(commit + u':' + path + u'\n').toUtf8();
    }
    QMap<QString, QByteArray> found;
    if (commits.isEmpty()) {
        co_return found;
    }
    const QString where = m_copy;
    CO_TRY(const QByteArray output, co_await git({u"cat-file"_s, u"--batch"_s}, stop, names));
    qsizetype at = 0;
    for (const QString &commit : std::as_const(commits)) {
        // "HASH blob SIZE\nCONTENT\n", or "NAME missing\n"
        const qsizetype end = output.indexOf('\n', at);
        const QList<QByteArray> words = output.mid(at, end - at).split(' ');
        if (end < 0 || words.size() < 2) {
            co_return fail(u"git.failed"_s, {{u"url"_s, where}, {u"command"_s, u"cat-file"_s}, {u"code"_s, 0}, {u"reason"_s, QString::fromUtf8(output.mid(at, 200))}}, where);
        }
        at = end + 1;
        if (words.last() == "missing") {
            continue;
        }
        const qsizetype size = words.last().toLongLong();
        if (words.value(words.size() - 2) == "blob") {
            found.insert(commit, output.mid(at, size));
        }
        at += size + 1;
    }
    co_return found;
}

Async<qint64> GitRepository::sizeOf(QString commit, std::stop_token stop)
{
    CO_TRY(const QByteArray output, co_await git({u"ls-tree"_s, u"-r"_s, u"-l"_s, u"-z"_s, commit}, stop));
    qint64 sum = 0;
    const QList<QByteArray> entries = output.split('\0');
    for (const QByteArray &entry : entries) {
        // "MODE TYPE HASH   SIZE\tPATH"
        const QList<QByteArray> words = entry.left(entry.indexOf('\t')).simplified().split(' ');
        sum += words.value(3).toLongLong();
    }
    co_return sum;
}

Async<QString> GitRepository::verifyTag(GitTag tag, std::stop_token stop)
{
    const QString url = m_spec.url;
    if (tag.ownName.isEmpty()) {
        co_return fail(u"git.tag_unsigned"_s, {{u"tag"_s, tag.name}}, url);
    }
    // The signature covers the object, not the reference: one of an older release must not pass under a newer name.
    if (tag.ownName != tag.name) {
        co_return fail(u"git.tag_name"_s, {{u"tag"_s, tag.name}, {u"found"_s, tag.ownName}}, url);
    }
    CO_TRY(const auto keys, co_await GitKeys::create(m_spec, stop));
    ProcessSpec spec = command(keys->arguments() + QStringList{u"--git-dir"_s, m_copy, u"verify-tag"_s, u"--raw"_s, u"--"_s, u"refs/tags/"_s + tag.name});
    keys->prepare(spec.environment);
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    co_return signerOf(tag.name, result);
}

Async<> GitRepository::addWorktree(QString folder, QString commit, std::stop_token stop)
{
    CO_CHECK(co_await removeWorktree(folder));
    // Forced twice: what a killed attempt has left is locked.
    CO_CHECK(files::makePath(QFileInfo(folder).absolutePath()));
    CO_CHECK(co_await git({u"worktree"_s, u"add"_s, u"--force"_s, u"--force"_s, u"--detach"_s, u"--quiet"_s, folder, commit}, stop));
    co_return {};
}

Async<> GitRepository::exportTo(QString folder, QString commit, std::stop_token stop)
{
    const QString partial = QFileInfo(folder).absolutePath() + u"/."_s + QFileInfo(folder).fileName() + u".cutover-tmp"_s;
    Worker worker;
    CO_CHECK(co_await worker.run([partial] { return files::removeTree(partial); }));
    CO_CHECK(files::makePath(partial));
    for (const char *left : {".index", ".index.lock"}) {
        CO_CHECK(files::remove(partial + QLatin1StringView(left)));
    }
    ProcessSpec spec = command({u"--git-dir"_s, m_copy, u"--work-tree"_s, partial, u"checkout"_s, u"--quiet"_s, u"--force"_s, commit, u"--"_s, u"."_s});
    // The copy's own index is nobody's: two may export at once.
    spec.environment.insert(u"GIT_INDEX_FILE"_s, QString(partial + u".index"_s));
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    CO_CHECK(files::remove(partial + u".index"_s));
    if (result.exitCode != 0) {
        (void)co_await worker.run([partial] { return files::removeTree(partial); });
        co_return fail(failure({u"checkout"_s}, result));
    }
    co_return files::rename(partial, folder);
}

Async<> GitRepository::removeWorktree(QString folder)
{
    Worker worker;
    CO_CHECK(co_await worker.run([folder] { return files::removeTree(folder); }));
    if (QFileInfo(m_copy).isDir()) {
        CO_CHECK(co_await git({u"worktree"_s, u"prune"_s}, {}));
    }
    co_return {};
}

Async<QString> GitRepository::headOf(QString folder, std::stop_token stop)
{
    // Without a link of its own git would look for a repository above it.
    if (!QFileInfo(folder + u"/.git"_s).isFile()) {
        co_return fail(u"git.no_worktree"_s, {{u"folder"_s, folder}}, folder);
    }
    ProcessSpec spec = command({u"-C"_s, folder, u"rev-parse"_s, u"--verify"_s, u"HEAD^{commit}"_s});
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    if (result.exitCode != 0) {
        co_return fail(u"git.no_worktree"_s, {{u"folder"_s, folder}}, folder);
    }
    co_return QString::fromLatin1(result.output).trimmed();
}

Async<QStringList> GitRepository::changedFiles(QString folder, std::stop_token stop)
{
    ProcessSpec spec = command({u"-C"_s, folder, u"diff-index"_s, u"--name-only"_s, u"-z"_s, u"HEAD"_s, u"--"_s});
    // Times of files that a copy or a restore has touched say nothing; contents are compared.
    ProcessSpec refresh = command({u"-C"_s, folder, u"update-index"_s, u"-q"_s, u"--refresh"_s});
    CO_CHECK(co_await Processes::system().run(std::move(refresh), stop));
    CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(spec), stop));
    if (result.exitCode != 0) {
        co_return fail(failure({u"diff-index"_s}, result));
    }
    co_return QString::fromUtf8(result.output).split(QChar(u'\0'), Qt::SkipEmptyParts);
}

} // namespace cutover

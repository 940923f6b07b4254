// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/files.h"

#include "system/faultpoints.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::files {

namespace {

using faultpoints::Kind;

/// A descriptor that closes itself.
class Descriptor
{
public:
    explicit Descriptor(int fd = -1)
        : m_fd(fd)
    {
    }
    ~Descriptor()
    {
        if (m_fd >= 0) {
            ::close(m_fd);
        }
    }
    Q_DISABLE_COPY_MOVE(Descriptor)
    operator int() const { return m_fd; }

private:
    int m_fd;
};

/// Calls a system function behind its fault point: 0, or the errno value.
template<class Call>
int guarded(Kind kind, const QString &what, Call call)
{
    if (const int fault = faultpoints::hit(kind, QFile::encodeName(what))) {
        return fault;
    }
    while (call() < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

QString parentOf(const QString &path)
{
    return QFileInfo(path).absolutePath();
}

QString hidden(const QString &path, const QString &suffix)
{
    const QFileInfo info(path);
    return QString(info.absolutePath() + u"/."_s + info.fileName() + suffix);
}

QString temporaryOf(const QString &path)
{
    return hidden(path, u".cutover-tmp"_s);
}

/// Where a write to path goes: a symbolic link stays, what it points at is replaced.
QString resolved(const QString &path)
{
    const QFileInfo info(path);
    if (info.isSymLink()) {
        if (const QString target = info.canonicalFilePath(); !target.isEmpty()) {
            return target;
        }
    }
    return QDir::cleanPath(info.absoluteFilePath());
}

mode_t modeOf(QFileDevice::Permissions permissions)
{
    mode_t mode = 0;
    const std::pair<QFileDevice::Permission, mode_t> bits[]{
        {QFileDevice::ReadOwner, S_IRUSR},
        {QFileDevice::WriteOwner, S_IWUSR},
        {QFileDevice::ExeOwner, S_IXUSR},
        {QFileDevice::ReadGroup, S_IRGRP},
        {QFileDevice::WriteGroup, S_IWGRP},
        {QFileDevice::ExeGroup, S_IXGRP},
        {QFileDevice::ReadOther, S_IROTH},
        {QFileDevice::WriteOther, S_IWOTH},
        {QFileDevice::ExeOther, S_IXOTH},
    };
    for (const auto &[permission, bit] : bits) {
        mode |= permissions.testFlag(permission) ? bit : 0;
    }
    return mode;
}

int writeAll(int fd, const char *data, qint64 size)
{
    while (size > 0) {
        const ssize_t written = ::write(fd, data, size_t(size));
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        data += qMax<ssize_t>(written, 0);
        size -= qMax<ssize_t>(written, 0);
    }
    return 0;
}

/// After a failure; a full or failing disk may refuse even this, so the result is not looked at.
void discard(const QString &temporary)
{
    (void)guarded(Kind::FileUnlink, temporary, [name = QFile::encodeName(temporary)] { return ::unlink(name.constData()); });
}

/// Takes over owner and mode of the file that is about to be replaced.
int adopt(int fd, const QString &path, mode_t modeOfNew)
{
    struct stat old{};
    struct stat mine{};
    if (::lstat(QFile::encodeName(path).constData(), &old) != 0 || !S_ISREG(old.st_mode)) {
        return ::fchmod(fd, modeOfNew) == 0 ? 0 : errno;
    }
    if (::fstat(fd, &mine) != 0) {
        return errno;
    }
    if ((mine.st_uid != old.st_uid || mine.st_gid != old.st_gid) && ::fchown(fd, old.st_uid, old.st_gid) != 0) {
        return errno;
    }
    return ::fchmod(fd, old.st_mode & 07777) == 0 ? 0 : errno;
}

int syncFolder(const QString &path)
{
    return guarded(Kind::DirectorySync, path, [name = QFile::encodeName(path)] {
        const Descriptor fd(::open(name.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return fd < 0 ? -1 : ::fsync(fd);
    });
}

int renameSynced(const QString &from, const QString &to)
{
    if (const int error = guarded(Kind::FileRename, to, [a = QFile::encodeName(from), b = QFile::encodeName(to)] {
            return ::rename(a.constData(), b.constData());
        })) {
        return error;
    }
    const QString folder = parentOf(to);
    if (const int error = syncFolder(folder)) {
        return error;
    }
    return parentOf(from) == folder ? 0 : syncFolder(parentOf(from));
}

/// Removes what is in an open folder; works by descriptor, so a link put in the way is not followed.
Result<> emptyFolder(int fd, const QString &path)
{
    struct stat info{};
    if (::fstat(fd, &info) == 0 && (info.st_mode & S_IRWXU) != S_IRWXU) {
        ::fchmod(fd, info.st_mode | S_IRWXU);
    }
    DIR *listing = ::fdopendir(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!listing) {
        return failErrno(u"file.remove"_s, errno, path);
    }
    QList<std::pair<QByteArray, bool>> entries;
    while (const dirent *entry = ::readdir(listing)) {
        const QByteArray name(entry->d_name);
        struct stat item{};
        if (name != "." && name != ".." && ::fstatat(fd, name.constData(), &item, AT_SYMLINK_NOFOLLOW) == 0) {
            entries.append({name, S_ISDIR(item.st_mode)});
        }
    }
    ::closedir(listing);
    std::ranges::sort(entries); // A fixed order, so that the n-th fault point is the same in each run.
    for (const auto &[name, isFolder] : std::as_const(entries)) {
        const QString item = QString(path + u'/' + QFile::decodeName(name));
        if (isFolder) {
            const Descriptor inner(::openat(fd, name.constData(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (inner < 0) {
                return failErrno(u"file.remove"_s, errno, item);
            }
            CHECK(emptyFolder(inner, item));
        }
        if (const int error = guarded(Kind::FileUnlink, item, [fd, &name, isFolder] {
                return ::unlinkat(fd, name.constData(), isFolder ? AT_REMOVEDIR : 0);
            })) {
            return failErrno(u"file.remove"_s, error, item);
        }
    }
    return {};
}

/// The error names what could not be removed, and not only the tree that it is in.
Result<> removeFolder(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    const Descriptor fd(::open(name.constData(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0) {
        return errno == ENOENT ? Result<>() : failErrno(u"file.remove"_s, errno, path);
    }
    CHECK(emptyFolder(fd, path));
    const int error = guarded(Kind::FileUnlink, path, [&name] { return ::rmdir(name.constData()); });
    return error == 0 ? Result<>() : failErrno(u"file.remove"_s, error, path);
}

} // namespace

Result<QByteArray> read(const QString &path, qint64 maxBytes)
{
    const Descriptor fd(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC));
    if (fd < 0) {
        return failErrno(errno == ENOENT ? u"file.not_found"_s : u"file.read"_s, errno, path);
    }
    struct stat info{};
    if (::fstat(fd, &info) != 0) {
        return failErrno(u"file.read"_s, errno, path);
    }
    if (S_ISDIR(info.st_mode)) {
        return failErrno(u"file.read"_s, EISDIR, path);
    }
    QByteArray content;
    content.reserve(qMin<qint64>(info.st_size, maxBytes));
    // Read to the end instead of trusting the size: files under /proc have none, others may grow.
    char buffer[64 * 1024];
    while (true) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failErrno(u"file.read"_s, errno, path);
        }
        if (got == 0) {
            return content;
        }
        if (content.size() + got > maxBytes) {
            return fail(u"file.too_big"_s, {{u"path"_s, path}, {u"limit"_s, maxBytes}}, path);
        }
        content.append(buffer, got);
    }
}

Result<> replace(const QString &path, const QByteArray &content, QFileDevice::Permissions permissions)
{
    TRY(Writer writer, Writer::open(path));
    CHECK(writer.write(content.constData(), content.size()));
    return writer.commit(permissions);
}

Result<> publish(const QString &path, const QByteArray &content, QFileDevice::Permissions permissions)
{
    const QString temporary = temporaryOf(path);
    const QByteArray name = QFile::encodeName(temporary);
    int fd = -1;
    int error = guarded(Kind::FileCreate, temporary, [&fd, &name, mode = modeOf(permissions)] {
        return fd = ::open(name.constData(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    });
    if (!error) {
        const Descriptor file(fd);
        error = faultpoints::hit(Kind::FileWrite, name);
        error = error ? error : writeAll(file, content.constData(), content.size());
    }
    if (!error) {
        error = guarded(Kind::FileRename, path, [&name, to = QFile::encodeName(path)] {
            return ::rename(name.constData(), to.constData());
        });
    }
    if (error) {
        discard(temporary);
        return failErrno(u"file.write"_s, error, path);
    }
    return {};
}

Result<> makePath(const QString &path)
{
    QStringList missing;
    for (QString at = QDir::cleanPath(QDir(path).absolutePath()); !QFileInfo(at).isDir(); at = parentOf(at)) {
        missing.prepend(at);
        if (parentOf(at) == at) {
            break;
        }
    }
    for (const QString &folder : std::as_const(missing)) {
        const QByteArray name = QFile::encodeName(folder);
        const int error = guarded(Kind::FileCreate, folder, [&name] { return ::mkdir(name.constData(), 0777); });
        // Another process may have made it in between.
        if (error && !(error == EEXIST && QFileInfo(folder).isDir())) {
            return failErrno(u"file.make_path"_s, error, folder);
        }
        if (const int syncError = syncFolder(parentOf(folder))) {
            return failErrno(u"file.sync"_s, syncError, parentOf(folder));
        }
    }
    return {};
}

Result<> rename(const QString &from, const QString &to)
{
    if (const int error = renameSynced(from, to)) {
        return failErrno(u"file.rename"_s, error, from, {{u"to"_s, to}});
    }
    return {};
}

Result<> remove(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    if (struct stat info{}; ::lstat(name.constData(), &info) != 0 && errno == ENOENT) {
        return {};
    }
    const int error = guarded(Kind::FileUnlink, path, [&name] { return ::unlink(name.constData()); });
    if (error && error != ENOENT) {
        return failErrno(u"file.remove"_s, error, path);
    }
    return syncDirectory(parentOf(path));
}

Result<> removeTree(const QString &path)
{
    const QString absolute = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
    const QString going = hidden(absolute, u".cutover-gone"_s);
    // What an earlier call was stopped in.
    CHECK(removeFolder(going));
    struct stat info{};
    if (::lstat(QFile::encodeName(absolute).constData(), &info) != 0) {
        return errno == ENOENT ? Result<>() : failErrno(u"file.remove"_s, errno, absolute);
    }
    if (!S_ISDIR(info.st_mode)) {
        return remove(absolute);
    }
    if (const int error = renameSynced(absolute, going)) {
        return failErrno(u"file.remove"_s, error, absolute);
    }
    CHECK(removeFolder(going));
    return syncDirectory(parentOf(absolute));
}

Result<> switchLink(const QString &link, const QString &target)
{
    const QString absolute = QDir::cleanPath(QFileInfo(link).absoluteFilePath());
    const QString temporary = temporaryOf(absolute);
    const QByteArray name = QFile::encodeName(temporary);
    if (struct stat info{}; ::lstat(name.constData(), &info) == 0) {
        discard(temporary);
    }
    int error = guarded(Kind::FileLink, temporary, [&name, to = QFile::encodeName(target)] {
        return ::symlink(to.constData(), name.constData());
    });
    if (error) {
        return failErrno(u"file.link"_s, error, link, {{u"target"_s, target}});
    }
    error = renameSynced(temporary, absolute);
    if (error) {
        discard(temporary);
        return failErrno(u"file.link"_s, error, link, {{u"target"_s, target}});
    }
    return {};
}

Result<QString> readLink(const QString &link)
{
    QByteArray target(4096, Qt::Uninitialized);
    const ssize_t size = ::readlink(QFile::encodeName(link).constData(), target.data(), size_t(target.size()));
    if (size < 0) {
        return failErrno(errno == ENOENT ? u"file.not_found"_s : u"file.read"_s, errno, link);
    }
    return QFile::decodeName(target.first(size));
}

Result<> copy(const QString &from, const QString &to)
{
    const Descriptor source(::open(QFile::encodeName(from).constData(), O_RDONLY | O_CLOEXEC));
    struct stat info{};
    if (source < 0 || ::fstat(source, &info) != 0) {
        return failErrno(errno == ENOENT ? u"file.not_found"_s : u"file.read"_s, errno, from);
    }
    TRY(Writer writer, Writer::open(to));
    QByteArray buffer(1 << 20, Qt::Uninitialized);
    while (true) {
        const ssize_t got = ::read(source, buffer.data(), size_t(buffer.size()));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failErrno(u"file.read"_s, errno, from);
        }
        if (got == 0) {
            break;
        }
        CHECK(writer.write(buffer.constData(), got));
    }
    return writer.commit(QFileInfo(from).permissions());
}

Result<> syncDirectory(const QString &path)
{
    if (const int error = syncFolder(path)) {
        return failErrno(u"file.sync"_s, error, path);
    }
    return {};
}

Result<qint64> freeBytes(const QString &path)
{
    QString at = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
    struct statvfs info{};
    while (::statvfs(QFile::encodeName(at).constData(), &info) != 0) {
        if (errno != ENOENT || parentOf(at) == at) {
            return failErrno(u"file.read"_s, errno, at);
        }
        at = parentOf(at);
    }
    return qint64(info.f_bavail) * qint64(info.f_frsize);
}

Result<> reserve(const QString &path, qint64 bytes)
{
    const QByteArray name = QFile::encodeName(path);
    if (struct stat info{}; ::stat(name.constData(), &info) == 0 && qint64(info.st_blocks) * 512 >= bytes) {
        return {};
    }
    int fd = -1;
    int error = guarded(Kind::FileCreate, path, [&fd, &name] {
        return fd = ::open(name.constData(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    });
    if (error) {
        return failErrno(u"file.write"_s, error, path);
    }
    const Descriptor closer(fd);
    error = faultpoints::hit(Kind::FileWrite, name);
    error = error ? error : ::posix_fallocate(fd, 0, bytes);
    if (error) {
        discard(path);
        return failErrno(u"file.write"_s, error, path);
    }
    return {};
}

Result<QString> sha256(const QString &path)
{
    QFile file(path);
    if (!file.exists()) {
        return failErrno(u"file.not_found"_s, ENOENT, path);
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!file.open(QIODevice::ReadOnly) || !hash.addData(&file)) {
        return fail(u"file.read"_s, {{u"path"_s, path}, {u"reason"_s, file.errorString()}}, path);
    }
    return QString::fromLatin1(hash.result().toHex());
}

Writer::Writer(Writer &&other) noexcept
    : m_fd(std::exchange(other.m_fd, -1))
    , m_path(std::move(other.m_path))
    , m_temporary(std::move(other.m_temporary))
    , m_keep(other.m_keep)
{
}

Writer &Writer::operator=(Writer &&other) noexcept
{
    std::swap(m_fd, other.m_fd);
    std::swap(m_path, other.m_path);
    std::swap(m_temporary, other.m_temporary);
    std::swap(m_keep, other.m_keep);
    return *this;
}

Writer::~Writer()
{
    if (m_fd < 0) {
        return;
    }
    ::close(m_fd);
    if (!m_keep) {
        discard(m_temporary);
    }
}

Result<Writer> Writer::open(const QString &path, const QString &temporary, qint64 appendTo)
{
    Writer writer;
    writer.m_path = resolved(path);
    writer.m_temporary = temporary.isEmpty() ? temporaryOf(writer.m_path) : QFileInfo(temporary).absoluteFilePath();
    const QByteArray name = QFile::encodeName(writer.m_temporary);
    // Not readable by others before its mode is decided.
    if (const int error = guarded(Kind::FileCreate, writer.m_temporary, [&writer, &name, appendTo] {
            return writer.m_fd = ::open(name.constData(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (appendTo > 0 ? 0 : O_TRUNC), 0600);
        })) {
        return failErrno(u"file.write"_s, error, path);
    }
    if (appendTo > 0) {
        struct stat info{};
        const bool whole = ::fstat(writer.m_fd, &info) == 0 && info.st_size >= appendTo;
        if (!whole || ::ftruncate(writer.m_fd, appendTo) != 0 || ::lseek(writer.m_fd, appendTo, SEEK_SET) < 0) {
            writer.m_keep = true;
            return whole ? failErrno(u"file.write"_s, errno, path)
                         : fail(u"file.shorter"_s, {{u"path"_s, writer.m_temporary}, {u"size"_s, qint64(info.st_size)}, {u"expected"_s, appendTo}},
                                path);
        }
    }
    return writer;
}

Result<> Writer::write(const char *data, qint64 size)
{
    int error = faultpoints::hit(Kind::FileWrite, QFile::encodeName(m_temporary));
    if (!error) {
        error = writeAll(m_fd, data, size);
    }
    if (error) {
        return failErrno(u"file.write"_s, error, m_path);
    }
    return {};
}

Result<> Writer::commit(QFileDevice::Permissions permissions)
{
    if (const int error = adopt(m_fd, m_path, modeOf(permissions))) {
        return failErrno(u"file.owner"_s, error, m_path);
    }
    if (const int error = guarded(Kind::FileSync, m_temporary, [this] { return ::fsync(m_fd); })) {
        return failErrno(u"file.sync"_s, error, m_path);
    }
    ::close(std::exchange(m_fd, -1));
    if (const int error = renameSynced(m_temporary, m_path)) {
        if (!m_keep) {
            discard(m_temporary);
        }
        return failErrno(u"file.rename"_s, error, m_temporary, {{u"to"_s, m_path}});
    }
    return {};
}

} // namespace cutover::files

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/sqlitevfs.h"

#include "system/faultpoints.h"

#include <QSqlDatabase>
#include <QSqlDriver>
#include <QVariant>

#include <cerrno>
#include <mutex>
#include <sqlite3.h>

namespace cutover {

namespace {

using faultpoints::Kind;

/// Our part of an open file; the default VFS's own part follows it in memory, as SQLite allocates
/// szOsFile bytes.
struct File {
    sqlite3_file base;
    const char *name; ///< Kept alive by SQLite as long as the file is open; nullptr for temporary files.
    bool counted;
    bool dirty; ///< Written since the last sync.
};

File *own(sqlite3_file *file)
{
    return reinterpret_cast<File *>(file);
}

sqlite3_file *real(sqlite3_file *file)
{
    return reinterpret_cast<sqlite3_file *>(own(file) + 1);
}

sqlite3_vfs *real(sqlite3_vfs *vfs)
{
    return static_cast<sqlite3_vfs *>(vfs->pAppData);
}

int code(int error, int otherwise)
{
    return error == ENOSPC ? SQLITE_FULL : otherwise;
}

/// The point before a change of the file's bytes; only the first since the last sync counts, as
/// what lies between two syncs may reach the disk in any order.
int beforeChange(sqlite3_file *file, int failure)
{
    File *mine = own(file);
    if (!mine->counted || mine->dirty) {
        return SQLITE_OK;
    }
    if (const int error = faultpoints::hit(Kind::DatabaseWrite, mine->name)) {
        return code(error, failure);
    }
    mine->dirty = true;
    return SQLITE_OK;
}

int fileClose(sqlite3_file *file)
{
    const int result = real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK;
    file->pMethods = nullptr;
    return result;
}

int fileRead(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), data, size, offset);
}

int fileWrite(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    const int fault = beforeChange(file, SQLITE_IOERR_WRITE);
    return fault ? fault : real(file)->pMethods->xWrite(real(file), data, size, offset);
}

int fileTruncate(sqlite3_file *file, sqlite3_int64 size)
{
    const int fault = beforeChange(file, SQLITE_IOERR_TRUNCATE);
    return fault ? fault : real(file)->pMethods->xTruncate(real(file), size);
}

int fileSync(sqlite3_file *file, int flags)
{
    if (own(file)->counted) {
        if (const int error = faultpoints::hit(Kind::DatabaseSync, own(file)->name)) {
            return code(error, SQLITE_IOERR_FSYNC);
        }
    }
    const int result = real(file)->pMethods->xSync(real(file), flags);
    own(file)->dirty = own(file)->dirty && result != SQLITE_OK;
    return result;
}

int fileSize(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

int fileLock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

int fileUnlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

int fileCheckReservedLock(sqlite3_file *file, int *result)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

int fileControl(sqlite3_file *file, int operation, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

int fileSectorSize(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

int fileDeviceCharacteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

// Version 2: the index of a write-ahead log. It is rebuilt after a crash, so it has no points.
int fileShmMap(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}

int fileShmLock(sqlite3_file *file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

void fileShmBarrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

int fileShmUnmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

// Version 3: memory mapping, for reading only.
int fileFetch(sqlite3_file *file, sqlite3_int64 offset, int size, void **memory)
{
    return real(file)->pMethods->xFetch(real(file), offset, size, memory);
}

int fileUnfetch(sqlite3_file *file, sqlite3_int64 offset, void *memory)
{
    return real(file)->pMethods->xUnfetch(real(file), offset, memory);
}

constexpr sqlite3_io_methods methodsOf(int version)
{
    return {version,
            fileClose,
            fileRead,
            fileWrite,
            fileTruncate,
            fileSync,
            fileSize,
            fileLock,
            fileUnlock,
            fileCheckReservedLock,
            fileControl,
            fileSectorSize,
            fileDeviceCharacteristics,
            fileShmMap,
            fileShmLock,
            fileShmBarrier,
            fileShmUnmap,
            fileFetch,
            fileUnfetch};
}

// SQLite calls a method only when the table's version has it, so ours must not claim more than the
// file beneath.
constexpr sqlite3_io_methods fileMethods[]{methodsOf(1), methodsOf(2), methodsOf(3)};

int vfsOpen(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *outFlags)
{
    File *mine = own(file);
    mine->base.pMethods = nullptr;
    mine->name = name;
    mine->counted = name && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL);
    mine->dirty = false;
    real(file)->pMethods = nullptr;
    const int result = real(vfs)->xOpen(real(vfs), name, real(file), flags, outFlags);
    if (real(file)->pMethods) {
        mine->base.pMethods = &fileMethods[qBound(1, real(file)->pMethods->iVersion, 3) - 1];
    }
    return result;
}

int vfsDelete(sqlite3_vfs *vfs, const char *name, int syncDirectory)
{
    if (const int error = faultpoints::hit(Kind::DatabaseDelete, name)) {
        return code(error, SQLITE_IOERR_DELETE);
    }
    return real(vfs)->xDelete(real(vfs), name, syncDirectory);
}

int vfsAccess(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    return real(vfs)->xAccess(real(vfs), name, flags, result);
}

int vfsFullPathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return real(vfs)->xFullPathname(real(vfs), name, size, out);
}

void *vfsDlOpen(sqlite3_vfs *vfs, const char *name)
{
    return real(vfs)->xDlOpen(real(vfs), name);
}

void vfsDlError(sqlite3_vfs *vfs, int size, char *message)
{
    real(vfs)->xDlError(real(vfs), size, message);
}

void (*vfsDlSym(sqlite3_vfs *vfs, void *library, const char *symbol))(void)
{
    return real(vfs)->xDlSym(real(vfs), library, symbol);
}

void vfsDlClose(sqlite3_vfs *vfs, void *library)
{
    real(vfs)->xDlClose(real(vfs), library);
}

int vfsRandomness(sqlite3_vfs *vfs, int size, char *out)
{
    return real(vfs)->xRandomness(real(vfs), size, out);
}

int vfsSleep(sqlite3_vfs *vfs, int microseconds)
{
    return real(vfs)->xSleep(real(vfs), microseconds);
}

int vfsCurrentTime(sqlite3_vfs *vfs, double *time)
{
    return real(vfs)->xCurrentTime(real(vfs), time);
}

int vfsGetLastError(sqlite3_vfs *vfs, int size, char *message)
{
    return real(vfs)->xGetLastError(real(vfs), size, message);
}

int vfsCurrentTimeInt64(sqlite3_vfs *vfs, sqlite3_int64 *time)
{
    return real(vfs)->xCurrentTimeInt64(real(vfs), time);
}

int vfsSetSystemCall(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr call)
{
    return real(vfs)->xSetSystemCall(real(vfs), name, call);
}

sqlite3_syscall_ptr vfsGetSystemCall(sqlite3_vfs *vfs, const char *name)
{
    return real(vfs)->xGetSystemCall(real(vfs), name);
}

const char *vfsNextSystemCall(sqlite3_vfs *vfs, const char *name)
{
    return real(vfs)->xNextSystemCall(real(vfs), name);
}

sqlite3_vfs layer{};

} // namespace

void installSqliteVfs()
{
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_vfs *beneath = sqlite3_vfs_find(nullptr);
        if (!beneath) {
            qFatal("SQLite has no default VFS.");
        }
        layer = {qMin(beneath->iVersion, 3),
                 int(sizeof(File)) + beneath->szOsFile,
                 beneath->mxPathname,
                 nullptr,
                 "cutover",
                 beneath,
                 vfsOpen,
                 vfsDelete,
                 vfsAccess,
                 vfsFullPathname,
                 vfsDlOpen,
                 vfsDlError,
                 vfsDlSym,
                 vfsDlClose,
                 vfsRandomness,
                 vfsSleep,
                 vfsCurrentTime,
                 vfsGetLastError,
                 vfsCurrentTimeInt64,
                 vfsSetSystemCall,
                 vfsGetSystemCall,
                 vfsNextSystemCall};
        if (sqlite3_vfs_register(&layer, 1) != SQLITE_OK) {
            qFatal("The fault-counting layer could not be registered with SQLite.");
        }
    });
}

sqlite3 *sqliteHandle(const QSqlDatabase &database)
{
    const QVariant handle = database.isOpen() ? database.driver()->handle() : QVariant();
    if (!handle.isValid() || qstrcmp(handle.typeName(), "sqlite3*") != 0) {
        return nullptr;
    }
    return *static_cast<sqlite3 *const *>(handle.constData());
}

} // namespace cutover

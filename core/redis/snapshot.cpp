// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "redis/snapshot.h"

#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <array>

#include <QtEndian>

using namespace Qt::StringLiterals;

namespace cutover::redis {

namespace {

constexpr qint64 PieceBytes = 1 << 20;
constexpr qint64 HeaderBytes = 9; ///< "REDIS0012"
constexpr qint64 ChecksumBytes = 8;
constexpr char EndMark = char(0xff);
constexpr qint64 ProveLimitMs = 30LL * 60 * 1000;

/// Jones's polynomial, bits reversed, as Redis computes it.
const std::array<quint64, 256> &table()
{
    static const std::array<quint64, 256> values = [] {
        std::array<quint64, 256> made{};
        for (quint64 i = 0; i < 256; ++i) {
            quint64 value = i;
            for (int bit = 0; bit < 8; ++bit) {
                value = (value >> 1) ^ ((value & 1) ? 0x95ac9329ac4bc9b5ULL : 0);
            }
            made[i] = value;
        }
        return made;
    }();
    return values;
}

std::unexpected<Error> damaged(const QString &file, const QString &reason)
{
    return fail(u"redis.damaged"_s, {{u"file"_s, file}, {u"reason"_s, Message{reason, {}}.toJson()}}, file);
}

/** Reads an RDB file from its beginning to its end, piece by piece. */
class Reader
{
public:
    void add(const QByteArray &piece)
    {
        if (m_head.size() < HeaderBytes) {
            m_head += piece.left(HeaderBytes - m_head.size());
        }
        // The last bytes are the checksum of all before them; which are the last is known at the end only.
        m_tail += piece;
        if (m_tail.size() > ChecksumBytes) {
            const QByteArray before = m_tail.chopped(ChecksumBytes);
            m_crc = crc64(m_crc, before);
            m_last = before.back();
            m_tail = m_tail.last(ChecksumBytes);
        }
    }
    [[nodiscard]] Result<int> end(const QString &file) const
    {
        bool isNumber = false;
        const int format = m_head.mid(5).toInt(&isNumber);
        if (!m_head.startsWith("REDIS") || m_head.size() != HeaderBytes || !isNumber) {
            return damaged(file, u"redis.damaged.header"_s);
        }
        if (m_tail.size() != ChecksumBytes || m_last != EndMark) {
            return damaged(file, u"redis.damaged.end"_s);
        }
        // 0: the server is told to write none (rdbchecksum no).
        const auto written = qFromLittleEndian<quint64>(m_tail.constData());
        if (written != 0 && written != m_crc) {
            return damaged(file, u"redis.damaged.checksum"_s);
        }
        return format;
    }

private:
    QByteArray m_head;
    QByteArray m_tail;
    quint64 m_crc = 0;
    char m_last = 0;
};

} // namespace

QJsonObject toJson(const SnapshotInfo &info)
{
    return {{u"file"_s, info.file}, {u"sha256"_s, info.sha256}, {u"size"_s, info.size}, {u"format"_s, info.format}, {u"version"_s, info.version}, {u"keys"_s, info.keys}};
}

SnapshotInfo snapshotFromJson(const QJsonObject &json)
{
    return {.file = json["file"_L1].toString(),
            .sha256 = json["sha256"_L1].toString(),
            .size = json["size"_L1].toInteger(),
            .format = json["format"_L1].toInt(),
            .version = json["version"_L1].toString(),
            .keys = json["keys"_L1].toInteger()};
}

quint64 crc64(quint64 crc, const QByteArray &bytes)
{
    const auto &values = table();
    for (const char byte : bytes) {
        crc = values[(crc ^ quint8(byte)) & 0xff] ^ (crc >> 8);
    }
    return crc;
}

Result<SnapshotInfo> takeSnapshot(const RedisSpec &spec, const QString &file, const ProgressFunction &progress, std::stop_token stop)
{
    TRY(const auto connection, Connection::open(spec));
    TRY(const Facts facts, connection->facts());
    if (facts.loading) {
        return fail(u"redis.loading"_s, {{u"name"_s, spec.name}}, addressOf(spec), Error::Kind::Transient);
    }
    SnapshotInfo info{.file = file, .sha256 = {}, .version = facts.version, .keys = facts.keys};
    TRY(files::Writer writer, files::Writer::open(file));
    QCryptographicHash hash(QCryptographicHash::Sha256);
    Reader reader;
    CHECK(connection->snapshot(
        [&](const QByteArray &piece, qint64 total) -> Result<> {
            CHECK(writer.write(piece.constData(), piece.size()));
            hash.addData(piece);
            reader.add(piece);
            info.size += piece.size();
            if (progress) {
                progress(info.size, total);
            }
            return {};
        },
        stop));
    TRY(info.format, reader.end(file));
    CHECK(writer.commit(files::privateFile));
    info.sha256 = QString::fromLatin1(hash.result().toHex());
    return info;
}

Result<> checkSnapshot(const SnapshotInfo &info)
{
    QFile file(info.file);
    if (!file.open(QIODevice::ReadOnly)) {
        return fail(u"redis.snapshot_gone"_s, {{u"file"_s, info.file}, {u"reason"_s, file.errorString()}}, info.file);
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    Reader reader;
    while (!file.atEnd()) {
        const QByteArray piece = file.read(PieceBytes);
        if (piece.isEmpty()) {
            return fail(u"redis.snapshot_gone"_s, {{u"file"_s, info.file}, {u"reason"_s, file.errorString()}}, info.file);
        }
        hash.addData(piece);
        reader.add(piece);
    }
    TRY(const int format, reader.end(info.file));
    Q_UNUSED(format)
    if (const QString digest = QString::fromLatin1(hash.result().toHex()); digest != info.sha256) {
        return fail(u"database.backup_altered"_s, {{u"file"_s, info.file}, {u"expected"_s, info.sha256}, {u"found"_s, digest}}, info.file);
    }
    return {};
}

Async<Message> proveSnapshot(SnapshotInfo info, Processes *processes, std::stop_token stop)
{
    Worker worker;
    CO_CHECK(co_await worker.run([info] { return checkSnapshot(info); }));
    ProcessSpec spec;
    spec.program = QStandardPaths::findExecutable(u"redis-check-rdb"_s);
    if (spec.program.isEmpty()) {
        co_return Message{u"redis.not_read_no_program"_s, {{u"file"_s, QFileInfo(info.file).fileName()}}};
    }
    spec.arguments = QStringList{info.file};
    spec.timeoutMs = ProveLimitMs;
    CO_TRY(const ProcessResult result, co_await processes->run(spec, stop));
    // Of a server that is newer than the programs on this host it can't say anything.
    if (result.exitCode != 0 && result.output.contains("Can't handle RDB format version")) {
        co_return Message{u"redis.not_read_too_old"_s, {{u"file"_s, QFileInfo(info.file).fileName()}, {u"version"_s, info.version}, {u"format"_s, info.format}}};
    }
    if (result.exitCode != 0) {
        const QByteArray said = QByteArray(result.output + result.errorOutput).trimmed();
        co_return fail(u"redis.check_failed"_s, {{u"file"_s, info.file}, {u"answer"_s, QString::fromUtf8(said.mid(said.lastIndexOf('\n') + 1).left(300))}}, info.file);
    }
    co_return Message();
}

} // namespace cutover::redis

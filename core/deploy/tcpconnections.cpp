// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/tcpconnections.h"

#include <QFile>
#include <QHostAddress>
#include <QSet>
#include <QtEndian>

#include <array>
#include <cstring>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// As /proc/net/tcp writes it: each word of the address as this machine's number.
QByteArray kernelForm(const quint32 *words, int count)
{
    QByteArray hex;
    for (int i = 0; i < count; ++i) {
        hex += QByteArray::number(words[i], 16).rightJustified(8, '0').toUpper();
    }
    return hex;
}

QByteArray kernelForm(const QHostAddress &address)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        const quint32 word = qToBigEndian(address.toIPv4Address());
        return kernelForm(&word, 1);
    }
    const Q_IPV6ADDR ip = address.toIPv6Address();
    std::array<quint32, 4> words;
    std::memcpy(words.data(), &ip, sizeof ip);
    return kernelForm(words.data(), 4);
}

bool isOurNamespace(qint64 pid)
{
    const QString ours = QFile::symLinkTarget(u"/proc/self/ns/net"_s);
    return !ours.isEmpty() && QFile::symLinkTarget(u"/proc/%1/ns/net"_s.arg(pid)) == ours;
}

/** A socket to sock_diag, closed with this. */
class Diagnosis
{
public:
    Diagnosis()
        : m_socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG))
    {
        // The kernel answers at once; one that does not is not waited for.
        const timeval limit{2, 0};
        ::setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    ~Diagnosis()
    {
        if (m_socket >= 0) {
            ::close(m_socket);
        }
    }
    Q_DISABLE_COPY_MOVE(Diagnosis)

    /// Adds those of a family; false where the kernel does not answer.
    [[nodiscard]] bool list(quint8 family, const TcpRemote &remote, QList<TcpConnection> *found) const
    {
        struct {
            nlmsghdr header;
            inet_diag_req_v2 request;
        } ask{};
        ask.header.nlmsg_len = sizeof ask;
        ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
        ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        ask.request.sdiag_family = family;
        ask.request.sdiag_protocol = IPPROTO_TCP;
        ask.request.idiag_states = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_CLOSE_WAIT;
        if (m_socket < 0 || ::send(m_socket, &ask, sizeof ask, 0) != ssize_t(sizeof ask)) {
            return false;
        }
        alignas(nlmsghdr) std::array<char, 65536> buffer;
        for (;;) {
            ssize_t size = ::recv(m_socket, buffer.data(), buffer.size(), 0);
            if (size <= 0) {
                return false;
            }
            for (auto *message = reinterpret_cast<const nlmsghdr *>(buffer.data()); NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
                if (message->nlmsg_type == NLMSG_DONE) {
                    return true;
                }
                if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || message->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) {
                    return false;
                }
                const auto *told = static_cast<const inet_diag_msg *>(NLMSG_DATA(message));
                if (qFromBigEndian(told->id.idiag_dport) != remote.port) {
                    continue;
                }
                if (remote.address.isEmpty() || kernelForm(told->id.idiag_dst, family == AF_INET ? 1 : 4) == remote.address) {
                    found->append({QByteArray::number(told->idiag_inode), QByteArray::number(told->idiag_uid)});
                }
            }
        }
    }

private:
    int m_socket;
};

/// The same from text, in which most lines may be of no interest.
QList<TcpConnection> readFromProc(const TcpRemote &remote, qint64 pid)
{
    static const QSet<QByteArray> open{"01", "02", "08"};
    const QByteArray port = QByteArray(":").append(QByteArray::number(remote.port, 16).rightJustified(4, '0').toUpper());
    QList<TcpConnection> found;
    for (const auto *list : {"tcp", "tcp6"}) {
        // Files of /proc have no size: read to the end.
        QFile file(u"/proc/%1/net/%2"_s.arg(pid).arg(QLatin1StringView(list)));
        const QByteArray text = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        qsizetype end = text.indexOf('\n');
        while (end >= 0) {
            const qsizetype begin = end + 1;
            end = text.indexOf('\n', begin);
            const QByteArrayView line = QByteArrayView(text).sliced(begin, (end < 0 ? text.size() : end) - begin);
            if (!line.contains(port)) {
                continue;
            }
            const QList<QByteArray> words = line.toByteArray().simplified().split(' ');
            const QByteArray other = words.value(2);
            const bool fits = remote.address.isEmpty() ? other.endsWith(port) : other == QByteArray(remote.address).append(port);
            if (fits && open.contains(words.value(3))) {
                found.append({words.value(9), words.value(7)});
            }
        }
    }
    return found;
}

} // namespace

std::optional<TcpRemote> TcpRemote::parse(const QString &address)
{
    if (address.startsWith(u"unix:")) {
        return {};
    }
    const qsizetype colon = address.lastIndexOf(u':');
    const bool hasPort = colon > address.lastIndexOf(u']');
    QString host = hasPort ? address.left(colon) : address;
    const quint16 port = hasPort ? address.sliced(colon + 1).toUShort() : 80;
    if (host.startsWith(u'[')) {
        host = host.sliced(1).chopped(1);
    }
    const QHostAddress ip(host);
    return TcpRemote{ip.isNull() ? QByteArray() : kernelForm(ip), port};
}

QList<TcpConnection> tcpConnectionsTo(const TcpRemote &remote, qint64 pid)
{
    if (isOurNamespace(pid)) {
        const Diagnosis kernel;
        QList<TcpConnection> found;
        if (kernel.list(AF_INET, remote, &found) && kernel.list(AF_INET6, remote, &found)) {
            return found;
        }
    }
    return readFromProc(remote, pid);
}

} // namespace cutover

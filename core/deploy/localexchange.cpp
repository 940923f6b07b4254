// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/localexchange.h"

#include "system/faultpoints.h"
#include "system/socketplace.h"

#include <QCoroFuture>
#include <QCryptographicHash>
#include <QLocalSocket>
#include <QPromise>
#include <QTimer>

#include <unistd.h>

#include <cerrno>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// QLocalServer binds below a temporary folder beside the path first, so some bytes are kept free.
constexpr qsizetype MaxSocketPath = 84;

class Exchange : public QObject
{
public:
    Exchange(const QString &path, const QByteArray &request, qint64 timeoutMs, const std::stop_token &stop, const QByteArray &change)
        : m_path(path)
        , m_change(change)
        , m_stop(stop, [this] { QMetaObject::invokeMethod(this, [this] { end(cancelled()); }, Qt::QueuedConnection); })
    {
        m_promise.start();
        connect(&m_socket, &QLocalSocket::connected, this, [this, request] {
            m_socket.write(request);
            m_socket.flush();
            pass(faultpoints::Kind::ProcessDuring);
        });
        connect(&m_socket, &QLocalSocket::readyRead, this, [this] { m_answer += m_socket.readAll(); });
        connect(&m_socket, &QLocalSocket::disconnected, this, [this] {
            m_answer += m_socket.readAll();
            pass(faultpoints::Kind::ProcessAfter);
            end(m_answer);
        });
        connect(&m_socket, &QLocalSocket::errorOccurred, this, [this](QLocalSocket::LocalSocketError error) {
            if (error != QLocalSocket::PeerClosedError) {
                // Qt's own words name its functions.
                const QString reason = error == QLocalSocket::ServerNotFoundError ? qt_error_string(ENOENT)
                    : error == QLocalSocket::ConnectionRefusedError               ? qt_error_string(ECONNREFUSED)
                                                                                  : m_socket.errorString().section(u": "_s, -1);
                end(fail(u"deploy.socket_refused"_s, {{u"socket"_s, m_path}, {u"reason"_s, reason}}, m_path,
                         Error::Kind::Transient));
            }
        });
        QTimer::singleShot(timeoutMs, this, [this, timeoutMs] {
            end(fail(u"deploy.socket_timeout"_s, {{u"socket"_s, m_path}, {u"limit"_s, timeoutMs}}, m_path, Error::Kind::Transient));
        });
        pass(faultpoints::Kind::ProcessBefore);
        if (!m_ended) {
            m_socket.connectToServer(path);
        }
    }

    QFuture<Result<QByteArray>> future() const { return m_promise.future(); }

private:
    static Result<QByteArray> cancelled() { return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled); }

    void pass(faultpoints::Kind kind)
    {
        if (m_change.isEmpty() || m_ended) {
            return;
        }
        if (const int error = faultpoints::hit(kind, m_change)) {
            end(fail(u"deploy.socket_refused"_s, {{u"socket"_s, m_path}, {u"reason"_s, qt_error_string(error)}}, m_path, Error::Kind::Transient));
        }
    }

    void end(const Result<QByteArray> &result)
    {
        if (std::exchange(m_ended, true)) {
            return;
        }
        // The socket, too, tells its end when it goes away with us, and by then there is nobody left to hear it.
        m_socket.disconnect(this);
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    QString m_path;
    QByteArray m_change;
    QLocalSocket m_socket;
    QByteArray m_answer;
    QPromise<Result<QByteArray>> m_promise;
    bool m_ended = false;
    std::stop_callback<std::function<void()>> m_stop;
};

} // namespace

// Not socketPlace(): supervisors and balancers of earlier versions, which go on, listen under these names.
Result<QString> localSocketPath(const QString &directory, const QString &name)
{
    QString direct = directory + u'/' + name;
    if (direct.toLocal8Bit().size() <= MaxSocketPath) {
        return direct;
    }
    const QString folder = u"/tmp/cutover-%1"_s.arg(getuid());
    if (!isPrivateFolder(folder)) {
        return fail(u"deploy.socket_folder"_s, {{u"folder"_s, folder}, {u"reason"_s, Message{u"deploy.not_private"_s, {}}.toJson()}}, folder);
    }
    const QByteArray hash = QCryptographicHash::hash(directory.toUtf8(), QCryptographicHash::Sha256).toHex().left(16);
    return QString(folder + u'/' + QString::fromLatin1(hash) + u'-' + name);
}

Async<QByteArray> localExchange(QString socket, QByteArray request, qint64 timeoutMs, std::stop_token stop, QByteArray change)
{
    auto *exchange = new Exchange(socket, request, timeoutMs, stop, change); // Deletes itself at its end.
    co_return co_await exchange->future();
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/message.h"

#include <QList>
#include <QStringList>

#include <expected>

namespace cutover {

/** A server of a backend in HAProxy's configuration. */
struct HaproxyServer {
    QString name;
    QString where; ///< "FILE:LINE"
    QString cookie; ///< Its value; empty: none.
    bool isDisabled = false;
    /// Keywords with their values, by what "default-server" lines and its own say together; without weight, cookie, id, guid, and what only
    /// has to do with the resolution of names.
    QList<QStringList> settings;

    [[nodiscard]] bool has(QLatin1StringView keyword) const;
    /// Of a keyword with one value.
    [[nodiscard]] QString value(QLatin1StringView keyword, const QString &otherwise) const;
};

struct HaproxyBackend {
    QList<HaproxyServer> servers;
    /// "hash-type consistent"; also where that depends on a condition or a variable.
    bool mayBeConsistent = false;
};

/**
 * The servers of a backend, read from HAProxy's configuration for a further one to be added at runtime, which inherits
 * nothing. What can't be read for certain is an error, a message "haproxy.unclear.*" for whoever says what it is needed
 * for: lines under ".if", environment variables, keywords that are not known, or not possible at runtime. Pure.
 * Source: HAProxy 3.0 configuration manual, 2.2, 4.1, 5.2.
 */
namespace haproxyconfiguration {

struct File {
    QString path;
    QByteArray content;
};
template<typename T>
using Read = std::expected<T, Message>;

/// files: in the order in which HAProxy reads them. Without servers: there is no such backend, or it has none.
[[nodiscard]] Read<HaproxyBackend> backend(const QList<File> &files, const QString &name);
/// What a further one has beside address, weight and cookie: what all of these have. An error where they differ.
[[nodiscard]] Read<QList<QStringList>> common(const QList<HaproxyServer> &servers);
/// A word as the runtime API reads it back.
[[nodiscard]] QString escaped(const QString &word);

} // namespace haproxyconfiguration

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QList>
#include <QStringList>

/** Releases as only an enemy, or somebody in a hurry, makes them. All return an empty text or what went wrong. */
namespace faultpackages {

/** A member as it stands in the archive, whatever the manifest says. */
struct Member {
    QString path;
    QByteArray content;
    QString link; ///< A symbolic link to this.
    qint64 zeros = 0; ///< So many instead of content.
};

/// REPOSITORY/trading-VERSION.cutover: a manifest that lists one member "data" of so many bytes, then the members as given.
[[nodiscard]] QString write(const QString &repository, const QString &version, qint64 listedSize, const QList<Member> &members);
/// A release of the demo service whose program is this script; the real one lies beside it as "service".
[[nodiscard]] QString writeScripted(const QString &demo, const QString &version, const QByteArray &script);
/// A release of the demo service as it is, that restarts only these services.
[[nodiscard]] QString writePartial(const QString &demo, const QString &version, const QStringList &restart);
/// Makes a package longer than 2 GiB by a frame of holes that zstd passes over; it takes no room on the disk.
[[nodiscard]] QString enlarge(const QString &package);
/// Signs package and index with the key at this path.
[[nodiscard]] QString publish(const QString &repository, const QString &version, const QString &secretKey);

} // namespace faultpackages

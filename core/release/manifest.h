// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/semver.h"

#include <QJsonObject>
#include <QMap>

namespace cutover {

/** What a release is and asks for: manifest.yaml, the first member of a package. Value type. */
struct Manifest {
    struct Member {
        QString path; ///< Relative, clean, "/"-separated.
        qint64 size = 0;
        QString sha256;
        bool executable = false;
    };
    struct Flag {
        QString name;
        QString description;
        double rollout = 0; ///< Percent that a release starts the flag at.
    };

    QString product;
    Version version;
    VersionRange from; ///< Installed versions that it can be applied to.
    QString build;
    QString commit;
    UpdateType type = UpdateType::None;
    QMap<QString, QStringList> changes; ///< Section ("added", "fixed", …) to lines.
    QStringList restart; ///< Service names; "all".
    bool migration = false;
    bool dataMigration = false;
    bool featureFlag = false;
    qint64 expectedDowntimeMs = 0;
    QString risk; ///< "low", "medium", "high"
    QString migrationsDirectory = QStringLiteral("migrations");
    QList<Flag> flags;
    QMap<QString, QString> configurationSet; ///< .env keys that this release sets.
    QStringList configurationRemove;
    QList<Member> members;

    /// Codes "manifest.*" with file:line:column.
    [[nodiscard]] static Result<Manifest> parse(const QByteArray &yaml, const QString &name);
    [[nodiscard]] QByteArray toYaml() const;
    [[nodiscard]] QJsonObject toJson() const; ///< Without members.
    [[nodiscard]] static Manifest fromJson(const QJsonObject &json); ///< The inverse of toJson.
};

} // namespace cutover

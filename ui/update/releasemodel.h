// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

#include <QAbstractTableModel>

namespace cutover {

/** Releases that could be installed, the newest first; those without a way stay listed with the reason. */
class ReleaseModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { VersionColumn,
                  TypeColumn,
                  RiskColumn,
                  DowntimeColumn,
                  SizeColumn,
                  PathColumn,
                  ColumnCount };
    enum Role {
        VersionRole = Qt::UserRole + 100, ///< Above the roles shared by all models (common/rowmodel.h).
        PathRole, ///< QStringList
        BlockedRole, ///< Why it can't be chosen; empty: it can.
        InstallableRole, ///< bool
    };

    using QAbstractTableModel::QAbstractTableModel;

    void setReleases(QList<ReleaseView> releases, const QString &installed);
    [[nodiscard]] const ReleaseView &at(int row) const { return m_releases.at(row); }
    [[nodiscard]] int rowOf(const QString &version) const; ///< -1: unknown.
    [[nodiscard]] int firstInstallable() const; ///< The newest; -1: there is none.
    [[nodiscard]] const QString &installed() const { return m_installed; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QList<ReleaseView> m_releases;
    QString m_installed;
};

/// The changelog of a release as rich text: a heading for each section, its lines as a list.
[[nodiscard]] QString changelogHtml(const Manifest &manifest);

} // namespace cutover

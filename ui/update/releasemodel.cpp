// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/releasemodel.h"

#include "common/rowmodel.h"
#include "run/words.h"
#include "update/words.h"

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

void ReleaseModel::setReleases(QList<ReleaseView> releases, const QString &installed)
{
    std::ranges::sort(releases, [](const ReleaseView &a, const ReleaseView &b) { return a.manifest.version > b.manifest.version; });
    beginResetModel();
    m_releases = std::move(releases);
    m_installed = installed;
    endResetModel();
}

int ReleaseModel::rowOf(const QString &version) const
{
    const auto found = std::ranges::find_if(m_releases, [&](const ReleaseView &r) { return r.manifest.version.toString() == version; });
    return found == m_releases.end() ? -1 : int(found - m_releases.begin());
}

int ReleaseModel::firstInstallable() const
{
    const auto found = std::ranges::find_if(m_releases, [](const ReleaseView &release) { return !release.path.isEmpty(); });
    return found == m_releases.end() ? -1 : int(found - m_releases.begin());
}

int ReleaseModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_releases.size());
}

int ReleaseModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ReleaseModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const ReleaseView &release = m_releases[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case VersionColumn:
            return release.manifest.version.toString();
        case TypeColumn:
            return words::ofUpdateType(release.updateType);
        case RiskColumn:
            return words::ofRisk(release.risk);
        case DowntimeColumn:
            return downtimeText(release.expectedDowntimeMs);
        case SizeColumn:
            return release.size > 0 ? sizeText(release.size) : QString();
        case PathColumn:
            return release.path.isEmpty() ? data(index, BlockedRole) : pathText(m_installed, release.path);
        default:
            return {};
        }
    case Qt::ToolTipRole:
        return release.blocked.code.isEmpty() ? QVariant() : release.blocked.text();
    case Qt::TextAlignmentRole:
        if (index.column() == DowntimeColumn || index.column() == SizeColumn) {
            return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
        }
        return {};
    case StatusRole:
        return index.column() == RiskColumn ? QVariant(int(statusOfRisk(release.risk))) : QVariant();
    case VersionRole:
        return release.manifest.version.toString();
    case PathRole:
        return release.path;
    case BlockedRole:
        if (!release.path.isEmpty()) {
            return QString();
        }
        if (!release.blocked.code.isEmpty()) {
            return release.blocked.what();
        }
        return release.updateType == u"none" ? tr("This version is installed.") : tr("An update can't lead to an older version.");
    case InstallableRole:
        return !release.path.isEmpty();
    default:
        return {};
    }
}

QVariant ReleaseModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        const bool number = section == DowntimeColumn || section == SizeColumn;
        return QVariant::fromValue(Qt::Alignment((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case VersionColumn:
        return tr("Version");
    case TypeColumn:
        return tr("Type");
    case RiskColumn:
        return tr("Risk");
    case DowntimeColumn:
        return tr("Downtime");
    case SizeColumn:
        return tr("Download");
    case PathColumn:
        return tr("Way there");
    default:
        return {};
    }
}

QString changelogHtml(const Manifest &manifest)
{
    QString html;
    for (auto [section, lines] : manifest.changes.asKeyValueRange()) {
        QString heading = section;
        if (!heading.isEmpty()) {
            heading[0] = heading[0].toUpper();
        }
        html += u"<p style='margin:8px 0 2px 0'><b>"_s + heading.toHtmlEscaped() + u"</b></p>"_s;
        // Not a list: its bullets lie too close to the text.
        for (const QString &line : lines) {
            html += u"<p style='margin:2px 0 2px 12px; text-indent:-12px'>•&nbsp; "_s + line.toHtmlEscaped() + u"</p>"_s;
        }
    }
    return html;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/stoppedones.h"

#include "system/files.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

namespace cutover {

Result<QStringList> StoppedOnes::names() const
{
    if (!QFileInfo::exists(m_file)) {
        return QStringList();
    }
    TRY(const QByteArray content, files::read(m_file, 1 << 20));
    return QJsonDocument::fromJson(content).toVariant().toStringList();
}

Result<> StoppedOnes::mark(const QString &instance, bool isStopped) const
{
    TRY(QStringList known, names());
    if (known.contains(instance) == isStopped) {
        return {};
    }
    known.removeAll(instance);
    if (isStopped) {
        known.append(instance);
    }
    CHECK(files::makePath(QFileInfo(m_file).path()));
    return files::replace(m_file, QJsonDocument(QJsonArray::fromStringList(known)).toJson(QJsonDocument::Compact));
}

} // namespace cutover

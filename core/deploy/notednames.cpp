// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/notednames.h"

#include "system/files.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

namespace cutover {

Result<QStringList> NotedNames::names() const
{
    if (!QFileInfo::exists(m_file)) {
        return QStringList();
    }
    TRY(const QByteArray content, files::read(m_file, 1 << 20));
    return QJsonDocument::fromJson(content).toVariant().toStringList();
}

Result<> NotedNames::note(const QString &name, bool isSo) const
{
    TRY(QStringList known, names());
    if (known.contains(name) == isSo) {
        return {};
    }
    known.removeAll(name);
    if (isSo) {
        known.append(name);
    }
    CHECK(files::makePath(QFileInfo(m_file).path()));
    return files::replace(m_file, QJsonDocument(QJsonArray::fromStringList(known)).toJson(QJsonDocument::Compact));
}

} // namespace cutover

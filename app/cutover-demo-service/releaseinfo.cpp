// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "releaseinfo.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace demo {

ReleaseInfo ReleaseInfo::load(const QString &folder)
{
    QFile file(folder + u"/release.json"_s);
    if (!file.open(QIODevice::ReadOnly)) {
        fprintf(stderr, "cannot read %s: %s\n", qPrintable(file.fileName()), qPrintable(file.errorString()));
        return {};
    }
    const QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
    ReleaseInfo info;
    info.version = json[u"version"_s].toString();
    info.build = json[u"build"_s].toString();
    info.commit = json[u"commit"_s].toString();
    info.schema = json[u"schema"_s].toInt(1);
    info.errorProportion = json[u"errorProportion"_s].toDouble();
    info.quietSeconds = json[u"quietSeconds"_s].toDouble();
    info.rampSeconds = json[u"rampSeconds"_s].toDouble();
    if (info.version.isEmpty()) {
        fprintf(stderr, "%s names no version\n", qPrintable(file.fileName()));
    }
    return info;
}

} // namespace demo

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/polkitrule.h"

#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// As JavaScript writes it, which is as JSON does.
QString literal(const QJsonArray &array)
{
    return QString::fromUtf8(QJsonDocument(array).toJson(QJsonDocument::Compact));
}

} // namespace

QString manageUnitsAction()
{
    return u"org.freedesktop.systemd1.manage-units"_s;
}

QString reloadAction()
{
    return u"org.freedesktop.systemd1.reload-daemon"_s;
}

QString polkitRule(const QString &account, const QStringList &units)
{
    // indexOf: not every polkit's JavaScript knows includes(). What it does not answer is left to the other rules.
    const QString user = literal({account});
    return u"polkit.addRule(function(action, subject) { if (subject.user == "_s + user.sliced(1, user.size() - 2) + u" && (action.id == \""_s
        + reloadAction() + u"\" || (action.id == \""_s + manageUnitsAction() + u"\" && "_s + literal(QJsonArray::fromStringList(units))
        + u".indexOf(action.lookup(\"unit\")) >= 0))) return polkit.Result.YES; });"_s;
}

} // namespace cutover

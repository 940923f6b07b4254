// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/systemdreader.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

yaml::Value readUnit(yaml::Map &entry, InstanceSpec &instance)
{
    const yaml::Value unit = entry.required(u"unit"_s, u"systemd_unit"_s);
    const QString text = unit.text();
    // Source: systemd.unit(5). Not the template itself, and no unit of another type.
    static const QRegularExpression service(uR"(\A[A-Za-z0-9_][A-Za-z0-9:_.\\-]*(?:@[A-Za-z0-9:_.\\-]+)?\z)"_s);
    static const QRegularExpression otherType(uR"(\.(?:socket|device|mount|automount|swap|target|path|timer|slice|scope)\z)"_s);
    const QString name = text.endsWith(".service"_L1) ? text.chopped(8) : text;
    if (!text.isEmpty() && (!service.match(name).hasMatch() || otherType.match(name).hasMatch() || name.size() > 240)) {
        unit.expected(u"systemd_unit"_s);
    } else if (!text.isEmpty()) {
        instance.composeService = name + u".service"_s;
    }
    return unit;
}

} // namespace cutover

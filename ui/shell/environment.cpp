// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/environment.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace cutover {

EnvironmentLook environmentLook(const QString &environment)
{
    using Role = Theme::Role;
    if (environment == "production"_L1) {
        return {Role::Danger, Role::DangerTint, Role::DangerFill};
    }
    if (environment == "staging"_L1) {
        return {Role::Caution, Role::CautionTint, Role::Series3};
    }
    return {Role::Info, Role::InfoTint, Role::Border};
}

QString environmentText(const QString &environment)
{
    static const QHash<QString, const char *> words{
        {u"production"_s, QT_TRANSLATE_NOOP("Environment", "Production")},
        {u"staging"_s, QT_TRANSLATE_NOOP("Environment", "Staging")},
        {u"development"_s, QT_TRANSLATE_NOOP("Environment", "Development")},
        {u"demo"_s, QT_TRANSLATE_NOOP("Environment", "Demo")},
    };
    const char *word = words.value(environment);
    return word != nullptr ? QCoreApplication::translate("Environment", word) : environment;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/translations.h"

#include <QCoreApplication>
#include <QLocale>
#include <QTranslator>

using namespace Qt::StringLiterals;

namespace cutover {

void installTranslations()
{
    auto *translator = new QTranslator(QCoreApplication::instance());
    if (translator->load(QLocale(), u"cutover"_s, u"_"_s, u":/i18n"_s) || translator->load(u":/i18n/cutover_en.qm"_s)) {
        QCoreApplication::installTranslator(translator);
    }
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/windowgeometry.h"

#include "shell/targetplace.h"

#include <QCryptographicHash>
#include <QSettings>
#include <QWidget>

using namespace Qt::StringLiterals;

namespace cutover::windowgeometry {

namespace {

const QString lastSize = u"window/size"_s;

/// A path has what a key of settings may not have.
QString keyOf(const TargetPlace &place)
{
    const QByteArray words = place.arguments().join(u'\n').toUtf8();
    return u"window/of/"_s + QString::fromLatin1(QCryptographicHash::hash(words, QCryptographicHash::Sha256).first(8).toHex());
}

} // namespace

void restore(QWidget &window, const TargetPlace &place)
{
    const QSettings settings;
    if (window.restoreGeometry(settings.value(keyOf(place)).toByteArray())) {
        return;
    }
    if (const QSize size = settings.value(lastSize).toSize(); size.isValid()) {
        window.resize(size);
    }
}

void remember(const QWidget &window, const TargetPlace &place)
{
    QSettings settings;
    settings.setValue(keyOf(place), window.saveGeometry());
    // Of one that fills the screen: what it would have without.
    settings.setValue(lastSize, window.normalGeometry().size());
}

} // namespace cutover::windowgeometry

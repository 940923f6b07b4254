// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/programicon.h"

using namespace Qt::StringLiterals;

namespace cutover {

QIcon programIcon()
{
    QIcon icon;
    for (const int size : {16, 22, 24, 32, 48, 64, 128, 256}) {
        icon.addFile(u":/icons/hicolor/%1x%1/apps/io.github.cutover.Cutover.png"_s.arg(size), {size, size});
    }
    return icon;
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

namespace cutover {

/** What "nginx -T" tells of a configuration. Value type, pure. */
struct NginxConfiguration {
    QStringList files; ///< All that it consists of, absolute.
    QString pidFile; ///< Of its "pid" directive; empty: nginx's own choice.

    [[nodiscard]] static NginxConfiguration parse(const QByteArray &output);
    /// By its name or through links.
    [[nodiscard]] bool includes(const QString &file) const;
};

/** How a running nginx was called, and what was built into it. Value type, pure. */
struct NginxCall {
    QString configuration; ///< Absolute.
    QString pidFile; ///< Where the configuration names none; empty: not known.
    QString prefix; ///< Of "-p"; empty: none was given.
    bool hasDirectives = false; ///< Some were given by "-g", which no configuration tells.

    /// title: that of its master process, "nginx: master process nginx -c FILE". version: what "nginx -V" says.
    /// likely: the configuration that is expected, for paths with blanks, which a title does not set off.
    [[nodiscard]] static NginxCall parse(const QByteArray &title, const QByteArray &version, const QString &likely);
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/theme.h"

#include <QDir>
#include <QPixmap>
#include <QRegularExpression>
#include <QSize>

class QWidget;

namespace cutover {

/** Where pictures go, and which: each name light and dark, in two sizes. */
class Gallery
{
public:
    struct Look {
        Theme::Mode mode;
        QString name; ///< "light-1280x800"
        QSize size;
    };

    Gallery(const QDir &folder, const QRegularExpression &only, const QList<QSize> &sizes, const QString &theme);

    [[nodiscard]] bool wants(const QString &name) const { return m_only.match(name).hasMatch(); }
    [[nodiscard]] const QList<Look> &looks() const { return m_looks; }
    /// The window with whatever dialog lies over it, as it is now.
    void save(QWidget *window, const QString &name, const Look &look);
    /// The same in every look, one after the other; a page that goes on working goes on between them.
    void saveAll(QWidget *window, const QString &name);
    [[nodiscard]] int drawn() const { return m_drawn; }
    /// Empty: everything could be written.
    [[nodiscard]] const QString &problem() const { return m_problem; }

private:
    QDir m_folder;
    QRegularExpression m_only;
    QList<Look> m_looks;
    int m_drawn = 0;
    QString m_problem;
};

/// Lets the event loop run.
void settle(int milliseconds);

} // namespace cutover

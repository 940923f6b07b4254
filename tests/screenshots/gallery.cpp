// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "screenshots/gallery.h"

#include <QApplication>
#include <QDialog>
#include <QElapsedTimer>
#include <QPainter>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int LookMs = 200;

} // namespace

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) {
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    }
}

Gallery::Gallery(const QDir &folder, const QRegularExpression &only, const QList<QSize> &sizes, const QString &theme)
    : m_folder(folder)
    , m_only(only)
{
    for (const auto &[mode, name] : {std::pair{Theme::Mode::Light, u"light"_s}, std::pair{Theme::Mode::Dark, u"dark"_s}}) {
        for (const QSize size : sizes) {
            if (theme.isEmpty() || theme == name) {
                m_looks.append({mode, u"%1-%2x%3"_s.arg(name).arg(size.width()).arg(size.height()), size});
            }
        }
    }
}

void Gallery::save(QWidget *window, const QString &name, const Look &look)
{
    QPixmap picture = window->grab();
    for (QDialog *dialog : window->findChildren<QDialog *>()) {
        if (dialog->isVisible()) {
            const QPixmap front = dialog->grab();
            QPainter painter(&picture);
            painter.fillRect(picture.rect(), QColor(0, 0, 0, 90));
            const QPoint place((picture.width() - front.width()) / 2, (picture.height() - front.height()) / 2);
            painter.drawPixmap(place, front);
            painter.setPen(Theme::color(Theme::Role::Border));
            painter.drawRect(QRect(place, front.size()).adjusted(-1, -1, 0, 0));
        }
    }
    const QString file = m_folder.filePath(u"%1-%2.png"_s.arg(name, look.name));
    if (picture.save(file)) {
        ++m_drawn;
    } else {
        m_problem = u"cannot write "_s + file;
    }
}

void Gallery::saveAll(QWidget *window, const QString &name)
{
    if (!wants(name)) {
        return;
    }
    const QSize size = window->size();
    for (const Look &look : std::as_const(m_looks)) {
        Theme::instance().setMode(look.mode);
        window->resize(look.size);
        settle(LookMs);
        save(window, name, look);
    }
    Theme::instance().setMode(Theme::Mode::Light);
    window->resize(size);
    settle(LookMs);
}

} // namespace cutover

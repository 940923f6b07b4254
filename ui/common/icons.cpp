// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/icons.h"

#include <QBuffer>
#include <QFile>
#include <QFileInfo>
#include <QHash>
#include <QIconEngine>
#include <QImageReader>
#include <QPainter>
#include <QPixmapCache>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The scalable file of a name: ours first, then Breeze wherever icon themes are kept. 22 px drawings
/// are the finest that all of the names we use have.
QString findSvg(const QString &name)
{
    static QHash<QString, QString> known;
    if (const auto it = known.constFind(name); it != known.cend()) {
        return *it;
    }
    QString found = u":/cutover/icons/"_s + name + u".svg"_s;
    if (!QFile::exists(found)) {
        found.clear();
        QStringList roots = QIcon::themeSearchPaths();
        roots.append(u"/usr/share/icons"_s);
        for (const QString &root : std::as_const(roots)) {
            for (const QLatin1StringView folder : {"actions/22"_L1, "status/22"_L1, "places/22"_L1, "devices/22"_L1, "actions/16"_L1,
                                                   "status/16"_L1, "emblems/22"_L1, "places/16"_L1}) {
                const QString file = root + u"/breeze/"_s + folder + u'/' + name + u".svg"_s;
                if (found.isEmpty() && QFileInfo::exists(file)) {
                    found = file;
                }
            }
        }
    }
    known.insert(name, found);
    return found;
}

/// Breeze marks the parts that follow the palette by a style sheet of classes "ColorScheme-…".
QByteArray recoloured(const QString &file, const QColor &color)
{
    QFile svg(file);
    if (!svg.open(QIODevice::ReadOnly)) {
        return {};
    }
    static const QRegularExpression classes(u"(\\.ColorScheme-\\w+\\s*\\{\\s*color:\\s*)#[0-9a-fA-F]{6}"_s);
    QString text = QString::fromUtf8(svg.readAll());
    text.replace(classes, u"\\1"_s + color.name());
    return text.toUtf8();
}

class ThemeIconEngine : public QIconEngine
{
public:
    ThemeIconEngine(QString name, std::optional<Theme::Role> role)
        : m_name(std::move(name))
        , m_role(role)
    {
    }

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override
    {
        const qreal scale = painter->device()->devicePixelRatioF();
        painter->drawPixmap(rect, scaledPixmap(rect.size() * scale, mode, state, scale));
    }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override { return scaledPixmap(size, mode, state, 1); }
    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state, qreal scale) override
    {
        Q_UNUSED(state)
        QColor color = Theme::color(m_role.value_or(Theme::Role::Text));
        if (mode == QIcon::Disabled) {
            color = Theme::color(Theme::Role::Muted);
        }
        const QString key = u"cutover-icon %1 %2x%3 %4 %5"_s.arg(m_name).arg(size.width()).arg(size.height()).arg(color.name()).arg(int(mode));
        QPixmap pixmap;
        if (!QPixmapCache::find(key, &pixmap)) {
            QByteArray svg = recoloured(findSvg(m_name), color);
            QBuffer buffer(&svg);
            QImageReader reader(&buffer, "svg");
            reader.setScaledSize(size);
            QImage image = reader.read();
            if (image.isNull()) {
                image = QImage(size, QImage::Format_ARGB32_Premultiplied);
                image.fill(Qt::transparent);
            }
            if (mode == QIcon::Disabled) {
                QPainter painter(&image);
                painter.setCompositionMode(QPainter::CompositionMode_DestinationIn);
                painter.fillRect(image.rect(), QColor(0, 0, 0, 150));
            }
            pixmap = QPixmap::fromImage(image);
            QPixmapCache::insert(key, pixmap);
        }
        pixmap.setDevicePixelRatio(scale);
        return pixmap;
    }
    QIconEngine *clone() const override { return new ThemeIconEngine(m_name, m_role); }
    QString key() const override { return u"cutover-theme"_s; }
    QString iconName() override { return m_name; }
    bool isNull() override { return false; }

private:
    QString m_name;
    std::optional<Theme::Role> m_role;
};

} // namespace

QIcon themeIcon(const QString &name, std::optional<Theme::Role> role)
{
    if (findSvg(name).isEmpty()) {
        return QIcon::fromTheme(name);
    }
    return QIcon(new ThemeIconEngine(name, role));
}

} // namespace cutover

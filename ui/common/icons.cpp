// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/icons.h"

#include <QBuffer>
#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QImageReader>
#include <QPainter>
#include <QPixmapCache>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The drawing of a name in the theme that is shipped with the program; empty: there is none. Remembered, as
/// it is asked for with every paint.
QString findSvg(const QString &name)
{
    static QHash<QString, QString> found;
    auto it = found.constFind(name);
    if (it == found.cend()) {
        const QString file = u":/icons/cutover/22/"_s + name + u".svg"_s;
        it = found.insert(name, QFile::exists(file) ? file : QString());
    }
    return *it;
}

/// What a picture of an icon depends on.
struct PixmapKey {
    QString name;
    QSize size;
    QRgb color = 0;
    QRgb ground = 0;
    QIcon::Mode mode = QIcon::Normal;
    bool operator==(const PixmapKey &) const = default;
};

size_t qHash(const PixmapKey &key, size_t seed = 0)
{
    return qHashMulti(seed, key.name, key.size.width(), key.size.height(), key.color, key.ground, int(key.mode));
}

/// Breeze marks the parts that follow the palette by a style sheet of classes "ColorScheme-…". White is what lies on them.
QByteArray recoloured(const QString &file, const QColor &color, const QColor &ground)
{
    QFile svg(file);
    if (!svg.open(QIODevice::ReadOnly)) {
        return {};
    }
    static const QRegularExpression classes(u"(\\.ColorScheme-\\w+\\s*\\{\\s*color:\\s*)#[0-9a-fA-F]{6}"_s);
    QString text = QString::fromUtf8(svg.readAll());
    text.replace(classes, u"\\1"_s + color.name());
    text.replace(u"fill=\"#fff\""_s, u"fill=\"%1\""_s.arg(ground.name()));
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
        const QColor ground = Theme::color(Theme::Role::Raised);
        static QHash<PixmapKey, QPixmapCache::Key> drawn;
        const PixmapKey key{m_name, size, color.rgb(), ground.rgb(), mode};
        QPixmap pixmap;
        if (!QPixmapCache::find(drawn.value(key), &pixmap)) {
            QByteArray svg = recoloured(findSvg(m_name), color, ground);
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
            drawn.insert(key, QPixmapCache::insert(pixmap));
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

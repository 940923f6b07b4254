// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"

#include "common/programicon.h"
#include "common/style.h"

#include <QApplication>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QStyleHints>
#include <QToolTip>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Pair {
    QRgb light;
    QRgb dark;
};

Pair colors(Theme::Role role)
{
    using enum Theme::Role;
    switch (role) {
    case Surface:
        return {0xfff4f5f7, 0xff1b1e22};
    case Raised:
        return {0xffffffff, 0xff24282d};
    case Sunken:
        return {0xffe9ecef, 0xff15181b};
    case Border:
        return {0xffd2d7dc, 0xff3b424a};
    case Text:
        return {0xff1c2126, 0xffe7eaed};
    case Muted:
        return {0xff56606a, 0xffa4adb6};
    case Accent:
        return {0xff0a5fb0, 0xff63b0f4};
    case OnAccent:
        return {0xffffffff, 0xff0b1a27};
    case Selection:
        return {0xffcfe4f8, 0xff24476a};
    case Hover:
        return {0xffe8f1fa, 0xff2a323b};
    case Ok:
        return {0xff176b3a, 0xff6fd095};
    case OkTint:
        return {0xffe0f3e7, 0xff1d3628};
    case Caution:
        return {0xff7d5000, 0xffecbf62};
    case CautionTint:
        return {0xfffdf0d2, 0xff3b3018};
    case Danger:
        return {0xffae231c, 0xfff5938a};
    case DangerTint:
        return {0xfffde6e3, 0xff442321};
    case DangerFill:
        return {0xffb3261e, 0xffc23b33};
    case OnDangerFill:
        return {0xffffffff, 0xffffffff};
    case Held:
        return {0xff6a3da3, 0xffcaa9f5};
    case HeldTint:
        return {0xfff0e7fb, 0xff34284a};
    case Info:
        return {0xff0b5a9d, 0xff85bff5};
    case InfoTint:
        return {0xffe3effb, 0xff1c3246};
    case NeutralTint:
        return {0xffe8ebee, 0xff31373d};
    case Series1:
        return {0xff1f78c8, 0xff5aaaf0};
    case Series2:
        return {0xff158a75, 0xff4fc7ae};
    case Series3:
        return {0xffb26a00, 0xffe6ab4d};
    }
    Q_UNREACHABLE_RETURN({});
}

double luminance(const QColor &color)
{
    auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

} // namespace

Theme &Theme::instance()
{
    static Theme theme;
    return theme;
}

QColor Theme::color(Role role, bool dark)
{
    const Pair pair = colors(role);
    return QColor::fromRgb(dark ? pair.dark : pair.light);
}

QColor Theme::color(Role role)
{
    return color(role, instance().m_dark);
}

bool Theme::isDark()
{
    return instance().m_dark;
}

double Theme::contrast(const QColor &a, const QColor &b)
{
    const double la = luminance(a);
    const double lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QList<std::pair<Theme::Role, Theme::Role>> Theme::readablePairs()
{
    using enum Role;
    QList<std::pair<Role, Role>> pairs;
    for (const Role ground : {Surface, Raised, Sunken, Selection, Hover, NeutralTint}) {
        pairs.append({Text, ground});
    }
    for (const Role ground : {Surface, Raised, Sunken, NeutralTint, Hover}) {
        pairs.append({Muted, ground});
    }
    for (const Role tint : {OkTint, CautionTint, DangerTint, HeldTint, InfoTint}) {
        pairs.append({Text, tint});
    }
    for (const Role ground : {Surface, Raised}) {
        for (const Role ink : {Accent, Ok, Caution, Danger, Held, Info}) {
            pairs.append({ink, ground});
        }
    }
    pairs.append({{Ok, OkTint}, {Caution, CautionTint}, {Danger, DangerTint}, {Held, HeldTint}, {Info, InfoTint}});
    pairs.append({{OnAccent, Accent}, {OnDangerFill, DangerFill}});
    return pairs;
}

void Theme::install(QApplication *application)
{
    // In ":/icons", where Qt looks by itself.
    QIcon::setFallbackThemeName(u"cutover"_s);
    application->setStyle(new Style);
    application->setWindowIcon(programIcon());
    connect(application->styleHints(), &QStyleHints::colorSchemeChanged, this, &Theme::apply);
    apply();
}

void Theme::setMode(Mode mode)
{
    m_mode = mode;
    apply();
}

void Theme::apply()
{
    if (m_applying || qApp == nullptr) {
        return;
    }
    m_applying = true;
    QStyleHints *hints = QGuiApplication::styleHints();
    switch (m_mode) {
    case Mode::System:
        hints->unsetColorScheme();
        break;
    case Mode::Light:
        hints->setColorScheme(Qt::ColorScheme::Light);
        break;
    case Mode::Dark:
        hints->setColorScheme(Qt::ColorScheme::Dark);
        break;
    }
    m_dark = m_mode == Mode::Dark || (m_mode == Mode::System && hints->colorScheme() == Qt::ColorScheme::Dark);
    QApplication::setPalette(palette());
    QToolTip::setPalette(palette());
    m_applying = false;
    Q_EMIT changed();
}

QPalette Theme::palette() const
{
    QPalette p;
    p.setColor(QPalette::Window, color(Role::Surface));
    p.setColor(QPalette::WindowText, color(Role::Text));
    p.setColor(QPalette::Base, color(Role::Raised));
    p.setColor(QPalette::AlternateBase, color(Role::Surface));
    p.setColor(QPalette::Text, color(Role::Text));
    p.setColor(QPalette::PlaceholderText, color(Role::Muted));
    p.setColor(QPalette::Button, color(Role::Raised));
    p.setColor(QPalette::ButtonText, color(Role::Text));
    p.setColor(QPalette::BrightText, color(Role::OnDangerFill));
    p.setColor(QPalette::ToolTipBase, color(Role::Raised));
    p.setColor(QPalette::ToolTipText, color(Role::Text));
    p.setColor(QPalette::Highlight, color(Role::Selection));
    p.setColor(QPalette::HighlightedText, color(Role::Text));
    p.setColor(QPalette::Accent, color(Role::Accent));
    p.setColor(QPalette::Link, color(Role::Accent));
    p.setColor(QPalette::LinkVisited, color(Role::Held));
    p.setColor(QPalette::Light, color(Role::Raised));
    p.setColor(QPalette::Midlight, color(Role::Surface));
    p.setColor(QPalette::Mid, color(Role::Border));
    p.setColor(QPalette::Dark, color(Role::Border));
    p.setColor(QPalette::Shadow, color(Role::Border));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText}) {
        QColor faint = color(Role::Muted);
        faint.setAlphaF(0.7F);
        p.setColor(QPalette::Disabled, role, faint);
    }
    p.setColor(QPalette::Disabled, QPalette::Base, color(Role::Surface));
    return p;
}

QFont textFont(TextStyle style, const QFont &base)
{
    QFont font = base;
    const double size = base.pointSizeF() > 0 ? base.pointSizeF() : 10;
    switch (style) {
    case TextStyle::Title:
        font.setPointSizeF(size * 1.5);
        font.setWeight(QFont::DemiBold);
        break;
    case TextStyle::Section:
        font.setPointSizeF(size * 1.15);
        font.setWeight(QFont::DemiBold);
        break;
    case TextStyle::Body:
        break;
    case TextStyle::Caption:
        font.setPointSizeF(size * 0.9);
        break;
    }
    return font;
}

QFont tabularFont(QFont font)
{
    font.setFeature(QFont::Tag("tnum"), 1);
    return font;
}

QFont monospaceFont()
{
    return QFontDatabase::systemFont(QFontDatabase::FixedFont);
}

} // namespace cutover

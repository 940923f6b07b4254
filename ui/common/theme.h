// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>

class QApplication;

namespace cutover {

/**
 * The only place that names colours. Everything in ui/ asks for a role, so that light and dark,
 * contrast and meaning stay in one hand. GUI thread.
 */
class Theme : public QObject
{
    Q_OBJECT
public:
    enum class Role {
        Surface, ///< Behind everything.
        Raised, ///< Panels, tables, text fields.
        Sunken, ///< Rail, headers, code margins.
        Border,
        Text,
        Muted,
        Accent,
        OnAccent,
        Selection, ///< Selected rows and text; Text is readable on it.
        Hover,
        Ok,
        OkTint,
        Caution,
        CautionTint,
        Danger,
        DangerTint,
        DangerFill,
        OnDangerFill,
        Held,
        HeldTint,
        Info,
        InfoTint,
        NeutralTint, ///< Muted is readable on it.
        Series1,
        Series2,
        Series3,
    };
    Q_ENUM(Role)
    enum class Mode { System,
                      Light,
                      Dark };
    Q_ENUM(Mode)

    [[nodiscard]] static Theme &instance();
    [[nodiscard]] static QColor color(Role role);
    /// Of either palette, for tests of contrast.
    [[nodiscard]] static QColor color(Role role, bool dark);
    [[nodiscard]] static bool isDark();
    /// WCAG 2.1 contrast ratio, 1…21.
    [[nodiscard]] static double contrast(const QColor &a, const QColor &b);
    /// Text roles and the grounds they are drawn on.
    [[nodiscard]] static QList<std::pair<Role, Role>> readablePairs();

    /// Style, palette, icons and fonts of the application; call once after it was made.
    void install(QApplication *application);
    [[nodiscard]] Mode mode() const { return m_mode; }
    void setMode(Mode mode);

Q_SIGNALS:
    void changed();

private:
    Theme() = default;
    void apply();
    [[nodiscard]] QPalette palette() const;

    Mode m_mode = Mode::System;
    bool m_dark = false;
    bool m_applying = false;
};

/// The four sizes of type. base is the widget's own font.
enum class TextStyle { Title,
                       Section,
                       Body,
                       Caption };
[[nodiscard]] QFont textFont(TextStyle style, const QFont &base = {});
/// Digits of equal width, for tables, timers and charts.
[[nodiscard]] QFont tabularFont(QFont font = {});
[[nodiscard]] QFont monospaceFont();

/// The grid: margins around pages, gaps between groups and inside them, in device-independent pixels.
namespace space {
inline constexpr int Page = 16;
inline constexpr int Group = 12;
inline constexpr int Inside = 8;
inline constexpr int Tight = 4;
inline constexpr int Row = 32; ///< Height of a table row.
} // namespace space

} // namespace cutover

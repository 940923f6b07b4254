// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/style.h"

#include "common/theme.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qreal Radius = 4;

QString kindOf(const QWidget *widget)
{
    return widget ? widget->property("cutoverButton").toString() : QString();
}

QColor mixed(const QColor &a, const QColor &b, double share)
{
    return QColor::fromRgbF(float(a.redF() * (1 - share) + b.redF() * share), float(a.greenF() * (1 - share) + b.greenF() * share),
                            float(a.blueF() * (1 - share) + b.blueF() * share));
}

void drawRounded(QPainter *painter, const QRectF &rect, const QColor &fill, const QColor &line, qreal radius = Radius)
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    painter->setPen(line.isValid() ? QPen(line, 1) : QPen(Qt::NoPen));
    painter->drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter->restore();
}

void drawButton(const QStyleOption *option, QPainter *painter, const QWidget *widget)
{
    using enum Theme::Role;
    const bool enabled = option->state & QStyle::State_Enabled;
    const bool down = option->state & (QStyle::State_Sunken | QStyle::State_On);
    const bool hover = enabled && (option->state & QStyle::State_MouseOver);
    const QString kind = kindOf(widget);
    QColor fill = Theme::color(Raised);
    QColor line = Theme::color(Border);
    if (enabled && kind == "primary"_L1) {
        fill = line = Theme::color(Accent);
    } else if (enabled && kind == "destructive"_L1) {
        fill = line = Theme::color(DangerFill);
    } else if (kind == "flat"_L1) {
        fill = line = QColor();
        if (hover || down) {
            fill = line = Theme::color(Hover);
        }
    }
    if (kind == "segment"_L1 && (option->state & QStyle::State_On)) {
        drawRounded(painter, option->rect, Theme::color(Selection), Theme::color(Accent));
        return;
    }
    if (!enabled && kind != "flat"_L1) {
        fill = Theme::color(Surface);
    }
    const QColor ink = Theme::color(Text);
    const bool plain = kind.isEmpty() || kind == "segment"_L1;
    if (fill.isValid() && down) {
        fill = mixed(fill, ink, 0.14);
    } else if (fill.isValid() && hover && kind != "flat"_L1) {
        fill = mixed(fill, plain ? Theme::color(Accent) : ink, 0.08);
        line = plain ? mixed(line, Theme::color(Accent), 0.5) : fill;
    }
    drawRounded(painter, option->rect, fill, line);
}

} // namespace

Style::Style()
    : QProxyStyle(QStyleFactory::create(u"Fusion"_s))
{
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter, const QWidget *widget) const
{
    using enum Theme::Role;
    switch (element) {
    case PE_PanelButtonCommand: drawButton(option, painter, widget); return;
    case PE_PanelButtonTool: {
        const bool hover = (option->state & State_Enabled) && (option->state & State_MouseOver);
        if (option->state & State_On) {
            drawRounded(painter, option->rect, Theme::color(Selection), Theme::color(Selection));
        } else if (hover || (option->state & State_Sunken)) {
            drawRounded(painter, option->rect, Theme::color(Hover), Theme::color(Hover));
        }
        return;
    }
    case PE_FrameDefaultButton: return;
    case PE_FrameFocusRect:
        if (qobject_cast<const QAbstractItemView *>(widget) == nullptr) {
            drawRounded(painter, option->rect, QColor(), Theme::color(Accent));
        }
        return;
    case PE_Frame:
    case PE_FrameGroupBox: {
        painter->save();
        const bool focus = (option->state & State_HasFocus) && (option->state & State_Enabled);
        painter->setPen(Theme::color(focus ? Accent : Border));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        painter->restore();
        return;
    }
    case PE_PanelLineEdit: {
        const auto *panel = qstyleoption_cast<const QStyleOptionFrame *>(option);
        if (panel != nullptr && panel->lineWidth > 0) {
            const bool focus = (option->state & State_HasFocus) && (option->state & State_Enabled);
            drawRounded(painter, option->rect, option->palette.color(QPalette::Base), Theme::color(focus ? Accent : Border));
            return;
        }
        break;
    }
    case PE_IndicatorHeaderArrow: {
        QStyleOption copy = *option;
        copy.palette.setColor(QPalette::ButtonText, Theme::color(Muted));
        QProxyStyle::drawPrimitive(element, &copy, painter, widget);
        return;
    }
    default: break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption *option, QPainter *painter, const QWidget *widget) const
{
    using enum Theme::Role;
    switch (element) {
    case CE_PushButtonBevel: drawButton(option, painter, widget); return;
    case CE_PushButton: {
        const auto *button = qstyleoption_cast<const QStyleOptionButton *>(option);
        if (button == nullptr) {
            break;
        }
        drawButton(option, painter, widget);
        QStyleOptionButton label = *button;
        label.rect = subElementRect(SE_PushButtonContents, button, widget);
        if (option->state & State_Enabled) {
            const QString kind = kindOf(widget);
            if (kind == "primary"_L1) {
                label.palette.setColor(QPalette::ButtonText, Theme::color(OnAccent));
            } else if (kind == "destructive"_L1) {
                label.palette.setColor(QPalette::ButtonText, Theme::color(OnDangerFill));
            }
        }
        proxy()->drawControl(CE_PushButtonLabel, &label, painter, widget);
        if ((option->state & State_HasFocus) && (option->state & State_KeyboardFocusChange)) {
            const QString kind = kindOf(widget);
            const bool filled = kind == "primary"_L1 || kind == "destructive"_L1;
            const Theme::Role ring = kind == "primary"_L1 ? OnAccent : kind == "destructive"_L1 ? OnDangerFill : Accent;
            const int inset = filled ? 2 : 0;
            drawRounded(painter, option->rect.adjusted(inset, inset, -inset, -inset), QColor(), Theme::color(ring), filled ? 3 : Radius);
        }
        return;
    }
    case CE_HeaderSection: {
        painter->save();
        painter->fillRect(option->rect, Theme::color(Raised));
        painter->setPen(Theme::color(Border));
        painter->drawLine(option->rect.bottomLeft(), option->rect.bottomRight());
        painter->restore();
        return;
    }
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, Theme::color(Raised));
        painter->setPen(Theme::color(Border));
        painter->drawLine(option->rect.bottomLeft(), option->rect.bottomRight());
        return;
    case CE_HeaderLabel:
        if (const auto *header = qstyleoption_cast<const QStyleOptionHeader *>(option)) {
            QStyleOptionHeaderV2 copy;
            if (const auto *second = qstyleoption_cast<const QStyleOptionHeaderV2 *>(option)) {
                copy = *second;
            } else {
                copy.QStyleOptionHeader::operator=(*header);
            }
            copy.palette.setColor(QPalette::ButtonText, Theme::color(Muted));
            QProxyStyle::drawControl(element, &copy, painter, widget);
            return;
        }
        break;
    case CE_ProgressBarGroove: drawRounded(painter, option->rect, Theme::color(Sunken), Theme::color(Border)); return;
    case CE_ProgressBarContents:
        if (const auto *bar = qstyleoption_cast<const QStyleOptionProgressBar *>(option); bar != nullptr && bar->maximum > bar->minimum) {
            const double share = std::clamp(double(bar->progress - bar->minimum) / double(bar->maximum - bar->minimum), 0.0, 1.0);
            QRectF done = option->rect;
            done.setWidth(done.width() * share);
            if (bar->direction == Qt::RightToLeft) {
                done.moveRight(option->rect.right() + 1);
            }
            painter->save();
            QPainterPath clip;
            clip.addRoundedRect(QRectF(option->rect), Radius, Radius);
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setClipPath(clip);
            painter->fillRect(done, widget != nullptr && widget->property("cutoverHeld").toBool() ? Theme::color(Held) : Theme::color(Accent));
            painter->restore();
            return;
        }
        break;
    default: break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const
{
    switch (metric) {
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin: return space::Inside;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing: return space::Inside;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical: return 0;
    case PM_HeaderMargin: return 6;
    case PM_SmallIconSize: return 16;
    default: return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget, QStyleHintReturn *data) const
{
    switch (hint) {
    case SH_Widget_Animation_Duration:
        // What moves, moves briefly; and not at all where the system says so.
        return qMin(QProxyStyle::styleHint(hint, option, widget, data), 150);
    case SH_DialogButtonBox_ButtonsHaveIcons: return 0;
    case SH_FormLayoutLabelAlignment: return Qt::AlignLeft | Qt::AlignVCenter;
    case SH_EtchDisabledText: return 0;
    case SH_ItemView_ShowDecorationSelected: return 1;
    case SH_ItemView_ActivateItemOnSingleClick: return 0;
    default: return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption *option, const QSize &size, const QWidget *widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        result.rwidth() += 8;
        result.setHeight(qMax(result.height(), 30));
        break;
    case CT_LineEdit:
    case CT_ComboBox:
    case CT_SpinBox: result.setHeight(qMax(result.height(), 30)); break;
    case CT_HeaderSection: result.setHeight(qMax(result.height(), 30)); break;
    default: break;
    }
    return result;
}

void Style::polish(QWidget *widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton *>(widget) != nullptr) {
        widget->setAttribute(Qt::WA_Hover);
    }
}

} // namespace cutover

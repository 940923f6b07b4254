// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/style.h"

#include "common/icons.h"
#include "common/theme.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QGuiApplication>
#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTabBar>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qreal Radius = 4;
/// Lower progress bars are a line.
constexpr int ThinBar = 8;
/// How much of a bar is filled where it isn't known how much is done.
constexpr double BusyShare = 0.25;

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
        if (option->state & QStyle::State_On) {
            drawRounded(painter, option->rect, Theme::color(Selection), Theme::color(Selection));
            return;
        }
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

/// What is done; or that something is being done, where it isn't known how much.
void drawProgress(const QStyleOptionProgressBar &bar, QPainter *painter, const QWidget *widget)
{
    const qreal radius = qMin(Radius, bar.rect.height() / 2.0);
    QRectF done = bar.rect;
    if (bar.maximum > bar.minimum) {
        done.setWidth(done.width() * std::clamp(double(bar.progress - bar.minimum) / double(bar.maximum - bar.minimum), 0.0, 1.0));
        if (bar.direction == Qt::RightToLeft) {
            done.moveRight(bar.rect.right() + 1);
        }
    } else {
        done.setWidth(done.width() * BusyShare);
        const double place = widget != nullptr ? widget->property("cutoverPlace").toDouble() : 0;
        done.translate((bar.rect.width() - done.width()) * place, 0);
    }
    painter->save();
    QPainterPath clip;
    clip.addRoundedRect(QRectF(bar.rect), radius, radius);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setClipPath(clip);
    painter->fillRect(done, Theme::color(widget != nullptr && widget->property("cutoverHeld").toBool() ? Theme::Role::Held : Theme::Role::Accent));
    painter->restore();
}

/// The arrow of spin and combo boxes.
void drawChevron(QPainter *painter, const QRect &place, bool up, const QColor &ink)
{
    const QPointF c = QRectF(place).center();
    const qreal h = up ? -1.75 : 1.75;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(ink, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->drawPolyline(QPolygonF{QPointF(c.x() - 3.5, c.y() - h), QPointF(c.x(), c.y() + h), QPointF(c.x() + 3.5, c.y() - h)});
    painter->restore();
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
    case PE_PanelButtonCommand:
        drawButton(option, painter, widget);
        return;
    case PE_PanelButtonTool: {
        const bool hover = (option->state & State_Enabled) && (option->state & State_MouseOver);
        if (option->state & State_On) {
            drawRounded(painter, option->rect, Theme::color(Selection), Theme::color(Selection));
        } else if (hover || (option->state & State_Sunken)) {
            drawRounded(painter, option->rect, Theme::color(Hover), Theme::color(Hover));
        }
        return;
    }
    case PE_IndicatorRadioButton: {
        const bool enabled = option->state & State_Enabled;
        const bool on = option->state & State_On;
        const qreal size = qMin(option->rect.width(), option->rect.height());
        QRectF circle(0, 0, size, size);
        circle.moveCenter(QRectF(option->rect).center());
        drawRounded(painter, circle, Theme::color(enabled ? Raised : Surface), Theme::color(enabled && on ? Accent : Muted), size / 2);
        if (on) {
            const QColor dot = Theme::color(enabled ? Accent : Muted);
            drawRounded(painter, circle.adjusted(3, 3, -3, -3), dot, dot, size / 2 - 3);
        }
        return;
    }
    case PE_IndicatorCheckBox: {
        const bool enabled = option->state & State_Enabled;
        const bool on = option->state & State_On;
        const qreal size = qMin(option->rect.width(), option->rect.height());
        QRectF box(0, 0, size, size);
        box.moveCenter(QRectF(option->rect).center());
        const QColor filled = Theme::color(enabled ? Accent : Muted);
        drawRounded(painter, box, on ? filled : Theme::color(enabled ? Raised : Surface), on ? filled : Theme::color(Muted), 3);
        if (on) {
            painter->save();
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(QPen(Theme::color(Raised), 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            const auto at = [&box](qreal x, qreal y) { return QPointF(box.left() + x * box.width(), box.top() + y * box.height()); };
            painter->drawPolyline(QPolygonF{at(0.24, 0.52), at(0.43, 0.70), at(0.76, 0.32)});
            painter->restore();
        }
        return;
    }
    case PE_FrameDefaultButton:
    case PE_PanelScrollAreaCorner:
        return;
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
    case PE_FrameTabBarBase:
        painter->fillRect(QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1), Theme::color(Border));
        return;
    case PE_IndicatorHeaderArrow: {
        QStyleOption copy = *option;
        copy.palette.setColor(QPalette::ButtonText, Theme::color(Muted));
        QProxyStyle::drawPrimitive(element, &copy, painter, widget);
        return;
    }
    default:
        break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption *option, QPainter *painter, const QWidget *widget) const
{
    using enum Theme::Role;
    switch (element) {
    case CE_PushButtonBevel:
        drawButton(option, painter, widget);
        return;
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
            const Theme::Role ring = kind == "primary"_L1 ? OnAccent : kind == "destructive"_L1 ? OnDangerFill
                                                                                                : Accent;
            const int inset = filled ? 2 : 0;
            drawRounded(painter, option->rect.adjusted(inset, inset, -inset, -inset), QColor(), Theme::color(ring), filled ? 3 : Radius);
        }
        return;
    }
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, Theme::color(Raised));
        painter->fillRect(QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1), Theme::color(Border));
        return;
    case CE_TabBarTabShape: {
        const auto *tab = qstyleoption_cast<const QStyleOptionTab *>(option);
        if (tab == nullptr || (tab->shape != QTabBar::RoundedNorth && tab->shape != QTabBar::TriangularNorth)) {
            break;
        }
        if (option->state & State_Selected) {
            painter->fillRect(QRect(option->rect.left() + 8, option->rect.bottom() - 2, option->rect.width() - 16, 3), Theme::color(Accent));
        } else if ((option->state & State_MouseOver) && (option->state & State_Enabled)) {
            drawRounded(painter, option->rect.adjusted(4, 4, -4, -4), Theme::color(Hover), Theme::color(Hover));
        }
        if (option->state & State_HasFocus) {
            drawRounded(painter, option->rect.adjusted(4, 4, -4, -4), QColor(), Theme::color(Accent));
        }
        return;
    }
    case CE_Splitter:
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
    case CE_ProgressBarGroove:
        // A thin one has no room for a border.
        drawRounded(painter, option->rect, Theme::color(Sunken), Theme::color(option->rect.height() < ThinBar ? Sunken : Border),
                    qMin(Radius, option->rect.height() / 2.0));
        return;
    case CE_ProgressBarContents:
        if (const auto *bar = qstyleoption_cast<const QStyleOptionProgressBar *>(option); bar != nullptr) {
            drawProgress(*bar, painter, widget);
            return;
        }
        break;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex *option, QPainter *painter, const QWidget *widget) const
{
    using enum Theme::Role;
    const bool enabled = option->state & State_Enabled;
    const bool focus = enabled && (option->state & State_HasFocus);
    switch (control) {
    case CC_SpinBox: {
        drawRounded(painter, option->rect, option->palette.color(QPalette::Base), Theme::color(focus ? Accent : Border));
        for (const auto &[part, arrow] : {std::pair{SC_SpinBoxUp, PE_IndicatorSpinUp}, std::pair{SC_SpinBoxDown, PE_IndicatorSpinDown}}) {
            if (!(option->subControls & part)) {
                continue;
            }
            const QRect place = proxy()->subControlRect(CC_SpinBox, option, part, widget).adjusted(1, 1, -1, -1);
            if (enabled && (option->state & State_MouseOver) && (option->activeSubControls & part)) {
                drawRounded(painter, place, Theme::color(Hover), Theme::color(Hover), 2);
            }
            drawChevron(painter, place, part == SC_SpinBoxUp, Theme::color(enabled ? Text : Muted));
        }
        return;
    }
    case CC_ComboBox: {
        const auto *combo = qstyleoption_cast<const QStyleOptionComboBox *>(option);
        if (combo == nullptr || combo->editable) {
            break;
        }
        drawButton(option, painter, widget);
        if (focus) {
            drawRounded(painter, option->rect, QColor(), Theme::color(Accent));
        }
        drawChevron(painter, proxy()->subControlRect(CC_ComboBox, option, SC_ComboBoxArrow, widget), false, Theme::color(enabled ? Text : Muted));
        return;
    }
    case CC_ScrollBar: {
        const auto *bar = qstyleoption_cast<const QStyleOptionSlider *>(option);
        if (bar == nullptr) {
            break;
        }
        QRect handle = proxy()->subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget);
        const bool live = (option->state & State_Sunken) || ((option->state & State_MouseOver) && (option->activeSubControls & SC_ScrollBarSlider));
        handle = bar->orientation == Qt::Vertical ? handle.adjusted(4, 2, -2, -2) : handle.adjusted(2, 4, -2, -2);
        if (bar->maximum > bar->minimum) {
            const QColor fill = mixed(Theme::color(Border), Theme::color(Muted), live ? 0.9 : 0.35);
            drawRounded(painter, handle, fill, fill, qMin(handle.width(), handle.height()) / 2.0 - 0.5);
        }
        return;
    }
    default:
        break;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex *option, SubControl part, const QWidget *widget) const
{
    const auto *bar = qstyleoption_cast<const QStyleOptionSlider *>(option);
    if (control != CC_ScrollBar || bar == nullptr) {
        return QProxyStyle::subControlRect(control, option, part, widget);
    }
    // No buttons at the ends: wheel, keys and the handle do.
    const bool vertical = bar->orientation == Qt::Vertical;
    const int length = vertical ? bar->rect.height() : bar->rect.width();
    const int range = bar->maximum - bar->minimum;
    int handle = length;
    if (range > 0) {
        handle = qBound(qMin(28, length), int(qint64(bar->pageStep) * length / (qint64(range) + bar->pageStep)), length);
    }
    const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - handle, bar->upsideDown);
    auto stretch = [&](int from, int to) {
        return vertical ? QRect(bar->rect.left(), bar->rect.top() + from, bar->rect.width(), to - from)
                        : QRect(bar->rect.left() + from, bar->rect.top(), to - from, bar->rect.height());
    };
    switch (part) {
    case SC_ScrollBarGroove:
        return bar->rect;
    case SC_ScrollBarSlider:
        return stretch(start, start + handle);
    case SC_ScrollBarSubPage:
        return stretch(0, start);
    case SC_ScrollBarAddPage:
        return stretch(start + handle, length);
    default:
        return {};
    }
}

QRect Style::subElementRect(SubElement element, const QStyleOption *option, const QWidget *widget) const
{
    const QRect rect = QProxyStyle::subElementRect(element, option, widget);
    if (element == SE_LineEditContents) {
        const auto *frame = qstyleoption_cast<const QStyleOptionFrame *>(option);
        return frame != nullptr && frame->lineWidth > 0 ? rect.adjusted(5, 0, -5, 0) : rect;
    }
    return rect;
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const
{
    switch (metric) {
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return space::Inside;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_HeaderMargin:
        return 8;
    case PM_FocusFrameHMargin:
        return qobject_cast<const QAbstractItemView *>(widget) != nullptr ? 7 : QProxyStyle::pixelMetric(metric, option, widget);
    case PM_TabBarTabHSpace:
        return 24;
    case PM_TabBarTabVSpace:
        return 14;
    case PM_TabBarTabShiftVertical:
    case PM_TabBarTabShiftHorizontal:
    case PM_TabBarTabOverlap:
        return 0;
    case PM_SmallIconSize:
        return 16;
    case PM_ScrollBarExtent:
        return 14;
    case PM_ScrollBarSliderMin:
        return 28;
    case PM_ScrollView_ScrollBarSpacing:
    case PM_ScrollView_ScrollBarOverlap:
        return 0;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget, QStyleHintReturn *data) const
{
    switch (hint) {
    case SH_Widget_Animation_Duration:
        // What moves, moves briefly; and not at all where the system says so.
        return qMin(QProxyStyle::styleHint(hint, option, widget, data), 150);
    case SH_DialogButtonBox_ButtonsHaveIcons:
        return 0;
    case SH_FormLayoutLabelAlignment:
        return Qt::AlignLeft | Qt::AlignVCenter;
    case SH_EtchDisabledText:
        return 0;
    case SH_ItemView_ShowDecorationSelected:
        return 1;
    case SH_ItemView_ActivateItemOnSingleClick:
        return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption *option, const QSize &size, const QWidget *widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        result.rwidth() += kindOf(widget) == "flat"_L1 ? 8 : 16;
        result.setHeight(qMax(result.height(), 30));
        break;
    case CT_LineEdit:
    case CT_ComboBox:
    case CT_SpinBox:
    case CT_HeaderSection:
        result.setHeight(qMax(result.height(), 30));
        break;
    default:
        break;
    }
    return result;
}

QIcon Style::standardIcon(StandardPixmap which, const QStyleOption *option, const QWidget *widget) const
{
    switch (which) {
    case SP_MessageBoxInformation:
        return themeIcon(u"data-information"_s, Theme::Role::Info);
    case SP_MessageBoxWarning:
        return themeIcon(u"data-warning"_s, Theme::Role::Caution);
    case SP_MessageBoxCritical:
        return themeIcon(u"data-error"_s, Theme::Role::Danger);
    case SP_MessageBoxQuestion:
        return themeIcon(u"question"_s, Theme::Role::Info);
    case SP_LineEditClearButton:
        return themeIcon(QGuiApplication::isRightToLeft() ? u"edit-clear-locationbar-ltr"_s : u"edit-clear-locationbar-rtl"_s);
    case SP_FileDialogToParent:
        return themeIcon(u"go-up"_s);
    case SP_FileDialogBack:
    case SP_ArrowBack:
        return themeIcon(u"go-previous"_s);
    case SP_ArrowForward:
        return themeIcon(u"go-next"_s);
    case SP_FileDialogNewFolder:
        return themeIcon(u"folder-new"_s);
    case SP_FileDialogListView:
        return themeIcon(u"view-list-icons"_s);
    case SP_FileDialogDetailedView:
        return themeIcon(u"view-list-details"_s);
    case SP_DirIcon:
    case SP_DirClosedIcon:
        return themeIcon(u"folder"_s);
    case SP_DirHomeIcon:
        return themeIcon(u"user-home"_s);
    case SP_ComputerIcon:
        return themeIcon(u"computer"_s);
    case SP_TitleBarCloseButton:
    case SP_DialogCloseButton:
        return themeIcon(u"window-close"_s);
    default:
        return QProxyStyle::standardIcon(which, option, widget);
    }
}

void Style::polish(QWidget *widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton *>(widget) != nullptr) {
        widget->setAttribute(Qt::WA_Hover);
    }
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/theme.h"

#include <QWidget>

#include <optional>

namespace cutover {

/** A theme icon as a widget; no meaning of its own, so assistive technology passes it by. */
class IconLabel : public QWidget
{
    Q_OBJECT
public:
    explicit IconLabel(const QString &icon, int size = 22, std::optional<Theme::Role> role = std::nullopt, QWidget *parent = nullptr);
    void setIcon(const QString &icon, std::optional<Theme::Role> role = std::nullopt);
    [[nodiscard]] QSize sizeHint() const override { return {m_size, m_size}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_icon;
    int m_size;
    std::optional<Theme::Role> m_role;
};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

namespace cutover {

class TextLabel;

/** A digest by its first twelve characters; the whole of it on hover, and copied by the button. */
class DigestLabel : public QWidget
{
    Q_OBJECT
public:
    explicit DigestLabel(QWidget *parent = nullptr);
    void setDigest(const QString &digest);

private:
    QString m_digest;
    TextLabel *m_text;
};

} // namespace cutover

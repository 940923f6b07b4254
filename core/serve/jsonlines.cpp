// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/jsonlines.h"

#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

std::optional<Result<QJsonObject>> JsonLines::next()
{
    for (;;) {
        const qsizetype end = m_buffer.indexOf('\n', m_start);
        if (end < 0) {
            m_buffer.remove(0, m_start);
            m_start = 0;
            if (m_buffer.size() > MaxLine) {
                m_buffer.clear();
                return fail(u"serve.line_too_long"_s, {{u"limit"_s, qint64(MaxLine)}});
            }
            return std::nullopt;
        }
        const QByteArray line = m_buffer.mid(m_start, end - m_start).trimmed();
        m_start = end + 1;
        if (line.isEmpty()) {
            continue;
        }
        QJsonParseError error;
        const QJsonDocument document = QJsonDocument::fromJson(line, &error);
        if (!document.isObject()) {
            return fail(u"serve.bad_line"_s,
                        {{u"line"_s, QString::fromUtf8(line.first(std::min<qsizetype>(line.size(), 120)))},
                         {u"reason"_s, error.error ? error.errorString() : u"no object"_s}});
        }
        return document.object();
    }
}

QByteArray JsonLines::line(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace cutover

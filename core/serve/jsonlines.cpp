// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/jsonlines.h"

#include <QJsonDocument>

#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

std::optional<Result<QJsonObject>> JsonLines::next()
{
    for (;;) {
        const qsizetype end = m_buffer.indexOf('\n', m_searched);
        if (end < 0) {
            m_buffer.remove(0, std::exchange(m_start, 0));
            const bool tooLong = m_buffer.size() > m_maxLine;
            if (tooLong || m_skipping) {
                m_buffer.clear();
            }
            m_searched = m_buffer.size();
            if (tooLong && !std::exchange(m_skipping, true)) {
                return fail(u"serve.line_too_long"_s, {{u"limit"_s, qint64(m_maxLine)}});
            }
            return std::nullopt;
        }
        const qsizetype begin = std::exchange(m_start, end + 1);
        m_searched = m_start;
        if (std::exchange(m_skipping, false)) {
            continue;
        }
        if (end - begin > m_maxLine) {
            return fail(u"serve.line_too_long"_s, {{u"limit"_s, qint64(m_maxLine)}});
        }
        const QByteArray line = m_buffer.mid(begin, end - begin).trimmed();
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

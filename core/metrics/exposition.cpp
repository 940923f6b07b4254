// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/exposition.h"

#include <QUtf8StringView>

#include <algorithm>
#include <charconv>
#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isNameStart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}
bool isBlank(char c)
{
    return c == ' ' || c == '\t';
}

bool isKnownType(QByteArrayView type)
{
    static constexpr QByteArrayView known[]{"counter", "gauge", "histogram", "summary", "untyped",
                                            "unknown", "stateset", "gaugehistogram", "info"};
    return std::ranges::find(known, type) != std::end(known);
}

/// One line at a time, at a position; never looks behind the end.
class Parser
{
public:
    Parser(const QByteArray &text, const QString &name)
        : m_text(text)
        , m_name(name)
    {
        QByteArrayView end = m_text;
        while (!end.isEmpty() && end.back() == '\n') {
            end.chop(1);
        }
        m_result.isOpenMetrics = end == "# EOF" || end.endsWith("\n# EOF");
    }

    Result<Exposition> run()
    {
        for (qsizetype begin = 0; begin < m_text.size(); ++m_lineNumber) {
            qsizetype end = m_text.indexOf('\n', begin);
            if (end < 0) {
                end = m_text.size();
            }
            m_line = QByteArrayView(m_text).sliced(begin, end - begin);
            m_at = 0;
            CHECK(line());
            begin = end + 1;
        }
        return std::move(m_result);
    }

private:
    [[nodiscard]] bool atEnd() const { return m_at >= m_line.size(); }
    [[nodiscard]] char here() const { return atEnd() ? '\0' : m_line[m_at]; }

    std::unexpected<Error> error(const QString &code, QJsonObject args = {}, qsizetype at = -1) const
    {
        const qsizetype column = (at < 0 ? m_at : at) + 1;
        args.insert(u"line"_s, m_lineNumber);
        args.insert(u"column"_s, column);
        QByteArrayView found = m_line.sliced(qMin(column - 1, m_line.size()));
        found = found.first(qMin(found.size(), qsizetype(24)));
        args.insert(u"found"_s, QString::fromUtf8(found));
        return fail(code, args, u"%1:%2:%3"_s.arg(m_name).arg(m_lineNumber).arg(column));
    }

    void skipBlanks()
    {
        while (!atEnd() && isBlank(m_line[m_at])) {
            ++m_at;
        }
    }

    /// Up to a blank or the end of the line.
    QByteArrayView word()
    {
        const qsizetype begin = m_at;
        while (!atEnd() && !isBlank(m_line[m_at])) {
            ++m_at;
        }
        return m_line.sliced(begin, m_at - begin);
    }

    QByteArrayView identifier(bool colons)
    {
        const qsizetype begin = m_at;
        const auto fits = [colons](char c) { return isNameStart(c) || (colons && c == ':'); };
        while (!atEnd() && (fits(m_line[m_at]) || (m_at > begin && isDigit(m_line[m_at])))) {
            ++m_at;
        }
        return m_line.sliced(begin, m_at - begin);
    }

    Result<> line()
    {
        skipBlanks();
        if (atEnd()) {
            return {};
        }
        return here() == '#' ? comment() : sample();
    }

    Result<> comment()
    {
        ++m_at;
        skipBlanks();
        if (word() != "TYPE") {
            return {};
        }
        skipBlanks();
        const qsizetype nameAt = m_at;
        const QByteArrayView name = identifier(true);
        if (name.isEmpty() || (!atEnd() && !isBlank(here()))) {
            return error(u"exposition.name"_s);
        }
        skipBlanks();
        const qsizetype typeAt = m_at;
        const QByteArrayView type = word();
        skipBlanks();
        if (!isKnownType(type) || !atEnd()) {
            return error(u"exposition.type"_s, {{u"name"_s, QString::fromLatin1(name)}}, typeAt);
        }
        if (m_result.types.contains(name.toByteArray())) {
            return error(u"exposition.type_twice"_s, {{u"name"_s, QString::fromLatin1(name)}}, nameAt);
        }
        m_result.types.insert(name.toByteArray(), type.toByteArray());
        return {};
    }

    Result<> sample()
    {
        ExpositionSample sample;
        const QByteArrayView name = identifier(true);
        if (name.isEmpty() || (!atEnd() && !isBlank(here()) && here() != '{')) {
            return error(u"exposition.name"_s);
        }
        sample.name = name.toByteArray();
        skipBlanks();
        if (here() == '{') {
            CHECK(labels(sample.labels));
            skipBlanks();
        }
        CHECK(number(sample.value));
        skipBlanks();
        if (!atEnd() && here() != '#') {
            CHECK(timestamp(sample));
            skipBlanks();
        }
        if (m_result.isOpenMetrics && here() == '#') {
            CHECK(exemplar());
        }
        if (!atEnd()) {
            return error(u"exposition.line_end"_s);
        }
        m_result.samples.append(std::move(sample));
        return {};
    }

    Result<> exemplar()
    {
        ++m_at;
        skipBlanks();
        QList<std::pair<QByteArray, QByteArray>> unused;
        if (here() != '{') {
            return error(u"exposition.line_end"_s);
        }
        CHECK(labels(unused));
        skipBlanks();
        double value = 0;
        CHECK(number(value));
        skipBlanks();
        if (!atEnd()) {
            ExpositionSample sample;
            CHECK(timestamp(sample));
            skipBlanks();
        }
        return {};
    }

    Result<> labels(QList<std::pair<QByteArray, QByteArray>> &labels)
    {
        ++m_at; // {
        while (true) {
            skipBlanks();
            if (here() == '}') {
                ++m_at;
                return {};
            }
            const qsizetype nameAt = m_at;
            const QByteArrayView name = identifier(false);
            if (name.isEmpty()) {
                return error(u"exposition.label_name"_s);
            }
            if (std::ranges::any_of(labels, [name](const auto &label) { return label.first == name; })) {
                return error(u"exposition.label_twice"_s, {{u"name"_s, QString::fromLatin1(name)}}, nameAt);
            }
            skipBlanks();
            if (here() != '=') {
                return error(u"exposition.equals"_s, {{u"name"_s, QString::fromLatin1(name)}});
            }
            ++m_at;
            skipBlanks();
            QByteArray value;
            CHECK(quoted(value));
            labels.append({name.toByteArray(), std::move(value)});
            skipBlanks();
            if (here() == ',') {
                ++m_at;
            } else if (here() != '}') {
                return error(u"exposition.labels_end"_s);
            }
        }
    }

    Result<> quoted(QByteArray &value)
    {
        if (here() != '"') {
            return error(u"exposition.quote"_s);
        }
        const qsizetype begin = m_at++;
        while (!atEnd() && m_line[m_at] != '"') {
            char c = m_line[m_at];
            if (c == '\\') {
                const qsizetype escapeAt = m_at++;
                switch (here()) {
                case 'n':
                    c = '\n';
                    break;
                case '"':
                case '\\':
                    c = here();
                    break;
                default:
                    return error(u"exposition.escape"_s, {}, escapeAt);
                }
            }
            value.append(c);
            ++m_at;
        }
        if (atEnd()) {
            return error(u"exposition.quote_end"_s, {}, begin);
        }
        ++m_at;
        if (!QUtf8StringView(value).isValidUtf8()) {
            return error(u"exposition.utf8"_s, {}, begin);
        }
        return {};
    }

    Result<> number(double &value)
    {
        const qsizetype begin = m_at;
        QByteArrayView text = word();
        if (text.startsWith('+') && !text.startsWith("+-")) {
            text = text.sliced(1);
        }
        // from_chars also takes "nan(…)", which is C, not this format.
        const auto [end, failed] = std::from_chars(text.begin(), text.end(), value);
        if (text.isEmpty() || failed != std::errc() || end != text.end() || text.contains('(')) {
            return error(u"exposition.number"_s, {}, begin);
        }
        return {};
    }

    Result<> timestamp(ExpositionSample &sample)
    {
        const qsizetype begin = m_at;
        if (m_result.isOpenMetrics) {
            double seconds = 0;
            if (!number(seconds) || !std::isfinite(seconds) || std::abs(seconds) > 9e12) {
                return error(u"exposition.timestamp"_s, {}, begin);
            }
            sample.timestamp = std::llround(seconds * 1000);
            return {};
        }
        const QByteArrayView text = word();
        qint64 milliseconds = 0;
        const auto [end, failed] = std::from_chars(text.begin(), text.end(), milliseconds);
        if (failed != std::errc() || end != text.end()) {
            return error(u"exposition.timestamp"_s, {}, begin);
        }
        sample.timestamp = milliseconds;
        return {};
    }

    const QByteArray &m_text;
    const QString &m_name;
    Exposition m_result;
    QByteArrayView m_line;
    qsizetype m_at = 0;
    int m_lineNumber = 1;
};

} // namespace

QByteArray ExpositionSample::label(QByteArrayView name) const
{
    const auto it = std::ranges::find_if(labels, [name](const auto &label) { return label.first == name; });
    return it == labels.end() ? QByteArray() : it->second;
}

std::optional<double> Exposition::sum(QByteArrayView name) const
{
    std::optional<double> total;
    for (const ExpositionSample &sample : samples) {
        if (sample.name == name) {
            total = total.value_or(0) + sample.value;
        }
    }
    return total;
}

Result<Exposition> parseExposition(const QByteArray &text, const QString &name)
{
    return Parser(text, name).run();
}

} // namespace cutover

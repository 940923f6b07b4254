// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/envfile.h"

#include <QHash>
#include <QStringDecoder>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isKeyStart(QChar c)
{
    return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || c == u'_';
}

bool isKeyPart(QChar c)
{
    return isKeyStart(c) || (c >= u'0' && c <= u'9') || c == u'.' || c == u'-';
}

bool isBlank(QChar c)
{
    return c == u' ' || c == u'\t';
}

/// Whether a value can stand without quotes and be read back the same.
bool isPlain(const QString &value)
{
    return std::all_of(value.begin(), value.end(), [](QChar c) {
        return c.isLetterOrNumber() || u"_-.,:/@%+=~?&[]{}*!;|^()"_s.contains(c);
    });
}

QString doubleQuoted(const QString &value)
{
    QString text = u"\""_s;
    for (const QChar c : value) {
        switch (c.unicode()) {
        case '\n':
            text += "\\n"_L1;
            break;
        case '\r':
            text += "\\r"_L1;
            break;
        case '\t':
            text += "\\t"_L1;
            break;
        case '"':
        case '\\':
        case '$':
            text += u'\\';
            [[fallthrough]];
        default:
            text += c;
        }
    }
    return text + u'"';
}

class Parser
{
public:
    Parser(const QString &text, const QString &name)
        : m_text(text)
        , m_name(name)
    {
    }

    bool atEnd() const { return m_at >= m_text.size(); }

    Result<EnvFile::Entry> next()
    {
        const qsizetype begin = m_at;
        skipBlanks();
        if (atEnd() || isLineEnd() || m_text[m_at] == u'#') {
            skipLine();
            return EnvFile::Entry{{}, {}, {}, m_text.sliced(begin, m_at - begin), {}};
        }
        if (m_text.sliced(m_at).startsWith("export"_L1) && m_at + 6 < m_text.size() && isBlank(m_text[m_at + 6])) {
            m_at += 6;
            skipBlanks();
        }
        if (atEnd() || !isKeyStart(m_text[m_at])) {
            return error(QT_TRANSLATE_NOOP("catalogue", "a name"));
        }
        EnvFile::Entry entry;
        const qsizetype key = m_at;
        while (!atEnd() && isKeyPart(m_text[m_at])) {
            ++m_at;
        }
        entry.key = m_text.sliced(key, m_at - key);
        m_keyAt = key;
        skipBlanks();
        if (atEnd() || m_text[m_at] != u'=') {
            return error("“=”");
        }
        ++m_at;
        skipBlanks();
        const qsizetype value = m_at;
        entry.before = m_text.sliced(begin, value - begin);
        if (!atEnd() && (m_text[m_at] == u'\'' || m_text[m_at] == u'"')) {
            CHECK(quoted(entry));
        } else {
            plain(entry);
        }
        entry.raw = m_text.sliced(value, m_at - value);
        const qsizetype after = m_at;
        skipBlanks();
        if (!atEnd() && !isLineEnd() && (m_text[m_at] != u'#' || !isBlank(m_text[m_at - 1]))) {
            return error("the end of the line or “ #”");
        }
        skipLine();
        entry.after = m_text.sliced(after, m_at - after);
        return entry;
    }

    std::unexpected<Error> duplicate(const QString &key, int firstLine)
    {
        m_at = m_keyAt;
        return fail(u"config.duplicate_key"_s, {{u"key"_s, key}, {u"line"_s, firstLine}}, where());
    }
    int keyLine() const { return int(m_text.first(m_keyAt).count(u'\n')) + 1; }

private:
    bool isLineEnd() const { return m_text[m_at] == u'\n' || m_text[m_at] == u'\r'; }
    void skipBlanks()
    {
        while (!atEnd() && isBlank(m_text[m_at])) {
            ++m_at;
        }
    }
    void skipLine()
    {
        const qsizetype end = m_text.indexOf(u'\n', m_at);
        m_at = end < 0 ? m_text.size() : end + 1;
    }

    void plain(EnvFile::Entry &entry)
    {
        const qsizetype begin = m_at;
        while (!atEnd() && !isLineEnd() && !(m_text[m_at] == u'#' && isBlank(m_text[m_at - 1]))) {
            ++m_at;
        }
        while (m_at > begin && isBlank(m_text[m_at - 1])) {
            --m_at;
        }
        entry.value = m_text.sliced(begin, m_at - begin);
    }

    Result<> quoted(EnvFile::Entry &entry)
    {
        const QChar quote = m_text[m_at];
        const qsizetype opening = m_at++;
        while (!atEnd() && m_text[m_at] != quote) {
            QChar c = m_text[m_at++];
            if (quote == u'"' && c == u'\\' && !atEnd()) {
                c = m_text[m_at++];
                switch (c.unicode()) {
                case 'n':
                    c = u'\n';
                    break;
                case 'r':
                    c = u'\r';
                    break;
                case 't':
                    c = u'\t';
                    break;
                case '"':
                case '\\':
                case '$':
                    break;
                default:
                    // As shells do: an unknown escape stays as it is written.
                    entry.value += u'\\';
                }
            }
            entry.value += c;
        }
        if (atEnd()) {
            m_at = opening;
            return error(QT_TRANSLATE_NOOP("catalogue", "a closing quote for this one"));
        }
        ++m_at;
        return {};
    }

    QString where() const
    {
        const QStringView before = QStringView(m_text).first(m_at);
        return u"%1:%2:%3"_s.arg(m_name).arg(before.count(u'\n') + 1).arg(m_at - (before.lastIndexOf(u'\n') + 1) + 1);
    }
    std::unexpected<Error> error(const char *expected) const
    {
        // What is found there is not shown: it may be part of a secret.
        return fail(u"config.syntax"_s, {{u"expected"_s, QString::fromUtf8(expected)}}, where());
    }

    const QString m_text;
    const QString m_name;
    qsizetype m_at = 0;
    qsizetype m_keyAt = 0;
};

} // namespace

Result<EnvFile> EnvFile::parse(const QByteArray &content, const QString &name)
{
    EnvFile file;
    file.m_byteOrderMark = content.startsWith("\xEF\xBB\xBF");
    const QByteArray bytes = file.m_byteOrderMark ? content.sliced(3) : content;
    // A second byte order mark is text, and not to be swallowed.
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless | QStringDecoder::Flag::ConvertInitialBom);
    const QString text = decoder(bytes);
    if (decoder.hasError() || text.contains(QChar::Null)) {
        return fail(u"config.not_text"_s, {{u"file"_s, name}}, name);
    }
    if (const qsizetype end = text.indexOf(u'\n'); end > 0 && text[end - 1] == u'\r') {
        file.m_lineEnd = u"\r\n"_s;
    }
    Parser parser(text, name);
    QHash<QString, int> lines;
    while (!parser.atEnd()) {
        TRY(Entry entry, parser.next());
        if (!entry.key.isEmpty()) {
            if (lines.contains(entry.key)) {
                return parser.duplicate(entry.key, lines[entry.key]);
            }
            lines.insert(entry.key, parser.keyLine());
        }
        file.m_entries.append(std::move(entry));
    }
    return file;
}

QByteArray EnvFile::toBytes() const
{
    QByteArray bytes(m_byteOrderMark ? "\xEF\xBB\xBF" : "");
    for (const Entry &entry : m_entries) {
        bytes += entry.text().toUtf8();
    }
    return bytes;
}

qsizetype EnvFile::find(const QString &key) const
{
    const auto it = std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry &entry) {
        return !key.isEmpty() && entry.key == key;
    });
    return it == m_entries.end() ? -1 : it - m_entries.begin();
}

std::optional<QString> EnvFile::value(const QString &key) const
{
    const qsizetype index = find(key);
    return index < 0 ? std::nullopt : std::optional(m_entries[index].value);
}

void EnvFile::set(const QString &key, const QString &value)
{
    const qsizetype index = find(key);
    if (index >= 0) {
        Entry &entry = m_entries[index];
        if (entry.value == value) {
            return;
        }
        const bool single = entry.raw.startsWith(u'\'');
        const bool holdsLiteral = !value.contains(u'\'') && !value.contains(u'\r');
        entry.raw = single && holdsLiteral                  ? QString(u'\'' + value + u'\'')
            : entry.raw.startsWith(u'"') || !isPlain(value) ? doubleQuoted(value)
                                                            : value;
        entry.value = value;
        // "NAME= # comment" has no value that the comment's blank could belong to.
        if (entry.after.startsWith(u'#')) {
            entry.after.prepend(u' ');
        }
        return;
    }
    if (!m_entries.isEmpty()) {
        // A last line without its end would swallow the new one.
        Entry &last = m_entries.last();
        if (const QString text = last.text(); !text.endsWith(u'\n')) {
            last.after += m_lineEnd;
        }
    }
    m_entries.append({key, value, QString(key + u'='), isPlain(value) ? value : doubleQuoted(value), m_lineEnd});
}

bool EnvFile::remove(const QString &key)
{
    const qsizetype index = find(key);
    if (index >= 0) {
        m_entries.removeAt(index);
    }
    return index >= 0;
}

bool EnvFile::isKey(const QString &text)
{
    return !text.isEmpty() && isKeyStart(text[0]) && std::all_of(text.begin(), text.end(), isKeyPart);
}

} // namespace cutover

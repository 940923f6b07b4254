// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/headervalue.h"

#include "config/secrets.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

HeaderValue::HeaderValue(const QString &text)
{
    static const QRegularExpression scheme(uR"(\A([A-Za-z][A-Za-z0-9-]*[ =]\s*)?((?:file|env|credential):[^\s].*)\z)"_s);
    if (const auto match = scheme.match(text); match.hasMatch()) {
        m_before = match.captured(1);
        m_reference = match.captured(2);
    } else {
        m_before = text;
    }
}

QString HeaderValue::withPathsOf(const QDir &folder) const
{
    const QString file = u"file:"_s;
    return m_before + (m_reference.startsWith(file) ? QString(file + QDir::cleanPath(folder.absoluteFilePath(m_reference.sliced(file.size())))) : m_reference);
}

Result<QString> HeaderValue::resolved() const
{
    if (!isReference()) {
        return m_before;
    }
    TRY(const QString secret, resolveSecret(m_reference));
    // Another line would be another header.
    if (secret.contains(u'\n') || secret.contains(u'\r') || secret.trimmed().isEmpty()) {
        return fail(u"config.secret_lines"_s, {{u"reference"_s, m_reference}});
    }
    return QString(m_before + secret);
}

bool HeaderValue::isSecretName(const QString &name)
{
    static const QRegularExpression names(uR"(authoriz|authentic|cookie|auth$)"_s, QRegularExpression::CaseInsensitiveOption);
    return names.match(name).hasMatch() || SecretMask().isSecret(name);
}

Result<QMap<QByteArray, QByteArray>> resolvedHeaders(const QMap<QString, QString> &headers)
{
    QMap<QByteArray, QByteArray> result;
    for (const auto &[name, text] : headers.asKeyValueRange()) {
        TRY(const QString value, HeaderValue(text).resolved());
        result.insert(name.toLatin1(), value.toUtf8());
    }
    return result;
}

static const Catalogue::Registration texts{
    {"config.secret_lines",
     QT_TRANSLATE_NOOP("catalogue", "The secret %{reference} is empty or has several lines; a header is one line."),
     QT_TRANSLATE_NOOP("catalogue", "Keep only the value itself in it.")},
};

} // namespace cutover

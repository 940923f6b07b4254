// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/nginxconfiguration.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString builtIn(const QString &version, const QString &option)
{
    const QRegularExpression pattern(u"--"_s + option + u"=(\\S+)"_s);
    return pattern.match(version).captured(1);
}

} // namespace

NginxConfiguration NginxConfiguration::parse(const QByteArray &output)
{
    static const QRegularExpression file(u"^# configuration file (.+):$"_s, QRegularExpression::MultilineOption);
    static const QRegularExpression pid(u"^\\s*pid\\s+(?:\"([^\"]+)\"|'([^']+)'|([^\\s;]+))\\s*;"_s, QRegularExpression::MultilineOption);
    const QString text = QString::fromUtf8(output);
    NginxConfiguration configuration;
    for (auto match = file.globalMatch(text); match.hasNext();) {
        configuration.files.append(match.next().captured(1));
    }
    if (const auto match = pid.match(text); match.hasMatch()) {
        configuration.pidFile = match.captured(1) + match.captured(2) + match.captured(3);
    }
    return configuration;
}

bool NginxConfiguration::includes(const QString &file) const
{
    const QString wanted = QFileInfo(file).canonicalFilePath();
    return std::ranges::any_of(files, [&](const QString &each) {
        return each == file || (!wanted.isEmpty() && QFileInfo(each).canonicalFilePath() == wanted);
    });
}

NginxCall NginxCall::parse(const QByteArray &title, const QByteArray &version, const QString &likely)
{
    const QString text = QString::fromUtf8(title).section(u"master process "_s, 1).trimmed() + u' ';
    const QString built = QString::fromUtf8(version);
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    const auto valueOf = [&](const QString &option) {
        for (qsizetype i = 1; i < words.size(); ++i) {
            if (words[i] == option) {
                return words.value(i + 1);
            }
            if (words[i].startsWith(option)) {
                return words[i].mid(option.size());
            }
        }
        return QString();
    };
    NginxCall call;
    call.prefix = valueOf(u"-p"_s);
    call.hasDirectives = !valueOf(u"-g"_s).isEmpty();
    const QDir prefix(call.prefix.isEmpty() ? builtIn(built, u"prefix"_s) : call.prefix);
    const bool isLikely = text.contains(u" -c "_s + likely + u' ') || text.contains(u" -c"_s + likely + u' ');
    const QString given = isLikely ? likely : valueOf(u"-c"_s);
    call.configuration = QDir::cleanPath(prefix.absoluteFilePath(given.isEmpty() ? builtIn(built, u"conf-path"_s) : given));
    if (const QString pid = builtIn(built, u"pid-path"_s); !pid.isEmpty()) {
        call.pidFile = QDir::cleanPath(prefix.absoluteFilePath(pid));
    }
    return call;
}

} // namespace cutover

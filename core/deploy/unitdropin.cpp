// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/unitdropin.h"

#include <QDir>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// "%" begins a specifier of systemd.
QString plain(QString text)
{
    return text.replace(u'%', u"%%"_s);
}

/// One word. Source: systemd.syntax(7), "Quoting".
QString quoted(const QString &text)
{
    QString result(u'"');
    const QString escaped = plain(text);
    for (const QChar c : escaped) {
        if (c == u'"' || c == u'\\') {
            result += u'\\';
            result += c;
        } else if (c == u'\n') {
            result += u"\\n"_s;
        } else {
            result += c;
        }
    }
    return result + u'"';
}

/// One argument of a program, of which "$" would be a variable.
QString argument(QString text)
{
    return quoted(text.replace(u'$', u"$$"_s));
}

} // namespace

QString dropInName()
{
    return u"50-cutover.conf"_s;
}

QByteArray dropInText(const Target &target, const ServiceSpec &service, const InstanceSpec &instance, const QString &version)
{
    const QString folder = target.releaseDirectory(service, version);
    QStringList lines{u"# Written by Cutover for the target "_s + target.name + u" whenever the release changes: what is edited here is lost."_s,
                      u"[Service]"_s,
                      u"Environment="_s + quoted(u"CUTOVER_RELEASE="_s + folder) + u' ' + quoted(u"CUTOVER_VERSION="_s + version)};
    if (instance.port > 0) {
        lines.append(u"Environment="_s + quoted(u"CUTOVER_PORT="_s + QString::number(instance.port)));
    }
    if (!service.environmentFile.isEmpty()) {
        lines.append(u"EnvironmentFile="_s + plain(service.expand(service.environmentFile, instance, folder)));
    }
    if (!service.command.isEmpty()) {
        QStringList words;
        for (const QString &word : service.command) {
            words.append(service.expand(word, instance, folder));
        }
        const QString program = QDir(folder).absoluteFilePath(words.takeFirst());
        QString start = quoted(program);
        for (const QString &word : std::as_const(words)) {
            start += u' ' + argument(word);
        }
        // The empty one takes back what the unit itself says.
        lines << u"WorkingDirectory="_s + plain(folder) << u"ExecStart="_s << u"ExecStart="_s + start;
    }
    return lines.join(u'\n').toUtf8() + '\n';
}

} // namespace cutover

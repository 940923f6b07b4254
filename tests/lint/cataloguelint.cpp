// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// cataloguelint SOURCES: every code of an error or message in core/, app/ and ui/ has a sentence in a
// Catalogue::Registration, and no code has two. Reads the sources, needs no tool.

#include <QDirIterator>
#include <QFile>
#include <QHash>
#include <QRegularExpression>
#include <QSet>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace {

struct Source {
    QString path;
    QString text; ///< Without comments; lines stay where they are.
};

/// Not codes, though they look like one: facts, methods of the protocol, names of files.
const QSet<QString> &others()
{
    static const QSet<QString> names{
        // Facts
        u"target.identity"_s, u"target.digest"_s, u"release.current"_s, u"migration.head"_s,
        // Methods, see serve/protocol.h
        u"conn.take"_s, u"conn.release"_s, u"check.start"_s, u"plan.update.start"_s, u"plan.adopt"_s, u"plan.rollback.start"_s,
        u"target.adopt"_s, u"target.claims"_s, u"database.sessions"_s,
        // Members of a pinned identity
        u"balancer.socket"_s, u"balancer.configuration"_s,
        u"features.apply"_s, u"job.cancel"_s, u"approval.plan"_s, u"approval.request"_s, u"approval.add"_s, u"approval.list"_s, u"checklist.tick"_s,
        // Fields of a manifest in JSON, as errors name them
        u"manifest.version"_s, u"manifest.from"_s};
    return names;
}

bool isFileName(const QString &literal)
{
    static const QRegularExpression pattern(uR"x(\.(yaml|json|db|sock|cfg|log|lock|key|env|sql|html|txt|epoch|ini)\z)x"_s);
    return pattern.match(literal).hasMatch();
}

QString withoutComments(QString text)
{
    static const QRegularExpression comment(uR"x(^[ \t]*(//|\*|/\*).*$)x"_s, QRegularExpression::MultilineOption);
    return text.replace(comment, QString());
}

QList<Source> sources(const QString &root)
{
    QList<Source> found;
    for (const QString &folder : {u"core"_s, u"app"_s, u"ui"_s}) {
        QDirIterator files(root + u'/' + folder, {u"*.cpp"_s, u"*.h"_s}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            if (!file.open(QFile::ReadOnly)) {
                qFatal("%s can't be read", qPrintable(file.fileName()));
            }
            found.append({file.fileName().mid(root.size() + 1), withoutComments(QString::fromUtf8(file.readAll()))});
        }
    }
    return found;
}

int lineOf(const QString &text, qsizetype at)
{
    return int(QStringView(text).first(at).count(u'\n')) + 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fputs("lint_catalogue SOURCES\n", stderr);
        return 2;
    }
    const QList<Source> all = sources(QString::fromLocal8Bit(argv[1]));
    int problems = 0;
    const auto problem = [&problems](const Source &source, qsizetype at, const QString &what) {
        std::fprintf(stderr, "%s:%d: %s\n", qPrintable(source.path), lineOf(source.text, at), qPrintable(what));
        ++problems;
    };

    QHash<QString, QString> registered; // Code → file.
    QSet<QString> rooms;
    static const QRegularExpression entry(uR"x(\{\s*"([a-z_]+\.[a-z0-9_.]+)"\s*,)x"_s);
    for (const Source &source : all) {
        if (!source.text.contains(u"Catalogue::Registration")) {
            continue;
        }
        for (auto it = entry.globalMatch(source.text); it.hasNext();) {
            const auto match = it.next();
            const QString code = match.captured(1);
            if (registered.contains(code)) {
                problem(source, match.capturedStart(), u"“%1” has a sentence already, in %2"_s.arg(code, registered[code]));
            }
            registered.insert(code, source.path);
            rooms.insert(code.section(u'.', 0, 0));
        }
    }

    // A literal that begins like a registered code is one, and so is whatever stands where a code must.
    static const QRegularExpression literal(uR"x(u"([a-z][a-z_]*\.[a-z][a-z0-9_.]*)"(?:_s|_L1)?)x"_s);
    static const QRegularExpression place(uR"x(\b(fail|failErrno|Message|Error)\s*[({]\s*\{?\s*\z|\baudit\([^,;]*,\s*\z)x"_s);
    int used = 0;
    for (const Source &source : all) {
        for (auto it = literal.globalMatch(source.text); it.hasNext();) {
            const auto match = it.next();
            const QString code = match.captured(1);
            const QString before = source.text.sliced(std::max<qsizetype>(0, match.capturedStart() - 80),
                                                      std::min<qsizetype>(80, match.capturedStart()));
            const bool mustBe = place.match(before).hasMatch();
            if (!mustBe && (!rooms.contains(code.section(u'.', 0, 0)) || others().contains(code) || isFileName(code))) {
                continue;
            }
            ++used;
            if (code.endsWith(u'_') || code.endsWith(u'.')) { // Put together: one that begins so will do.
                if (std::ranges::none_of(registered.keys(), [&code](const QString &each) { return each.startsWith(code); })) {
                    problem(source, match.capturedStart(), u"no sentence begins with “%1”"_s.arg(code));
                }
            } else if (!registered.contains(code)) {
                problem(source, match.capturedStart(), u"“%1” has no sentence"_s.arg(code));
            }
        }
    }
    if (registered.size() < 100 || used < 100) {
        std::fputs("hardly any code was found: the patterns no longer fit the sources\n", stderr);
        return 1;
    }
    std::printf("%lld sentences, %d places that use one, %d problems\n", qint64(registered.size()), used, problems);
    return problems ? 1 : 0;
}

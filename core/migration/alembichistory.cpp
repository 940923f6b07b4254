// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembichistory.h"

#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

QStringList listOf(QStringView text)
{
    QStringList names;
    for (const QStringView name : text.split(u',', Qt::SkipEmptyParts)) {
        names.append(name.trimmed().toString());
    }
    return names;
}

} // namespace

Result<History> History::parse(const QString &output)
{
    History history;
    bool inDescription = false;
    const auto lines = QStringView(output).split(u'\n');
    for (const QStringView line : lines) {
        if (line.startsWith("Rev: "_L1)) {
            // "Rev: 1a2b (head) (mergepoint)"
            history.m_revisions.append({.revision = line.sliced(5).split(u' ').first().toString()});
            inDescription = false;
            continue;
        }
        if (history.m_revisions.isEmpty()) {
            // Revision files may print when they are loaded.
            continue;
        }
        Revision &revision = history.m_revisions.last();
        const qsizetype colon = line.indexOf(": "_L1);
        const QStringView key = colon > 0 ? line.first(colon) : QStringView();
        const QStringView value = colon > 0 ? line.sliced(colon + 2) : QStringView();
        if (line.startsWith("    "_L1)) {
            if (inDescription && revision.message.isEmpty()) {
                revision.message = line.trimmed().toString();
            }
        } else if (key == "Parent"_L1 || key == "Merges"_L1) {
            revision.downRevisions = value == "<base>"_L1 ? QStringList() : listOf(value);
        } else if (key == "Also depends on"_L1) {
            revision.dependsOn = listOf(value);
        } else if (key == "Branch names"_L1) {
            revision.branchLabels = listOf(value);
        } else if (key == "Path"_L1) {
            revision.file = value.toString();
            inDescription = true;
        }
    }
    for (const Revision &revision : std::as_const(history.m_revisions)) {
        if (revision.revision.isEmpty() || revision.file.isEmpty()) {
            return fail(u"alembic.output"_s, {{u"command"_s, u"alembic history --verbose"_s}, {u"revision"_s, revision.revision}});
        }
    }
    std::ranges::reverse(history.m_revisions);
    return history;
}

const Revision *History::find(const QString &revision) const
{
    const auto found = std::ranges::find(m_revisions, revision, &Revision::revision);
    return found == m_revisions.end() ? nullptr : &*found;
}

QStringList History::heads() const
{
    QStringList heads;
    for (const Revision &revision : m_revisions) {
        heads.append(revision.revision);
    }
    for (const Revision &revision : m_revisions) {
        for (const QString &down : revision.downRevisions) {
            heads.removeAll(down);
        }
    }
    return heads;
}

QStringList History::branchPoints() const
{
    QHash<QString, int> followers;
    for (const Revision &revision : m_revisions) {
        for (const QString &down : revision.downRevisions) {
            ++followers[down];
        }
    }
    QStringList points;
    for (const Revision &revision : m_revisions) {
        if (followers.value(revision.revision) > 1) {
            points.append(revision.revision);
        }
    }
    return points;
}

QStringList History::withAncestors(const QStringList &revisions) const
{
    QSet<QString> seen;
    QStringList open = revisions;
    while (!open.isEmpty()) {
        const QString name = open.takeLast();
        if (seen.contains(name)) {
            continue;
        }
        seen.insert(name);
        if (const Revision *revision = find(name)) {
            open += revision->downRevisions + revision->dependsOn;
        }
    }
    return seen.values();
}

QList<Revision> History::pending(const QStringList &present, const QStringList &target) const
{
    const QStringList done = withAncestors(present);
    const QStringList wanted = withAncestors(target);
    QList<Revision> missing;
    for (const Revision &revision : m_revisions) {
        if (wanted.contains(revision.revision) && !done.contains(revision.revision)) {
            missing.append(revision);
        }
    }
    return missing;
}

QStringList History::after(const QStringList &present, const Revision &revision) const
{
    QStringList heads = present;
    // What it depends on is told by it as well, and leaves the table like a parent.
    for (const QString &down : QStringList(revision.downRevisions + revision.dependsOn)) {
        heads.removeAll(down);
    }
    heads.append(revision.revision);
    heads.sort();
    return heads;
}

QStringList History::before(const QStringList &present, const Revision &revision) const
{
    QStringList heads = present;
    heads.removeAll(revision.revision);
    const QStringList rest = withAncestors(heads);
    for (const QString &down : revision.downRevisions) {
        if (!rest.contains(down)) {
            heads.append(down);
        }
    }
    heads.sort();
    return heads;
}

QStringList History::described(const QStringList &revisions) const
{
    QStringList texts;
    for (const QString &name : revisions) {
        const Revision *revision = find(name);
        texts.append(revision && !revision->message.isEmpty() ? u"%1 (%2)"_s.arg(name, revision->message) : name);
    }
    return texts;
}

QString joined(QStringList heads)
{
    heads.sort();
    return heads.join(u',');
}

} // namespace cutover::alembic

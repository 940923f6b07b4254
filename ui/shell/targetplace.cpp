// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/targetplace.h"

#include <QDir>
#include <QSettings>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"target.no_file_named", QT_TRANSLATE_NOOP("catalogue", "No target file is named."),
     QT_TRANSLATE_NOOP("catalogue", "Give the path of the system's target.yaml on its control host.")},
}};

const QString group = u"targets/recent"_s;

void write(const QList<TargetPlace> &places)
{
    QSettings settings;
    settings.remove(group);
    settings.beginWriteArray(group, int(places.size()));
    for (qsizetype i = 0; i < places.size(); ++i) {
        const TargetPlace &place = places[i];
        settings.setArrayIndex(int(i));
        settings.setValue(u"host"_s, place.host.text());
        settings.setValue(u"program"_s, place.host.program);
        settings.setValue(u"file"_s, place.file);
        settings.setValue(u"name"_s, place.name);
        settings.setValue(u"environment"_s, place.environment);
    }
    settings.endArray();
}

} // namespace

Result<TargetPlace> TargetPlace::parse(const QString &host, const QString &program, const QString &file)
{
    TargetPlace place;
    if (!host.trimmed().isEmpty()) {
        TRY(place.host, ControlHost::parse(host));
        if (!program.trimmed().isEmpty()) {
            place.host.program = program.trimmed();
        }
    }
    // Not trimmed: a name may begin with a space, and one that does not exist is told as it is.
    place.file = file;
    if (file.trimmed().isEmpty()) {
        return fail(u"target.no_file_named"_s);
    }
    if (place.host.isLocal()) {
        const bool fromHome = file == u"~" || file.startsWith(u"~/");
        place.file = QDir::cleanPath(fromHome ? QString(QDir::homePath() + file.sliced(1)) : QDir::current().absoluteFilePath(file));
    }
    return place;
}

bool TargetPlace::isSame(const TargetPlace &other) const
{
    return host == other.host && host.program == other.host.program && file == other.file;
}

QStringList TargetPlace::arguments() const
{
    // With "=", as a value may begin like an option.
    QStringList words{u"--target="_s + file};
    if (!host.isLocal()) {
        words << u"--host="_s + host.text() << u"--remote-program="_s + host.program;
    }
    return words;
}

QList<TargetPlace> RecentTargets::all()
{
    QSettings settings;
    QList<TargetPlace> places;
    const int count = settings.beginReadArray(group);
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        // A file that somebody has edited is no reason not to start.
        if (auto place = TargetPlace::parse(settings.value(u"host"_s).toString(), settings.value(u"program"_s).toString(), settings.value(u"file"_s).toString())) {
            place->name = settings.value(u"name"_s).toString();
            place->environment = settings.value(u"environment"_s).toString();
            places.append(std::move(*place));
        }
    }
    settings.endArray();
    return places;
}

void RecentTargets::add(const TargetPlace &place)
{
    QList<TargetPlace> places = all();
    places.removeIf([&place](const TargetPlace &known) { return known.isSame(place); });
    places.prepend(place);
    write(places.first(std::min(places.size(), Most)));
}

void RecentTargets::remove(const TargetPlace &place)
{
    QList<TargetPlace> places = all();
    places.removeIf([&place](const TargetPlace &known) { return known.isSame(place); });
    write(places);
}

} // namespace cutover

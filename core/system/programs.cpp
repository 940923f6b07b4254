// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/programs.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>
#include <QSysInfo>

#include <pwd.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"system.no_program", QT_TRANSLATE_NOOP("catalogue", "The program “%{name}” was found neither in %{folder} nor in PATH."),
     QT_TRANSLATE_NOOP("catalogue", "Install Cutover whole, or set CUTOVER_BIN to the folder of its programs.")},
}};

} // namespace

Result<QString> programPath(const QString &name)
{
    const QString folder = qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath());
    const QFileInfo beside(folder + u'/' + name);
    if (beside.isExecutable()) {
        return beside.absoluteFilePath();
    }
    const QString installed = QStandardPaths::findExecutable(name);
    if (installed.isEmpty()) {
        return fail(u"system.no_program"_s, {{u"name"_s, name}, {u"folder"_s, folder}});
    }
    return installed;
}

QString whoAmI()
{
    const passwd *user = ::getpwuid(::getuid());
    const QString account = (user ? QString::fromLocal8Bit(user->pw_name) : QString::number(::getuid())) + u'@' + QSysInfo::machineHostName();
    const QString person = qEnvironmentVariable("CUTOVER_OPERATOR").simplified().left(60);
    return person.isEmpty() ? account : QString(person + u" ("_s + account + u')');
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/programs.h"

#include <QCoreApplication>
#include <QFile>
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

constexpr uint noLogin = ~0U; ///< As the kernel writes that nobody logged in.

QString accountName(uid_t uid)
{
    const passwd *user = ::getpwuid(uid);
    return user ? QString::fromLocal8Bit(user->pw_name) : QString::number(uid);
}

/// The account that somebody logged in with; empty: a service, or a machine that doesn't tell.
QString loginAccount()
{
    QFile file(u"/proc/self/loginuid"_s);
    bool isNumber = false;
    const uint login = file.open(QFile::ReadOnly) ? file.readAll().trimmed().toUInt(&isNumber) : noLogin;
    if (isNumber && login != noLogin) {
        return accountName(login);
    }
    return qEnvironmentVariable("SUDO_USER").simplified().left(60);
}

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

QString nameOf(const Login &login)
{
    const bool other = !login.login.isEmpty() && login.login != login.account;
    const QString account = (other ? login.login : login.account) + u'@' + login.host;
    const QString behind = other ? QString(u"as "_s + login.account) : QString();
    if (!login.person.isEmpty()) {
        return login.person + u" ("_s + (behind.isEmpty() ? account : QString(account + u' ' + behind)) + u')';
    }
    return behind.isEmpty() ? account : QString(account + u" ("_s + behind + u')');
}

QString whoAmI()
{
    return nameOf({accountName(::getuid()), loginAccount(), QSysInfo::machineHostName(), qEnvironmentVariable("CUTOVER_OPERATOR").simplified().left(60)});
}

} // namespace cutover

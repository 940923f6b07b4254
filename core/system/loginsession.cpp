// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/loginsession.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>

#include <pwd.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int AnswerMs = 2000;

const Catalogue::Registration texts{{
    {"session.ends_runs", QT_TRANSLATE_NOOP("catalogue", "This control host ends everything of %{user} when its login ends (KillUserProcesses): a run would be "
                                                         "interrupted with the connection, and wait for the next console."),
     QT_TRANSLATE_NOOP("catalogue", "Have root run 'loginctl enable-linger %{user}' there once, and connect again; the package dbus-user-session belongs to it.")},
}};

QString accountName()
{
    const passwd *user = ::getpwuid(::getuid());
    return user ? QString::fromLocal8Bit(user->pw_name) : QString::number(::getuid());
}

bool isInSession(const QString &root)
{
    QFile file(root + u"/proc/self/cgroup"_s);
    static const QRegularExpression scope(u"/session-[^/]+\\.scope(/|$)"_s, QRegularExpression::MultilineOption);
    return file.open(QIODevice::ReadOnly) && scope.match(QString::fromUtf8(file.readAll())).hasMatch();
}

/// logind's own rule, from its own properties. Where it can't be asked, nothing is known to end anything.
bool isEndedWithSession(const QString &busctl, const QString &user)
{
    QProcess ask;
    ask.start(busctl, {u"--json=short"_s, u"get-property"_s, u"org.freedesktop.login1"_s, u"/org/freedesktop/login1"_s, u"org.freedesktop.login1.Manager"_s, u"KillUserProcesses"_s, u"KillOnlyUsers"_s, u"KillExcludeUsers"_s});
    if (!ask.waitForFinished(AnswerMs)) {
        ask.kill();
        ask.waitForFinished(AnswerMs);
        return false;
    }
    const QList<QByteArray> lines = ask.readAllStandardOutput().trimmed().split('\n');
    if (ask.exitStatus() != QProcess::NormalExit || ask.exitCode() != 0 || lines.size() != 3) {
        return false;
    }
    QList<QJsonValue> properties;
    for (const QByteArray &line : lines) {
        properties.append(QJsonDocument::fromJson(line).object()["data"_L1]);
    }
    // An empty list stands for root, which logind spares by default.
    const QJsonArray exclude = properties[2].toArray();
    if (exclude.isEmpty() ? user == "root"_L1 : exclude.contains(user)) {
        return false;
    }
    const QJsonArray only = properties[1].toArray();
    return only.isEmpty() ? properties[0].toBool() : only.contains(user);
}

} // namespace

LoginSession lookAtLoginSession(const LoginPlaces &places)
{
    LoginSession session{.user = accountName()};
    if (!isInSession(places.root) || !isEndedWithSession(places.busctl, session.user)) {
        return session;
    }
    const bool lingers = QFileInfo::exists(places.root + u"/var/lib/systemd/linger/"_s + session.user);
    const bool hasManager = QFileInfo::exists(u"%1/run/user/%2/systemd/private"_s.arg(places.root).arg(::getuid()))
        && !QStandardPaths::findExecutable(places.systemdRun).isEmpty();
    session.fate = lingers && hasManager ? LoginSession::Fate::MoveOut : LoginSession::Fate::End;
    return session;
}

const LoginSession &loginSession()
{
    static const LoginSession session = lookAtLoginSession({});
    return session;
}

QStringList managerPrefix()
{
    return {u"systemd-run"_s, u"--user"_s, u"--scope"_s, u"--quiet"_s, u"--collect"_s, u"--"_s};
}

QStringList outlivingLogin(const QStringList &words, QProcessEnvironment *environment)
{
    if (loginSession().fate != LoginSession::Fate::MoveOut) {
        return words;
    }
    if (!environment->contains(u"XDG_RUNTIME_DIR"_s)) {
        environment->insert(u"XDG_RUNTIME_DIR"_s, u"/run/user/%1"_s.arg(::getuid()));
    }
    return managerPrefix() + words;
}

std::optional<Error> sessionWarning(const LoginSession &session)
{
    if (session.fate != LoginSession::Fate::End) {
        return {};
    }
    return Error{.code = u"session.ends_runs"_s, .args = {{u"user"_s, session.user}}, .where = {}};
}

} // namespace cutover

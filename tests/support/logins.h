// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "skip.h"

#include <QDir>
#include <QProcess>

#include <pwd.h>

// A machine where people log in: a real systemd-logind and polkit behind a message bus (tests/support/undersystemd --logins).
namespace cutover::testing {

/// Empty: there is one around this program; never the machine itself.
inline QString missingLogins()
{
    if (qEnvironmentVariable("CUTOVER_UNDER_SYSTEMD") != QLatin1String("1")) {
        return QStringLiteral("root and control groups of version 2, to run a systemd of its own");
    }
    return qEnvironmentVariable("CUTOVER_LOGINS_MISSING");
}

/// Runs a program as the machine's root; what it said, trimmed.
inline QString asRoot(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    process.waitForFinished(60000);
    return QString::fromUtf8(process.readAll()).trimmed();
}

/** The account "deploy": an operator without root's rights. */
class LoginAccount
{
public:
    static constexpr auto Name = "deploy";
    LoginAccount()
        : m_account(*::getpwnam(Name))
    {
    }
    [[nodiscard]] uint uid() const { return m_account.pw_uid; }
    void own(const QString &path) const
    {
        if (::chown(QFile::encodeName(path).constData(), m_account.pw_uid, m_account.pw_gid) != 0) {
            qFatal("chown");
        }
    }
    /// In front of a program: it is the account's then, without being part of a login.
    [[nodiscard]] QStringList command() const
    {
        return {QStringLiteral("setpriv"), QStringLiteral("--reuid=%1").arg(m_account.pw_uid), QStringLiteral("--regid=%1").arg(m_account.pw_gid), QStringLiteral("--clear-groups"),
                QStringLiteral("env"), QStringLiteral("--unset=XDG_RUNTIME_DIR"), QStringLiteral("HOME=") + QString::fromLocal8Bit(m_account.pw_dir)};
    }

private:
    passwd m_account;
};

} // namespace cutover::testing

/// For a test that needs logins; in CI as root it is a failure where they can't be had.
#define NEEDS_LOGINS                                                                                                                                           \
    do {                                                                                                                                                       \
        if (const QString missing = cutover::testing::missingLogins(); !missing.isEmpty()) {                                                                   \
            qWarning("missing: %s", qPrintable(missing));                                                                                                      \
            SKIP_WITHOUT_ROOT("logins of a real systemd-logind: they need root, control groups of version 2, and the packages dbus, libpam-systemd, polkitd"); \
        }                                                                                                                                                      \
    } while (false)

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QProcessEnvironment>
#include <QStringList>

#include <optional>

namespace cutover {

/** What becomes of programs that this process starts for good when the login that it belongs to ends. */
struct LoginSession {
    enum class Fate {
        Stay, ///< Nothing ends them: there is no login session, or its end leaves them alone.
        MoveOut, ///< systemd-logind ends all of the session: they are started under the account's own manager, which lingers.
        End, ///< systemd-logind ends all of the session, and nothing of the account goes on after it.
    };
    Fate fate = Fate::Stay;
    QString user;
};

/** Where loginSession() looks; for tests. */
struct LoginPlaces {
    QString root; ///< In front of /proc, /var and /run.
    QString busctl = QStringLiteral("busctl");
    QString systemdRun = QStringLiteral("systemd-run");
};

/// Looks once a process: small files, and busctl (at most 2 s) where it is in a login session. Any thread.
[[nodiscard]] const LoginSession &loginSession();
[[nodiscard]] LoginSession lookAtLoginSession(const LoginPlaces &places);

/// What starts a program under the account's own manager, in front of its arguments; its pid stays the one that was started.
[[nodiscard]] QStringList managerPrefix();

/// A program and its arguments such that it outlives this process's login: under the account's own manager where the login's end
/// would take it (environment is given how the manager is found), and as it is elsewhere. Its pid stays the one that was started.
[[nodiscard]] QStringList outlivingLogin(const QStringList &words, QProcessEnvironment *environment);

/// "session.ends_runs", with what to do; nothing where runs outlive the login.
[[nodiscard]] std::optional<Error> sessionWarning(const LoginSession &session);

} // namespace cutover

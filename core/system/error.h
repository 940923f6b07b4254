// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/message.h"

#include <QCoroTask>

#include <expected>
#include <utility>

namespace cutover {

/**
 * Why something did not work. The sentence and the hint come from the Catalogue.
 * Value type, any thread.
 */
struct Error {
    enum class Kind {
        Permanent, ///< Will fail again: hold or revert, by policy.
        Transient, ///< May work in a moment: bounded retry.
        Unknown, ///< It is not known whether the change took place: inspect, else hold.
        Cancelled, ///< Somebody asked for it.
    };

    QString code;
    QJsonObject args;
    Kind kind = Kind::Permanent;
    QString where; ///< "file:line:column", host, path or URL; may be empty.

    /// What happened, one sentence.
    [[nodiscard]] QString what() const { return Catalogue::text(code, args); }
    /// What to do about it; may be empty.
    [[nodiscard]] QString hint() const { return Catalogue::hint(code, args); }
    /// where: what hint, for a terminal or a log.
    [[nodiscard]] QString text() const;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static Error fromJson(const QJsonObject &json);
};

template<class T = void>
using Result = std::expected<T, Error>;

/// A result that has to be waited for. Rules: no capturing lambda coroutines; pass by value;
/// whatever the task refers to outlives it; never waitFor() outside main() and tests.
template<class T = void>
using Async = QCoro::Task<Result<T>>;

[[nodiscard]] inline std::unexpected<Error> fail(const QString &code, const QJsonObject &args = {}, const QString &where = {},
                                                 Error::Kind kind = Error::Kind::Permanent)
{
    return std::unexpected(Error{code, args, kind, where});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error)
{
    return std::unexpected(std::move(error));
}
/// fail() with the text of an errno value under "reason"; ENOSPC, EDQUOT and EINTR-like values get the kind Transient only where retrying helps.
[[nodiscard]] std::unexpected<Error> failErrno(const QString &code, int errnoValue, const QString &where, QJsonObject args = {});

} // namespace cutover

#define CUTOVER_CAT2(a, b) a##b
#define CUTOVER_CAT(a, b) CUTOVER_CAT2(a, b)
#define CUTOVER_TRY_IMPL(tmp, decl, expr, ret)       \
    auto tmp = (expr);                               \
    if (!tmp) {                                      \
        ret std::unexpected(std::move(tmp).error()); \
    }                                                \
    decl = std::move(*tmp)
#define CUTOVER_CHECK_IMPL(tmp, expr, ret)           \
    if (auto tmp = (expr); !tmp) {                   \
        ret std::unexpected(std::move(tmp).error()); \
    }
/// TRY(auto x, f()): x is the value, or the error is returned to the caller. CO_ in coroutines.
#define TRY(decl, expr) CUTOVER_TRY_IMPL(CUTOVER_CAT(cutoverTry, __LINE__), decl, expr, return)
#define CO_TRY(decl, expr) CUTOVER_TRY_IMPL(CUTOVER_CAT(cutoverTry, __LINE__), decl, expr, co_return)
/// CHECK(f()): goes on, or returns the error to the caller.
#define CHECK(expr) CUTOVER_CHECK_IMPL(CUTOVER_CAT(cutoverTry, __LINE__), expr, return)
#define CO_CHECK(expr) CUTOVER_CHECK_IMPL(CUTOVER_CAT(cutoverTry, __LINE__), expr, co_return)

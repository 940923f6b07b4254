// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QPointer>

#include <functional>

namespace cutover {

namespace detail {

template<class T>
QCoro::Task<> finish(Async<T> task, QPointer<QObject> guard, std::function<void(Result<T>)> then)
{
    Result<T> result = co_await std::move(task);
    if (guard) {
        then(std::move(result));
    }
}

} // namespace detail

/**
 * Waits for an answer of the engine without blocking and hands it to then, unless receiver is gone
 * by that time. How a widget calls EngineClient: the client outlives the call, the widget may not.
 */
template<class T>
void ask(QObject *receiver, Async<T> task, std::type_identity_t<std::function<void(Result<T>)>> then)
{
    [[maybe_unused]] auto running = detail::finish<T>(std::move(task), receiver, std::move(then));
}

} // namespace cutover

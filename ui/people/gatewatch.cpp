// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "people/gatewatch.h"

#include "common/ask.h"

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int everyMs = 15000; ///< An hour begins, or a signature expires, without anything telling so.

} // namespace

GateWatch::GateWatch(EngineClient *engine, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
{
    m_timer.setInterval(everyMs);
    connect(&m_timer, &QTimer::timeout, this, &GateWatch::look);
    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"runs"_s) || topics.contains(u"conn"_s)) {
            look();
        }
    });
}

void GateWatch::setDigest(const QString &digest)
{
    if (m_digest == digest) {
        return;
    }
    m_digest = digest;
    m_view = {};
    m_told = {};
    digest.isEmpty() ? m_timer.stop() : m_timer.start();
    Q_EMIT changed();
    look();
}

void GateWatch::look()
{
    if (m_digest.isEmpty()) {
        return;
    }
    ask<GatesView>(this, m_engine->gates(m_digest), [this, digest = m_digest](const Result<GatesView> &view) {
        if (digest != m_digest) {
            return;
        }
        // What the last answer was goes on standing there until there is another.
        const QJsonObject told = view ? view->toJson() : m_told;
        if (told == m_told) {
            return;
        }
        m_view = *view;
        m_told = told;
        Q_EMIT changed();
    });
}

} // namespace cutover

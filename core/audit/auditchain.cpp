// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "audit/auditchain.h"

#include "system/json.h"

using namespace Qt::StringLiterals;

namespace cutover {

QString auditHash(const QString &previous, const AuditRecord &record)
{
    return json::digest(QJsonObject{
        {u"previous"_s, previous},
        {u"sequence"_s, record.sequence},
        {u"time"_s, record.time.toMSecsSinceEpoch()},
        {u"who"_s, record.who},
        {u"what"_s, record.what},
        {u"args"_s, record.args},
    });
}

Result<> AuditChain::add(const AuditRecord &record)
{
    if (record.sequence != m_sequence + 1 || record.hash != auditHash(m_previous, record)) {
        return fail(u"audit.chain_broken"_s,
                    {{u"sequence"_s, m_sequence + 1}, {u"who"_s, record.who}, {u"time"_s, record.time.toString(Qt::ISODateWithMs)}});
    }
    m_sequence = record.sequence;
    m_previous = record.hash;
    return {};
}

Result<> AuditChain::finish(qint64 lastSequence) const
{
    if (m_sequence != lastSequence) {
        return fail(u"audit.rows_missing"_s, {{u"sequence"_s, m_sequence + 1}, {u"last"_s, lastSequence}});
    }
    return {};
}

} // namespace cutover

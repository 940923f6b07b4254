// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "systemdemo.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

/** A demo system whose backend is deployed in another way than the demo's own. */
class ChangedDemo : public SystemDemo
{
public:
    /// The first match of a pattern in one of its files becomes another text.
    void change(const QString &name, const QString &pattern, const QString &with) const
    {
        QFile file(folder() + u'/' + name);
        QVERIFY(file.open(QIODevice::ReadWrite));
        QString text = QString::fromUtf8(file.readAll());
        const auto match = QRegularExpression(pattern).match(text);
        QVERIFY2(match.hasMatch(), qPrintable(pattern + QStringLiteral(" is not in ") + text));
        const QString replaced = match.captured().replace(QRegularExpression(pattern), with);
        const QByteArray bytes = text.replace(match.capturedStart(), match.capturedLength(), replaced).toUtf8();
        QVERIFY(file.resize(0) && file.seek(0) && file.write(bytes) == bytes.size());
    }
    /// Of the newest run: each step of a kind that is done, by its id.
    [[nodiscard]] QStringList doneSteps(const QString &kind) const
    {
        QStringList done;
        const QString run = ctl({QStringLiteral("history")}).json[QStringLiteral("runs")].toArray().first().toObject()[QStringLiteral("id")].toString();
        const QJsonArray steps = ctl({QStringLiteral("history"), run}).json[QStringLiteral("steps")].toArray();
        for (const auto &step : steps) {
            if (step[u"spec"][u"kind"].toString() == kind && step[u"record"][u"state"].toString() == u"done") {
                done.append(step[u"spec"][u"id"].toString());
            }
        }
        return done;
    }
    /// Nobody was turned away, and what was acknowledged is stored.
    void nobodyNoticed(const QString &version, const QString &troubles) const
    {
        QVERIFY2(servesOnly(version), qPrintable(version));
        QCOMPARE(failures(), QStringList());
        QCOMPARE(balancerTroubles(), troubles);
        const qsizetype acknowledged = acknowledgedOrders().size();
        QVERIFY2(acknowledged > 20, qPrintable(QString::number(acknowledged)));
        QCOMPARE(lostOrders(), QStringList());
    }
};

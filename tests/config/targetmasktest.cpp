// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/targetmask.h"
#include "system/files.h"

#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class TargetMaskTest : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    Target m_target;

    void write(const QString &name, const QByteArray &content) { QVERIFY(files::replace(m_folder.filePath(name), content)); }

private Q_SLOTS:
    void initTestCase()
    {
        m_target.path = m_folder.filePath(u"target.yaml"_s);
        m_target.releasesDirectory = m_folder.filePath(u"releases"_s);
        m_target.configuration = {{m_folder.filePath(u"app.env"_s), {u"*SESAME*"_s}}};
        ServiceSpec service;
        service.name = u"web"_s;
        service.instances = {{u"web-1"_s, 1}};
        service.environmentFile = u"{name}.env"_s;
        service.environment = {{u"ADMIN_TOKEN"_s, u"from-the-target"_s}};
        m_target.services = {service};
    }
    void init()
    {
        write(u"app.env"_s, "FOO_SESAME='first value'\nPLAIN=first\n");
        write(u"web-1.env"_s, "OTHER_SESAME=of-the-service # why\n");
    }

    void knowsTheValuesOfAllFiles()
    {
        TargetMask mask(m_target);
        QCOMPARE(mask.masked(u"first value; of-the-service; from-the-target; first"_s), u"••••; ••••; ••••; first"_s);
    }

    void followsTheFilesAndForgetsNothing()
    {
        TargetMask mask(m_target);
        QCOMPARE(mask.masked(u"first value, second value"_s), u"••••, second value"_s);
        write(u"app.env"_s, "FOO_SESAME='second value'\n");
        QCOMPARE(mask.masked(u"first value, second value"_s), u"••••, ••••"_s);
        QVERIFY(files::remove(m_folder.filePath(u"app.env"_s)));
        QCOMPARE(mask.masked(u"first value, second value"_s), u"••••, ••••"_s);
    }

    /// What can't be read as a configuration file must not make the mask forget the others.
    void livesWithBrokenFiles()
    {
        write(u"app.env"_s, "FOO_SESAME='first value\n\xff");
        TargetMask mask(m_target);
        QCOMPARE(mask.masked(u"of-the-service FOO_SESAME=x"_s), u"•••• FOO_SESAME=••••"_s);
    }

    /// Whatever asks with a secret in a header: readiness, smoke tests, endpoints, systems of others, declared requests.
    void knowsWhatHeadersSend()
    {
        Target target = m_target;
        const auto probe = [this](const QString &name) {
            ProbeSpec spec;
            write(name, "token-of-" + name.toUtf8() + '\n');
            spec.headers = {{u"Authorization"_s, QString(u"Bearer file:"_s + m_folder.filePath(name))}};
            return spec;
        };
        target.services[0].health = probe(u"health"_s);
        target.services[0].smoke = {probe(u"smoke"_s)};
        target.check.probes = {probe(u"endpoint"_s)};
        target.check.external = {probe(u"broker"_s)};
        CompatibilitySpec request;
        request.headers = probe(u"request"_s).headers;
        target.check.compatibility = {request};
        TargetMask mask(target);
        for (const QString &name : {u"health"_s, u"smoke"_s, u"endpoint"_s, u"broker"_s, u"request"_s}) {
            QCOMPARE(mask.masked(QString(u"sent token-of-"_s + name)), u"sent ••••"_s);
        }
    }

    void masksMessagesAndLeavesTheRest()
    {
        TargetMask mask(m_target);
        const Error inner{u"probe.exit"_s, {{u"lastLine"_s, u"got first value"_s}, {u"exit"_s, 3}}, Error::Kind::Transient, u"run first value"_s};
        const QJsonObject all{{u"finding"_s, QJsonObject{{u"code"_s, u"check.first value"_s}, {u"args"_s, QJsonObject{{u"cause"_s, inner.toJson()}, {u"list"_s, QJsonArray{u"first value"_s, 7}}}}}},
                              {u"restorePoint"_s, u"first value"_s},
                              {u"list"_s, QJsonArray{inner.toJson()}}};
        const QJsonObject masked = mask.masked(QJsonValue(all)).toObject();
        const Error expected{u"probe.exit"_s, {{u"lastLine"_s, u"got ••••"_s}, {u"exit"_s, 3}}, Error::Kind::Transient, u"run ••••"_s};
        QCOMPARE(masked[u"finding"][u"args"][u"cause"].toObject(), expected.toJson());
        QCOMPARE(masked[u"finding"][u"args"][u"list"].toArray(), (QJsonArray{u"••••"_s, 7}));
        // Codes are looked up by, and steps decide by their own results.
        QCOMPARE(masked[u"finding"][u"code"], all[u"finding"][u"code"]);
        QCOMPARE(masked[u"restorePoint"], all[u"restorePoint"]);
        QCOMPARE(masked[u"list"][0].toObject(), expected.toJson());
        QCOMPARE(mask.masked(inner).toJson(), expected.toJson());
        const Error bare{u"run.x"_s, {}, Error::Kind::Permanent, {}};
        QCOMPARE(mask.masked(QJsonValue(bare.toJson())).toObject(), bare.toJson());
    }

    void isCheap()
    {
        TargetMask mask(m_target);
        const QString line = u"2026-03-02T12:00:00Z INFO order 4711 accepted from 10.0.0.7 in 3 ms, queue=0 state: open"_s;
        QBENCHMARK
        {
            QCOMPARE(mask.masked(line), line);
        }
    }
};

QTEST_GUILESS_MAIN(TargetMaskTest)
#include "targetmasktest.moc"

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "rollback/rollbackwizard.h"
#include "serve/serveclient.h"
#include "system/files.h"
#include "wizard/wizarddata.h"

#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QRadioButton>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace cutover;
using namespace Qt::StringLiterals;
using wizarddata::visible;

namespace {

constexpr int PlanMs = 60'000;

} // namespace

/** The rollback wizard in front of a real engine, whose releases are tags of a real git repository; nothing runs. */
class RollbackCommitTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<ServeClient> m_engine;
    std::unique_ptr<RollbackWizard> m_wizard;
    QString m_lost; ///< Why the engine is not there.

    QString path(const QString &name) const { return m_folder.filePath(name); }
    QString git(const QStringList &words)
    {
        QProcess process;
        process.start(u"git"_s, QStringList{u"-C"_s, path(u"source"_s), u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s, u"-c"_s, u"tag.gpgSign=false"_s, u"-c"_s, u"commit.gpgSign=false"_s} + words);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            QTest::qFail(QByteArray(words.join(u' ').toUtf8() + ": " + process.readAllStandardError()).constData(), __FILE__, __LINE__);
        }
        return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
    }
    static void write(const QString &file, const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        const auto written = files::replace(file, content);
        QVERIFY2(written, written ? "" : qPrintable(written.error().text()));
    }
    QString commit(const QByteArray &app)
    {
        write(path(u"source/app.txt"_s), app);
        git({u"add"_s, u"-A"_s});
        git({u"commit"_s, u"-q"_s, u"-m"_s, u"A change"_s});
        return git({u"rev-parse"_s, u"HEAD"_s});
    }
    QPushButton *next() const { return m_wizard->findChild<QPushButton *>(u"next"_s); }
    void name(const QString &commit)
    {
        auto *field = visible<QLineEdit>(m_wizard.get(), u"commit"_s);
        QVERIFY(field != nullptr);
        QTest::mouseClick(field, Qt::LeftButton);
        field->selectAll();
        QTest::keyClicks(field, commit);
        QTRY_VERIFY_WITH_TIMEOUT(next()->isEnabled(), PlanMs);
        QTest::mouseClick(next(), Qt::LeftButton);
    }
    bool says(const QString &text) const
    {
        const auto labels = m_wizard->findChildren<QLabel *>();
        return std::ranges::any_of(labels, [&text](const QLabel *label) { return label->isVisible() && label->text().contains(text); });
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void cleanup()
    {
        m_wizard.reset();
        m_engine.reset();
    }

    void aBranchIsPlannedAndAnUnknownNameIsToldAtTheField()
    {
        qputenv("XDG_CONFIG_HOME", path(u"config"_s).toLocal8Bit());
        QVERIFY(QDir().mkpath(path(u"source"_s)));
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        commit("one\n");
        git({u"tag"_s, u"v1.0.0"_s});
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"fix/orders"_s});
        const QString fix = commit("fix\n");
        git({u"checkout"_s, u"-q"_s, u"main"_s});
        commit("two\n");
        git({u"tag"_s, u"v1.1.0"_s});
        write(path(u"releases/1.1.0/app.txt"_s), "two\n");
        QVERIFY(QFile::link(u"1.1.0"_s, path(u"releases/current"_s)));
        write(path(u"target.yaml"_s), "schema: 1\nname: shelf\nproduct: trading\nenvironment: production\nstate: state\nreleases: releases\nbackup: {directory: backups}\n"
                                      "repository: {git: source, tags: \"v*\"}\nservices:\n  - name: backend\n"
                                      "    instances: [{name: backend-1, port: 18080}]\n    command: [/bin/true, \"{port}\"]\n"
                                      "    health: {http: \"http://127.0.0.1:{port}/\"}\n");
        m_engine = std::make_unique<ServeClient>(ControlHost(), qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutoverctl"_s, path(u"target.yaml"_s));
        connect(m_engine.get(), &EngineClient::connectionChanged, this, [this](bool, const Error &error) { m_lost = error.text(); });
        m_engine->start();
        QTRY_VERIFY2_WITH_TIMEOUT(m_engine->isConnected() || !m_lost.isEmpty(), "no word of the engine", PlanMs);
        QVERIFY2(m_engine->isConnected(), qPrintable(m_lost));
        m_wizard.reset(createRollbackPage(m_engine.get()));
        m_wizard->resize(1100, 700);
        m_wizard->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_wizard.get()));
        QTRY_VERIFY_WITH_TIMEOUT(visible<QRadioButton>(m_wizard.get(), u"byCommit"_s) != nullptr, PlanMs);
        auto *way = visible<QRadioButton>(m_wizard.get(), u"byCommit"_s);
        QTest::mouseClick(way, Qt::LeftButton, {}, QPoint(12, way->height() / 2));

        name(u"fix/nothing"_s);
        QTRY_VERIFY_WITH_TIMEOUT(says(u"has no commit fix/nothing"_s), PlanMs);
        QCOMPARE(m_wizard->currentStep(), int(RollbackWizard::Point));

        name(u"fix/orders"_s);
        QTRY_COMPARE_WITH_TIMEOUT(m_wizard->currentStep(), int(RollbackWizard::Preview), PlanMs);
        QVERIFY(says(u"1.1.0 → 1.0.0+g"_s + fix.left(12)));
        QTRY_VERIFY(next()->isEnabled());
        QTest::mouseClick(next(), Qt::LeftButton);
        QCOMPARE(m_wizard->currentStep(), int(RollbackWizard::Confirm));
        QCOMPARE(next()->text(), QString(u"Roll back to "_s + fix.left(12)));
        QVERIFY(!next()->isEnabled());
        QVERIFY(says(u"“shelf”, to roll back production"_s));
    }
};

QTEST_MAIN(RollbackCommitTest)
#include "rollbackcommittest.moc"

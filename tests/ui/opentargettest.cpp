// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/inlinemessage.h"
#include "common/tableview.h"
#include "common/theme.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "shell/opentargetdialog.h"
#include "shell/windowgeometry.h"
#include "startup.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"
#include "ui/keyboard.h"

#include <QAccessible>
#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace Qt::StringLiterals;
using namespace cutover;
using cutover::testing::SshServer;

namespace {

constexpr int ConnectMs = 60'000; ///< A busy machine, and a login.

QString binary(const QString &name)
{
    return qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u'/' + name;
}

} // namespace

/** The dialog that asks for a target, by mouse and keys, with real engines here and behind a real sshd. */
class OpenTargetTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<OpenTargetDialog> m_dialog;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    QString target(const QString &name, const QByteArray &environment = "staging") const
    {
        QDir().mkpath(path(name));
        SshServer::write(path(name + u"/release.pub"_s), "untrusted comment: minisign public key 0\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n");
        const QString file = path(name + u"/target.yaml"_s);
        SshServer::write(file, "schema: 1\nname: " + name.toUtf8() + "\nproduct: trading\nenvironment: " + environment + "\nstate: state\nreleases: releases\n"
                                                                                                                         "repository: {url: repository, keys: [release.pub]}\nservices:\n  - name: backend\n"
                                                                                                                         "    instances: [{name: backend-1, port: 18080}]\n    command: [run, \"{port}\"]\n"
                                                                                                                         "    health: {http: \"http://127.0.0.1:{port}/\"}\n");
        return file;
    }
    QString script(const QString &name, const QByteArray &text) const
    {
        SshServer::write(path(name), "#!/bin/sh\n" + text + '\n');
        QFile::setPermissions(path(name), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return path(name);
    }
    void open(const QString &program = binary(u"cutoverctl"_s))
    {
        m_dialog = std::make_unique<OpenTargetDialog>(program);
        m_dialog->show();
        QVERIFY(QTest::qWaitForWindowActive(m_dialog.get()));
    }
    QLineEdit *field(const QString &name) const { return m_dialog->findChild<QLineEdit *>(name); }
    QPushButton *button(const QString &name) const { return m_dialog->findChild<QPushButton *>(name); }
    TableView *recent() const { return m_dialog->findChild<TableView *>(u"recent"_s); }
    QString told() const { return m_dialog->findChild<InlineMessage *>()->isVisible() ? m_dialog->findChild<InlineMessage *>()->text() : QString(); }
    QString accessibleHint() const
    {
        QStringList texts;
        const auto labels = m_dialog->findChild<InlineMessage *>()->findChildren<QLabel *>();
        for (const QLabel *label : labels) {
            texts << label->text();
        }
        return texts.join(u'\n');
    }
    void type(const QString &name, const QString &text)
    {
        QTest::mouseClick(field(name), Qt::LeftButton);
        field(name)->selectAll();
        QTest::keyClicks(field(name), text);
    }
    void click(const QString &name)
    {
        QPushButton *wanted = button(name);
        QVERIFY(wanted != nullptr && wanted->isVisible());
        QVERIFY2(wanted->isEnabled(), qPrintable(wanted->toolTip()));
        QTest::mouseClick(wanted, Qt::LeftButton);
    }
    bool isAccepted() const { return m_dialog->result() == QDialog::Accepted; }

private Q_SLOTS:
    void initTestCase()
    {
        Theme::instance().install(qApp);
        qputenv("XDG_CONFIG_HOME", path(u"config"_s).toLocal8Bit());
        qunsetenv("CUTOVER_TARGET");
        QCoreApplication::setApplicationName(u"cutover"_s);
        QCoreApplication::setOrganizationName(u"cutover"_s);
    }
    void cleanup()
    {
        m_dialog.reset();
        QSettings().clear();
    }

    /// Words that a person types, and the console's own arguments of them.
    void placesAreReadAsTheyAreMeant()
    {
        const auto local = TargetPlace::parse({}, {}, u"~/trading/../target.yaml"_s);
        QVERIFY(local && local->host.isLocal());
        QCOMPARE(local->file, QDir::homePath() + u"/target.yaml"_s);
        QCOMPARE(TargetPlace::parse(u" "_s, {}, u"target.yaml"_s)->file, QDir::current().absoluteFilePath(u"target.yaml"_s));
        const auto remote = TargetPlace::parse(u"deploy@control:2222"_s, {}, u"trading/target.yaml"_s);
        QVERIFY(remote);
        QCOMPARE(remote->file, u"trading/target.yaml"_s);
        QCOMPARE(remote->arguments(), (QStringList{u"--target=trading/target.yaml"_s, u"--host=deploy@control:2222"_s, u"--remote-program=cutoverctl"_s}));
        QCOMPARE(TargetPlace::parse(u"-oProxyCommand=id"_s, {}, u"x"_s).error().code, u"ssh.bad_host"_s);
        QCOMPARE(TargetPlace::parse({}, {}, u"  "_s).error().code, u"target.no_file_named"_s);
    }

    void everyTargetsWindowOpensWhereItStood()
    {
        const TargetPlace staging = *TargetPlace::parse({}, {}, u"/srv/staging/target.yaml"_s);
        const TargetPlace production = *TargetPlace::parse(u"deploy@control"_s, {}, u"/srv/staging/target.yaml"_s);
        QWidget window;
        window.resize(300, 200);
        windowgeometry::restore(window, staging);
        QCOMPARE(window.size(), QSize(300, 200));
        window.setGeometry(40, 50, 640, 480);
        windowgeometry::remember(window, staging);
        QWidget again;
        windowgeometry::restore(again, staging);
        QCOMPARE(again.geometry(), QRect(40, 50, 640, 480));
        // Another one is as large, and nobody says where.
        QWidget other;
        windowgeometry::restore(other, production);
        QCOMPARE(other.size(), QSize(640, 480));
        QVERIFY(!other.testAttribute(Qt::WA_Moved));
        other.setGeometry(100, 60, 500, 400);
        windowgeometry::remember(other, production);
        windowgeometry::restore(again, production);
        QCOMPARE(again.geometry(), QRect(100, 60, 500, 400));
        windowgeometry::restore(again, staging);
        QCOMPARE(again.geometry(), QRect(40, 50, 640, 480));
    }

    void aTargetOfThisComputerIsOpenedByKeysAlone()
    {
        const QString file = target(u"shelf"_s);
        open();
        QVERIFY(!button(u"open"_s)->isEnabled());
        QCOMPARE(button(u"open"_s)->toolTip(), u"Name the target file."_s);
        QVERIFY(button(u"browse"_s)->isVisible() && !field(u"program"_s)->isVisible());
        TAB_TO(u"file"_s);
        keyboard::type(file);
        keyboard::press(Qt::Key_Return);
        QVERIFY(m_dialog->isConnecting());
        QTRY_VERIFY2_WITH_TIMEOUT(isAccepted(), qPrintable(told()), ConnectMs);
        QCOMPARE(m_dialog->place().file, file);
        const auto client = m_dialog->takeClient();
        QVERIFY(client && client->isConnected());
        // The window goes on with that very connection, and remembers the target by its name.
        MainWindow window(client.get());
        window.setPlace(m_dialog->place());
        window.show();
        QTRY_VERIFY_WITH_TIMEOUT(window.console()->target().has_value(), ConnectMs);
        QCOMPARE(window.console()->target().value_or(TargetView()).name, u"shelf"_s);
        QTRY_COMPARE(RecentTargets::all().size(), 1);
        QCOMPARE(RecentTargets::all().constFirst().name, u"shelf"_s);
        QCOMPARE(RecentTargets::all().constFirst().environment, u"staging"_s);
        QVERIFY(RecentTargets::all().constFirst().isSame(m_dialog->place()));
        // Nothing but that is kept.
        const auto keys = QSettings().allKeys();
        for (const QString &key : keys) {
            static const QRegularExpression known(u"^targets/recent/(size|1/(host|program|file|name|environment))$"_s);
            QVERIFY2(known.match(key).hasMatch(), qPrintable(key));
        }
    }

    void whatIsWrongWithTheFileIsTold()
    {
        const QString file = target(u"shelf"_s);
        open();
        type(u"file"_s, path(u"nowhere/target.yaml"_s));
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(!told().isEmpty(), ConnectMs);
        QVERIFY2(told().contains(path(u"nowhere/target.yaml"_s)) && accessibleHint().contains(u"Check the path"), qPrintable(accessibleHint()));
        QVERIFY(!m_dialog->isConnecting() && m_dialog->isVisible());
        QTRY_VERIFY(field(u"file"_s)->hasFocus());
        // Line and field of one that is no target.
        SshServer::write(path(u"bad.yaml"_s), "schema: 1\nname: shelf\nnonsense: 7\n");
        type(u"file"_s, path(u"bad.yaml"_s));
        QCOMPARE(told(), QString());
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(!told().isEmpty(), ConnectMs);
        QVERIFY2(accessibleHint().contains(u"nonsense"), qPrintable(accessibleHint()));
        // What has to be mended was: in the same dialog.
        type(u"file"_s, file);
        click(u"open"_s);
        QTRY_VERIFY2_WITH_TIMEOUT(isAccepted(), qPrintable(told()), ConnectMs);
    }

    void hostsAreReadBeforeAnythingIsTried()
    {
        open();
        type(u"file"_s, u"target.yaml"_s);
        type(u"host"_s, u"-oProxyCommand=id"_s);
        QVERIFY(field(u"program"_s)->isVisible() && !button(u"browse"_s)->isVisible());
        click(u"open"_s);
        QVERIFY2(told().contains(u"is no host"), qPrintable(told()));
        QVERIFY(field(u"host"_s)->hasFocus());
        QVERIFY(!m_dialog->isConnecting());
    }

    void anotherVersionIsTold()
    {
        open(script(u"newer"_s, R"(read -r hello
echo '{"id":1,"error":{"code":"serve.protocol","args":{"console":1,"server":9,"serverVersion":"9.9.9"}}}'; cat > /dev/null)"));
        type(u"file"_s, target(u"shelf"_s));
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(told().contains(u"9.9.9"), ConnectMs);
        QVERIFY2(accessibleHint().contains(u"Install one version on both"), qPrintable(accessibleHint()));
    }

    void withoutTheProgramThatIsSaid()
    {
        open({});
        type(u"file"_s, target(u"shelf"_s));
        click(u"open"_s);
        QVERIFY2(told().contains(u"cutoverctl"), qPrintable(told()));
    }

    /// Somebody who does not answer holds up nobody, and can be given up.
    void anAttemptCanBeStopped()
    {
        open(script(u"silent"_s, "exec sleep 600"));
        type(u"file"_s, target(u"shelf"_s));
        QElapsedTimer blocked;
        qint64 longest = 0;
        QTimer beat;
        connect(&beat, &QTimer::timeout, &beat, [&] { longest = std::max(longest, blocked.restart()); });
        blocked.start();
        beat.start(10);
        click(u"open"_s);
        QTRY_VERIFY(button(u"stop"_s)->isVisible());
        QVERIFY(!field(u"file"_s)->isEnabled());
        QTest::qWait(1500);
        QVERIFY(m_dialog->isConnecting());
        click(u"stop"_s);
        QVERIFY(!m_dialog->isConnecting() && m_dialog->isVisible());
        QVERIFY(field(u"file"_s)->isEnabled() && !button(u"stop"_s)->isVisible());
        QTest::qWait(50);
        QVERIFY2(longest < 500, qPrintable(u"the event loop stood for %1 ms"_s.arg(longest)));
        // Escape gives up the attempt, and only then the dialog.
        click(u"open"_s);
        QTRY_VERIFY(m_dialog->isConnecting());
        QTest::keyClick(m_dialog.get(), Qt::Key_Escape);
        QVERIFY(!m_dialog->isConnecting() && m_dialog->isVisible());
        QTest::keyClick(m_dialog.get(), Qt::Key_Escape);
        QVERIFY(!m_dialog->isVisible() && !isAccepted());
    }

    void recentOnesAreChosenAndForgotten()
    {
        QStringList files;
        for (const QString &name : {u"one"_s, u"two"_s, u"three"_s}) {
            TargetPlace place{.host = {}, .file = target(name), .name = name, .environment = u"staging"_s};
            files << place.file;
            RecentTargets::add(place);
        }
        TargetPlace remote = TargetPlace::parse(u"deploy@control:2222"_s, u"/opt/cutoverctl"_s, u"trading/target.yaml"_s).value();
        remote.name = u"trading"_s;
        remote.environment = u"production"_s;
        RecentTargets::add(remote);
        // Opened once more it stands in front, once.
        RecentTargets::add({.host = {}, .file = files[0], .name = u"one"_s, .environment = u"staging"_s});
        QCOMPARE(RecentTargets::all().size(), 4);
        open();
        const auto name = [this](int row) { return recent()->model()->index(row, 0).data().toString(); };
        QCOMPARE(name(0), u"one"_s);
        QCOMPARE(name(1), u"trading"_s);
        const auto clickRow = [this](int row, auto how) {
            how(recent()->viewport(), recent()->visualRect(recent()->model()->index(row, 0)).center());
        };
        const auto once = [](QWidget *viewport, QPoint at) { QTest::mouseClick(viewport, Qt::LeftButton, {}, at); };
        clickRow(1, once);
        QCOMPARE(field(u"host"_s)->text(), u"deploy@control:2222"_s);
        QCOMPARE(field(u"program"_s)->text(), u"/opt/cutoverctl"_s);
        QCOMPARE(field(u"file"_s)->text(), u"trading/target.yaml"_s);
        click(u"remove"_s);
        QCOMPARE(RecentTargets::all().size(), 3);
        QCOMPARE(name(1), u"three"_s);
        // By the key, too.
        recent()->setFocus();
        keyboard::press(Qt::Key_Down);
        QCOMPARE(field(u"file"_s)->text(), files[1]);
        keyboard::press(Qt::Key_Delete);
        QCOMPARE(RecentTargets::all().size(), 2);
        QCOMPARE(recent()->model()->rowCount(), 2);
        // Return on a row opens it.
        keyboard::press(Qt::Key_Up);
        keyboard::press(Qt::Key_Home);
        recent()->setCurrentIndex(recent()->model()->index(0, 0));
        keyboard::press(Qt::Key_Return);
        QTRY_VERIFY2_WITH_TIMEOUT(isAccepted(), qPrintable(told()), ConnectMs);
        QCOMPARE(m_dialog->place().file, files[0]);
        (void)m_dialog->takeClient();
        // The list is bounded.
        for (int i = 0; i < 30; ++i) {
            RecentTargets::add({.host = {}, .file = u"/srv/%1.yaml"_s.arg(i), .name = {}, .environment = {}});
        }
        QCOMPARE(RecentTargets::all().size(), RecentTargets::Most);
        QCOMPARE(RecentTargets::all().constFirst().file, u"/srv/29.yaml"_s);
    }

    void theTargetAtHandIsNotOpenedAgain()
    {
        const QString file = target(u"shelf"_s);
        open();
        m_dialog->setShown({.host = {}, .file = file, .name = {}, .environment = {}});
        type(u"file"_s, file);
        QVERIFY(!button(u"open"_s)->isEnabled());
        QCOMPARE(button(u"open"_s)->toolTip(), u"This window shows that target already."_s);
        QTest::keyClicks(field(u"file"_s), u"x"_s);
        QVERIFY(button(u"open"_s)->isEnabled());
    }

    void everythingHasAName()
    {
        RecentTargets::add({.host = {}, .file = u"/srv/target.yaml"_s, .name = u"shelf"_s, .environment = u"staging"_s});
        open();
        field(u"host"_s)->setText(u"control"_s);
        int checked = 0;
        const auto widgets = m_dialog->findChildren<QWidget *>();
        for (QWidget *widget : widgets) {
            if (!widget->isVisible() || (widget->focusPolicy() & Qt::TabFocus) == 0 || widget->objectName().startsWith(u"qt_"_s)) {
                continue;
            }
            QAccessibleInterface *accessible = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(accessible != nullptr && !accessible->text(QAccessible::Name).isEmpty(), widget->metaObject()->className());
            ++checked;
        }
        QVERIFY(checked >= 6);
    }

    /// Host keys and logins: told where the host is named, and gone on with in the same dialog once they are mended.
    void aTargetBehindSshIsOpened()
    {
        NEEDS_SSHD;
        SshServer server;
        const QString problem = server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        const QString config = server.addPerson(path(u"home"_s));
        const auto restore = qScopeGuard([] { qunsetenv("CUTOVER_SSH_CONFIG"); });
        qputenv("CUTOVER_SSH_CONFIG", server.addPerson(path(u"stranger"_s), false).toLocal8Bit());
        const QString knownHosts = path(u"home/.ssh/known_hosts"_s);
        server.knowHost(knownHosts, {});
        const QString file = target(u"shelf"_s);
        open();
        type(u"host"_s, server.address());
        type(u"file"_s, file);
        type(u"program"_s, binary(u"cutoverctl"_s));
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(!told().isEmpty(), ConnectMs);
        QVERIFY2(told().contains(u"lets nobody in") && accessibleHint().contains(u"ssh-add"), qPrintable(accessibleHint()));
        QVERIFY(field(u"host"_s)->hasFocus());
        qputenv("CUTOVER_SSH_CONFIG", config.toLocal8Bit());
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(told().contains(u"host key"), ConnectMs);
        QVERIFY2(accessibleHint().contains(u"ssh-keygen -lf"), qPrintable(accessibleHint()));
        QVERIFY(SshServer::read(knownHosts).isEmpty());
        server.knowHost(knownHosts, server.path(u"host_key.pub"_s));
        // The host is fine by now; the program over there is not.
        type(u"program"_s, u"/nowhere/cutoverctl"_s);
        click(u"open"_s);
        QTRY_VERIFY_WITH_TIMEOUT(told().contains(u"/nowhere/cutoverctl"), ConnectMs);
        QTRY_VERIFY(field(u"program"_s)->hasFocus());
        type(u"program"_s, binary(u"cutoverctl"_s));
        click(u"open"_s);
        QTRY_VERIFY2_WITH_TIMEOUT(isAccepted(), qPrintable(told()), ConnectMs);
        const auto client = m_dialog->takeClient();
        QCOMPARE(client->link().host, server.address());
        QCOMPARE(m_dialog->place().host.text(), server.address());
    }

    /// From nothing to a window, and from there to another: the first goes on with the dialog's connection.
    void aFurtherTargetOpensInAProcessOfItsOwn()
    {
        const QString first = target(u"shelf"_s);
        const QString second = target(u"bench"_s, "production");
        const QString told = path(u"told"_s);
        StartupOptions options;
        options.program = script(u"further"_s, "printf '%s\\n' \"$@\" > '" + told.toLocal8Bit() + ".new' && mv '" + told.toLocal8Bit() + ".new' '" + told.toLocal8Bit() + "'");
        // Beside the test there is no cutoverctl.
        const QByteArray before = qgetenv("PATH");
        qputenv("PATH", QByteArray(QFileInfo(binary(u"cutoverctl"_s)).path().toLocal8Bit() + ':' + before));
        const auto restore = qScopeGuard([&before] { qputenv("PATH", before); });
        Startup startup(options);
        startup.start();
        const auto find = [](auto *&found) {
            const auto widgets = QApplication::topLevelWidgets();
            for (QWidget *widget : widgets) {
                if (auto *wanted = qobject_cast<std::remove_reference_t<decltype(found)>>(widget); wanted != nullptr && wanted->isVisible()) {
                    found = wanted;
                }
            }
            return found != nullptr;
        };
        const auto openTarget = [&find](const QString &file) {
            OpenTargetDialog *dialog = nullptr;
            QTRY_VERIFY(find(dialog));
            QVERIFY(QTest::qWaitForWindowActive(dialog));
            auto *field = dialog->findChild<QLineEdit *>(u"file"_s);
            QTest::mouseClick(field, Qt::LeftButton);
            field->selectAll();
            QTest::keyClicks(field, file);
            QTest::mouseClick(dialog->findChild<QPushButton *>(u"open"_s), Qt::LeftButton);
        };
        openTarget(first);
        MainWindow *window = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT(find(window), ConnectMs);
        QTRY_VERIFY_WITH_TIMEOUT(window->console()->target().has_value(), ConnectMs);
        QCOMPARE(window->console()->target().value_or(TargetView()).name, u"shelf"_s);
        QTRY_COMPARE(QApplication::topLevelWidgets().contains(window), true);
        QVERIFY(QTest::qWaitForWindowActive(window));
        QTest::keyClick(window, Qt::Key_O, Qt::ControlModifier);
        openTarget(second);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(told), ConnectMs);
        QCOMPARE(QString::fromLocal8Bit(SshServer::read(told)).split(u'\n').first(), QString(u"--target="_s + second));
        // The window at hand stays with its own.
        QVERIFY(window->isVisible() && window->console()->isConnected());
        QCOMPARE(window->console()->target().value_or(TargetView()).name, u"shelf"_s);
        QCOMPARE(RecentTargets::all().size(), 1);
    }

    /// The program itself: it asks where nothing is named, and what the dialog makes of a place opens it.
    void theProgramTakesWhatTheDialogGives()
    {
        QProcess asking;
        asking.start(binary(u"cutover"_s), {});
        QVERIFY(asking.waitForStarted());
        // Once it heeds the signal (proc(5), SigCgt).
        const auto heeds = [&asking] {
            const QByteArray status = SshServer::read(u"/proc/%1/status"_s.arg(asking.processId()));
            const qsizetype at = status.indexOf("SigCgt:");
            return at >= 0 && (status.sliced(at + 7).trimmed().first(16).toULongLong(nullptr, 16) >> (SIGTERM - 1) & 1) != 0;
        };
        QTRY_VERIFY_WITH_TIMEOUT(heeds(), ConnectMs);
        QVERIFY2(!asking.waitForFinished(1000), asking.readAllStandardError().constData());
        ::kill(pid_t(asking.processId()), SIGTERM);
        QVERIFY(asking.waitForFinished(20'000));
        QCOMPARE(asking.exitStatus(), QProcess::NormalExit);
        QCOMPARE(asking.exitCode(), 0);

        const TargetPlace place = TargetPlace::parse({}, {}, target(u"shelf"_s)).value();
        QProcess shown;
        shown.start(binary(u"cutover"_s), place.arguments() + QStringList{u"--screenshot"_s, path(u"shown.png"_s), u"--theme=dark"_s});
        QVERIFY(shown.waitForFinished(ConnectMs * 2));
        QVERIFY2(shown.exitCode() == 0, shown.readAllStandardError().constData());
        QVERIFY(QImage(path(u"shown.png"_s)).width() > 900);
        QProcess picture;
        picture.start(binary(u"cutover"_s), {u"--screenshot"_s, path(u"none.png"_s)});
        QVERIFY(picture.waitForFinished(20'000));
        QCOMPARE(picture.exitCode(), 2);
    }
};

QTEST_MAIN(OpenTargetTest)
#include "opentargettest.moc"

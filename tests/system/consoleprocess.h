// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QHash>
#include <QJsonObject>
#include <QList>
#include <QProcess>
#include <QSet>

/** A console of its own process and home folder, as a test leads it. */
class ConsoleProcess : public QObject
{
    Q_OBJECT
public:
    /// person: who sits at it; home: its home folder.
    ConsoleProcess(const QString &targetFile, const QString &person, const QString &home);
    /// The same on a control host; sshConfiguration: of that person.
    ConsoleProcess(const QString &host, const QString &targetFile, const QString &person, const QString &home, const QString &sshConfiguration);
    ~ConsoleProcess() override;

    [[nodiscard]] bool waitConnected(int timeoutMs = 30000);
    /// {"result": …} or {"error": …}; empty when there was no answer in time.
    [[nodiscard]] QJsonObject call(const QString &method, const QJsonObject &params = {}, int timeoutMs = 60000);
    [[nodiscard]] QJsonObject result(const QString &method, const QJsonObject &params = {}) { return call(method, params)[u"result"].toObject(); }
    [[nodiscard]] QString refusal(const QString &method, const QJsonObject &params = {}) { return call(method, params)[u"error"][u"code"].toString(); }
    /// The end of a job: {"state", "what"}.
    [[nodiscard]] QJsonObject endOf(const QString &job, int timeoutMs = 120000);

    /// Kills it and its server, as a power failure would.
    void kill();
    static void killWithServer(QProcess &console);
    /// Of somebody with a home folder of their own.
    [[nodiscard]] static QProcessEnvironment environmentOf(const QString &person, const QString &home);
    /// Closes it, as a person does; true when it ended by itself.
    bool close();

    [[nodiscard]] bool isConnected() const { return m_connected; }
    int connects = 0;
    QStringList losses; ///< Codes of why there was no connection.
    QStringList warnings; ///< Codes of what the control host says about itself.
    QSet<QString> topics; ///< All that it was told had changed.
    QList<QJsonObject> told; ///< What the runner told.

private:
    void start(const QProcessEnvironment &environment, const QStringList &words);
    void read();
    QProcess m_process;
    QHash<int, QJsonObject> m_answers;
    QHash<QString, QJsonObject> m_jobs;
    int m_next = 1;
    bool m_connected = false;
};

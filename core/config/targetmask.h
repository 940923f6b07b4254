// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "config/secrets.h"
#include "target/target.h"

#include <QDateTime>

namespace cutover {

/**
 * Hides all secrets of one target: the values under secret keys, and the passwords in URLs, in its
 * configuration files, the services' environment files and target.yaml's own environments; what the headers of its probes
 * and requests refer to; and whatever
 * SecretMask knows by its look. Everything that enters journal, log, run channel or a console's answer
 * passes one of these.
 *
 * Files are read at first use and again once they have changed; what a file held before stays hidden,
 * as a service may still tell it. Values are kept in memory only. One thread; blocking for small files.
 */
class TargetMask
{
public:
    explicit TargetMask(const Target &target);

    [[nodiscard]] QString masked(const QString &text);
    [[nodiscard]] Message masked(const Message &message);
    [[nodiscard]] Error masked(const Error &error);
    /// The messages and errors anywhere inside; all else stays as it is, since steps decide by it.
    [[nodiscard]] QJsonValue masked(const QJsonValue &value);

    /// What of an argument is a secret written out (secretInArgument()); empty: nothing.
    [[nodiscard]] QString secretIn(const QStringList &arguments, qsizetype at);

private:
    struct Source {
        QString file;
        QDateTime changed;
        qint64 size = -1;
    };
    void lookAgain();
    void learnReferences();
    [[nodiscard]] QJsonValue maskedArgument(const QJsonValue &value) const;
    [[nodiscard]] QJsonObject maskedMessage(QJsonObject json) const;

    SecretMask m_mask;
    QList<Source> m_sources;
    QList<Source> m_references; ///< file: what it names is the secret itself.
};

} // namespace cutover

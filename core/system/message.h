// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QJsonObject>
#include <QString>

#include <span>

namespace cutover {

/**
 * A sentence for people that has not been written yet: a code and its arguments.
 *
 * Journal, plan and protocol carry messages, never rendered text, so that each console renders
 * them in its own language. Value type, any thread.
 */
struct Message {
    QString code;
    QJsonObject args;

    [[nodiscard]] bool isEmpty() const { return code.isEmpty(); }
    /// The sentence in the current language; the code and its arguments where no text is known.
    [[nodiscard]] QString text() const;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static Message fromJson(const QJsonObject &json);
    bool operator==(const Message &) const = default;
};

/**
 * The texts of all codes. A room registers its own in a file-scope object:
 *
 *     static const Catalogue::Registration texts{{
 *         {"package.member_digest",
 *          QT_TRANSLATE_NOOP("catalogue", "Member “%{member}” of the package has changed: expected %{expected}, found %{actual}."),
 *          QT_TRANSLATE_NOOP("catalogue", "Download the package again.")},
 *     }};
 *
 * Placeholders: %{name}; %{name:bytes}; %{name:duration} (argument in ms, "1 min 20 s");
 * %{name:percent} (argument 0…1); %{name:number} (a count, grouped); %{name:time} (ISO form, shown as local time); %{name:list} (array, comma separated);
 * an argument that is itself a message or an error in JSON becomes its sentence, with
 * %{name:hint} what to do about the deepest cause of that error;
 * %{count|order|orders} picks a word by number.
 */
class Catalogue
{
public:
    struct Entry {
        const char *code;
        const char *text;
        const char *hint = nullptr; ///< What to do about it; only for errors.
    };
    struct Registration {
        Registration(std::initializer_list<Entry> entries);
    };

    [[nodiscard]] static QString text(const QString &code, const QJsonObject &args);
    [[nodiscard]] static QString hint(const QString &code, const QJsonObject &args);
    [[nodiscard]] static bool contains(const QString &code);
};

/// "1 min 20 s", "350 ms", "2 h 5 min".
[[nodiscard]] QString durationText(qint64 milliseconds);
/// "1.2 GB" in the locale's units.
[[nodiscard]] QString sizeText(qint64 bytes);

} // namespace cutover

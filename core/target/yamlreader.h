// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

#include <vector>

/**
 * Strict reading of a small YAML file that people write: every value is asked for by name and
 * type, everything that was not asked for is an error, and every error knows its line and column.
 * No input makes it throw, recurse without limit or expand (aliases are refused). Any thread.
 *
 * Codes, after the prefix of the file's kind ("target", "manifest"): syntax, encoding, document,
 * too_deep, alias, tag, key, unknown_key (near a known one), unexpected_key, duplicate_key, missing, duplicate, unknown_name, and
 * expected_KIND, with the arguments field (path, "services[0].health.http"), expected (KIND), found.
 */
namespace cutover::yaml {

/** One value with its place in the file. */
struct Node {
    enum class Kind { Null,
                      Scalar,
                      List,
                      Map };
    struct Member;

    Kind kind = Kind::Null;
    int line = 1;
    int column = 1;
    bool quoted = false; ///< A quoted scalar is always text.
    QString scalar;
    std::vector<Node> items;
    std::vector<Member> members;

    /// For an error message: a shortened scalar in its own words, "[…]", "{…}" or "null".
    [[nodiscard]] QString found() const;
};

struct Node::Member {
    QString key;
    int line = 1;
    int column = 1;
    Node value;
};

/**
 * The errors of one file. Reading goes on after an error with a default value, so that in the end
 * the most telling one can be reported: a misspelt key rather than the missing one it stands for.
 */
class Report
{
public:
    Report(QString file, QString prefix);
    /// code without prefix.
    void add(const QString &code, int line, int column, QJsonObject args);
    /// A ready error of another room, placed here.
    void add(Error error, int line, int column);
    [[nodiscard]] bool isEmpty() const { return m_problems.empty(); }
    /// The most telling problem, with the count of the others under "more".
    [[nodiscard]] Error error() const;
    [[nodiscard]] QString where(int line, int column) const;

private:
    struct Problem {
        int rank;
        int line;
        int column;
        Error error;
    };
    QString m_file;
    QString m_prefix;
    std::vector<Problem> m_problems;
};

/** A value in its file: place, path and report. The node and the report outlive it. */
class Value
{
public:
    Value() = default; ///< Absent.
    Value(const Node *node, const QString &path, Report *report)
        : m_node(node)
        , m_path(path)
        , m_report(report)
    {
    }

    [[nodiscard]] bool exists() const { return m_node != nullptr; }
    [[nodiscard]] const QString &path() const { return m_path; }
    [[nodiscard]] int line() const { return m_node ? m_node->line : 1; }
    /// Reports "expected_KIND" here.
    void expected(const QString &kind, QJsonObject args = {}) const;
    void problem(const QString &code, QJsonObject args) const;
    void problem(const Error &error) const;

    // Each of these reports and returns the fallback when the value has another type; an absent
    // value gives the fallback silently.
    [[nodiscard]] QString text(const QString &fallback = {}) const; ///< Any non-empty scalar without control characters.
    [[nodiscard]] QString anyText(const QString &fallback = {}) const; ///< Any scalar, also empty or of several lines.
    [[nodiscard]] QString name(const QString &fallback = {}) const; ///< Letters, digits, "_", "-", "."; fit for a file name.
    [[nodiscard]] QString choice(const QStringList &choices, const QString &fallback = {}) const;
    [[nodiscard]] bool boolean(bool fallback = false) const;
    [[nodiscard]] qint64 integer(qint64 minimum, qint64 maximum, qint64 fallback = 0) const;
    [[nodiscard]] double number(double minimum, double maximum, double fallback = 0) const;
    /// "250ms", "30s", "5m", "1h30m", "2d" → milliseconds.
    [[nodiscard]] qint64 duration(qint64 minimum, qint64 fallback) const;
    /// "4 GB" (10⁹), "4GiB" (2³⁰), "512" (bytes).
    [[nodiscard]] qint64 size(qint64 fallback) const;
    /// "5 %" or 0.05 → 0.05. A whole number but 0 is refused: nobody can tell 1 from 1 %.
    [[nodiscard]] double proportion(double fallback) const;
    /// "22:30" → minutes of the day.
    [[nodiscard]] qint64 timeOfDay(qint64 fallback) const;
    /// A path below a folder that is not known yet: not absolute, without ".."; cleaned.
    [[nodiscard]] QString relativePath(const QString &fallback = {}) const;
    [[nodiscard]] QStringList texts() const; ///< A list of non-empty scalars.
    [[nodiscard]] std::vector<Value> list() const;
    [[nodiscard]] std::vector<Value> filledList() const; ///< Reports an empty one.

private:
    [[nodiscard]] bool isScalar(const QString &kind) const;

    const Node *m_node = nullptr;
    QString m_path;
    Report *m_report = nullptr;
};

/** A map of which each key is asked for once; close() reports the keys that nobody asked for. */
class Map
{
public:
    Map(const Node *node, const QString &path, Report *report);

    [[nodiscard]] bool exists() const { return m_node != nullptr; }
    [[nodiscard]] bool has(const QString &key) const;
    /// Whether a map is under the key; for keys that may also hold a plain value.
    [[nodiscard]] bool hasMap(const QString &key) const;
    /// The value under a key; absent when it is not there.
    [[nodiscard]] Value optional(const QString &key);
    /// Reports "missing" when it is not there. expected: its kind, for the message.
    [[nodiscard]] Value required(const QString &key, const QString &expected);
    [[nodiscard]] Map optionalMap(const QString &key);
    [[nodiscard]] Map requiredMap(const QString &key);
    [[nodiscard]] std::vector<Map> maps(const QString &key, bool required = false);
    /// All keys with their values, for maps whose keys are free.
    [[nodiscard]] std::vector<std::pair<QString, Value>> free(const QString &key);
    void close();
    [[nodiscard]] const QString &path() const { return m_path; }
    void problem(const QString &code, QJsonObject args) const;

private:
    [[nodiscard]] const Node *find(const QString &key);
    [[nodiscard]] QString pathOf(const QString &key) const;

    const Node *m_node = nullptr; ///< nullptr: absent or of another type.
    QString m_path;
    Report *m_report = nullptr;
    QStringList m_known;
};

/// The file's root map. name: shown in errors.
[[nodiscard]] Result<Node> parse(const QByteArray &bytes, const QString &name, const QString &prefix);

/// The candidate with the least edits (Levenshtein), if it is near enough to be meant.
[[nodiscard]] QString nearest(const QString &word, const QStringList &candidates);

/// A double-quoted YAML scalar, whatever text holds.
[[nodiscard]] QByteArray quoted(const QString &text);

/// "1h30m" → milliseconds; -1 when it is no duration.
[[nodiscard]] qint64 parseDuration(const QString &text);

} // namespace cutover::yaml

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/yamlreader.h"

#include <QDir>
#include <QHash>
#include <QJsonArray>
#include <QRegularExpression>
#include <QStringDecoder>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <tuple>

using namespace Qt::StringLiterals;

namespace cutover::yaml {

namespace {

constexpr qsizetype maxDepth = 16;
constexpr qsizetype maxShown = 60;

/** Leaves the parser from within one of its events. */
struct Refusal {
    QString code;
    YAML::Mark mark;
    QJsonObject args;
};

/**
 * Builds the tree from parser events. yaml-cpp's own tree would resolve aliases, keep the last of
 * two equal keys and lose the marks of keys.
 */
class Builder : public YAML::EventHandler
{
public:
    explicit Builder(Node &root)
        : m_root(root)
    {
    }

    void OnDocumentStart(const YAML::Mark &) override { }
    void OnDocumentEnd() override { }
    void OnAnchor(const YAML::Mark &mark, const std::string &) override { refuse(u"alias"_s, mark); }
    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override { refuse(u"alias"_s, mark); }

    void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override
    {
        begin(mark, {}, anchor);
        Node node;
        place(node, mark);
        add(std::move(node));
    }

    void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, const std::string &value) override
    {
        begin(mark, tag, anchor);
        Node node;
        place(node, mark);
        node.quoted = tag == "!";
        node.scalar = QString::fromStdString(value);
        const bool null = !node.quoted
            && (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL");
        node.kind = null ? Node::Kind::Null : Node::Kind::Scalar;
        add(std::move(node));
    }

    void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(Node::Kind::List, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
    {
        open(Node::Kind::Map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Level {
        Node node;
        Node::Member member; ///< A key that waits for its value.
        bool hasKey = false;
        QHash<QString, int> lines; ///< Where each key was first.
    };

    [[noreturn]] static void refuse(const QString &code, const YAML::Mark &mark, const QJsonObject &args = {})
    {
        throw Refusal{code, mark, args};
    }

    static void place(Node &node, const YAML::Mark &mark)
    {
        node.line = mark.line + 1;
        node.column = mark.column + 1;
    }

    void begin(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor)
    {
        if (anchor != YAML::NullAnchor) {
            refuse(u"alias"_s, mark);
        }
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse(u"tag"_s, mark, {{u"found"_s, QString::fromStdString(tag).left(maxShown)}});
        }
    }

    void open(Node::Kind kind, const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor)
    {
        begin(mark, tag, anchor);
        if (qsizetype(m_levels.size()) >= maxDepth) {
            refuse(u"too_deep"_s, mark, {{u"maximum"_s, maxDepth}});
        }
        Level level;
        level.node.kind = kind;
        place(level.node, mark);
        m_levels.push_back(std::move(level));
    }

    void close()
    {
        Node node = std::move(m_levels.back().node);
        m_levels.pop_back();
        add(std::move(node));
    }

    void add(Node node)
    {
        if (m_levels.empty()) {
            m_root = std::move(node);
            return;
        }
        Level &level = m_levels.back();
        if (level.node.kind == Node::Kind::List) {
            level.node.items.push_back(std::move(node));
            return;
        }
        if (level.hasKey) {
            // A null takes the place of the next token, a block that of its first line: the key says more.
            if (node.kind != Node::Kind::Scalar && node.line != level.member.line) {
                node.line = level.member.line;
                node.column = level.member.column;
            }
            level.member.value = std::move(node);
            level.node.members.push_back(std::move(level.member));
            level.member = {};
            level.hasKey = false;
            return;
        }
        const YAML::Mark mark = [&node] {
            YAML::Mark m;
            m.line = node.line - 1;
            m.column = node.column - 1;
            return m;
        }();
        if (node.kind != Node::Kind::Scalar) {
            refuse(u"key"_s, mark, {{u"found"_s, node.found()}});
        }
        if (const auto first = level.lines.constFind(node.scalar); first != level.lines.constEnd()) {
            refuse(u"duplicate_key"_s, mark, {{u"key"_s, node.scalar.left(maxShown)}, {u"first"_s, *first}});
        }
        level.lines.insert(node.scalar, node.line);
        level.member.key = node.scalar;
        level.member.line = node.line;
        level.member.column = node.column;
        level.hasKey = true;
    }

    Node &m_root;
    std::vector<Level> m_levels;
};

QString shortened(const QString &text)
{
    return text.size() <= maxShown ? text : text.left(maxShown) + u'…';
}

bool hasControl(const QString &text)
{
    return std::ranges::any_of(text, [](QChar c) {
        return c.category() == QChar::Other_Control;
    });
}

struct Unit {
    QStringView name;
    double factor;
};

} // namespace

QString Node::found() const
{
    switch (kind) {
    case Kind::Null:
        return u"null"_s;
    case Kind::Scalar:
        return shortened(quoted ? u'"' + scalar + u'"' : scalar);
    case Kind::List:
        return items.empty() ? u"[]"_s : u"[…]"_s;
    case Kind::Map:
        return members.empty() ? u"{}"_s : u"{…}"_s;
    }
    return {};
}

Report::Report(QString file, QString prefix)
    : m_file(std::move(file))
    , m_prefix(std::move(prefix))
{
}

QString Report::where(int line, int column) const
{
    return m_file + u':' + QString::number(line) + u':' + QString::number(column);
}

void Report::add(const QString &code, int line, int column, QJsonObject args)
{
    // What only follows from another field comes last: that one may be the wrong one.
    static const QStringList relations{u"duplicate"_s, u"unknown_name"_s, u"no_balancer"_s, u"no_compose"_s, u"redis_user"_s, u"no_port"_s, u"scrape_interval"_s};
    const int rank = code == u"unknown_key" ? 0 : code == u"missing" ? 2
        : relations.contains(code)                                   ? 3
                                                                     : 1;
    m_problems.push_back({rank, line, column, Error{m_prefix + u'.' + code, std::move(args), Error::Kind::Permanent, where(line, column)}});
}

void Report::add(Error error, int line, int column)
{
    error.where = where(line, column);
    m_problems.push_back({1, line, column, std::move(error)});
}

Error Report::error() const
{
    const auto first = std::ranges::min_element(m_problems, {}, [](const Problem &problem) {
        return std::tuple(problem.rank, problem.line, problem.column);
    });
    Error error = first->error;
    error.args[u"more"_s] = qint64(m_problems.size()) - 1;
    return error;
}

void Value::problem(const QString &code, QJsonObject args) const
{
    if (!m_node) {
        return; // Missing, which is said already.
    }
    if (!args.contains(u"field"_s)) {
        args[u"field"_s] = m_path;
    }
    m_report->add(code, m_node->line, m_node->column, std::move(args));
}

void Value::problem(const Error &error) const
{
    if (!m_node) {
        return;
    }
    Error copy = error;
    copy.args[u"field"_s] = m_path;
    m_report->add(std::move(copy), m_node->line, m_node->column);
}

void Value::expected(const QString &kind, QJsonObject args) const
{
    args[u"expected"_s] = kind;
    args[u"found"_s] = m_node->found();
    problem(u"expected_"_s + kind, std::move(args));
}

bool Value::isScalar(const QString &kind) const
{
    if (!m_node) {
        return false;
    }
    if (m_node->kind != Node::Kind::Scalar) {
        expected(kind);
        return false;
    }
    return true;
}

QString Value::text(const QString &fallback) const
{
    if (!isScalar(u"text"_s)) {
        return fallback;
    }
    if (m_node->scalar.trimmed().isEmpty() || hasControl(m_node->scalar)) {
        expected(u"text"_s);
        return fallback;
    }
    return m_node->scalar;
}

QString Value::anyText(const QString &fallback) const
{
    if (m_node && m_node->kind == Node::Kind::Null) {
        return {};
    }
    if (!isScalar(u"text"_s)) {
        return fallback;
    }
    if (m_node->scalar.contains(QChar(u'\0'))) {
        expected(u"text"_s);
        return fallback;
    }
    return m_node->scalar;
}

QString Value::name(const QString &fallback) const
{
    if (!isScalar(u"name"_s)) {
        return fallback;
    }
    static const QRegularExpression pattern(uR"(\A[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\z)"_s);
    if (!pattern.match(m_node->scalar).hasMatch()) {
        expected(u"name"_s);
        return fallback;
    }
    return m_node->scalar;
}

QString Value::choice(const QStringList &choices, const QString &fallback) const
{
    if (!m_node) {
        return fallback;
    }
    if (m_node->kind != Node::Kind::Scalar || !choices.contains(m_node->scalar)) {
        QJsonObject args{{u"choices"_s, QJsonArray::fromStringList(choices)}};
        if (const QString near = nearest(m_node->scalar, choices); !near.isEmpty()) {
            args[u"nearest"_s] = near;
        }
        expected(u"choice"_s, args);
        return fallback;
    }
    return m_node->scalar;
}

bool Value::boolean(bool fallback) const
{
    if (!isScalar(u"boolean"_s)) {
        return fallback;
    }
    if (!m_node->quoted && m_node->scalar == u"true") {
        return true;
    }
    if (!m_node->quoted && m_node->scalar == u"false") {
        return false;
    }
    expected(u"boolean"_s);
    return fallback;
}

qint64 Value::integer(qint64 minimum, qint64 maximum, qint64 fallback) const
{
    if (!m_node) {
        return fallback;
    }
    static const QRegularExpression pattern(uR"(\A-?[0-9]{1,19}\z)"_s);
    bool ok = m_node->kind == Node::Kind::Scalar && !m_node->quoted && pattern.match(m_node->scalar).hasMatch();
    const qint64 value = ok ? m_node->scalar.toLongLong(&ok) : 0;
    if (!ok || value < minimum || value > maximum) {
        expected(u"integer"_s, {{u"minimum"_s, minimum}, {u"maximum"_s, maximum}});
        return fallback;
    }
    return value;
}

double Value::number(double minimum, double maximum, double fallback) const
{
    if (!m_node) {
        return fallback;
    }
    static const QRegularExpression pattern(uR"(\A-?[0-9]{1,15}(\.[0-9]{1,15})?\z)"_s);
    const bool ok = m_node->kind == Node::Kind::Scalar && !m_node->quoted && pattern.match(m_node->scalar).hasMatch();
    const double value = ok ? m_node->scalar.toDouble() : 0;
    if (!ok || value < minimum || value > maximum) {
        expected(u"number"_s, {{u"minimum"_s, minimum}, {u"maximum"_s, maximum}});
        return fallback;
    }
    return value;
}

qint64 parseDuration(const QString &text)
{
    static const QRegularExpression pattern(
        uR"(\A(?:(\d{1,9}(?:\.\d{1,9})?) ?d)? ?(?:(\d{1,9}(?:\.\d{1,9})?) ?h)? ?(?:(\d{1,9}(?:\.\d{1,9})?) ?(?:m|min))? ?(?:(\d{1,9}(?:\.\d{1,9})?) ?s)? ?(?:(\d{1,9}) ?ms)?\z)"_s);
    if (text == u"0") {
        return 0;
    }
    const auto match = pattern.match(text);
    if (!match.hasMatch() || match.lastCapturedIndex() == 0) {
        return -1;
    }
    static constexpr double factors[] = {86400000, 3600000, 60000, 1000, 1};
    double sum = 0;
    for (int i = 0; i < 5; ++i) {
        sum += match.captured(i + 1).toDouble() * factors[i];
    }
    // Ten years is beyond any limit that makes sense, and far from overflow.
    return sum > 3650.0 * factors[0] ? -1 : qRound64(sum);
}

qint64 Value::duration(qint64 minimum, qint64 fallback) const
{
    if (!m_node) {
        return fallback;
    }
    const qint64 value = m_node->kind == Node::Kind::Scalar ? parseDuration(m_node->scalar.trimmed()) : -1;
    if (value < 0 || value < minimum) {
        expected(u"duration"_s, {{u"minimum"_s, minimum}});
        return fallback;
    }
    return value;
}

qint64 Value::size(qint64 fallback) const
{
    if (!m_node) {
        return fallback;
    }
    static const QRegularExpression pattern(uR"(\A([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([kKMGT]?i?B)?\z)"_s);
    const auto match = pattern.match(m_node->kind == Node::Kind::Scalar ? m_node->scalar.trimmed() : QString());
    static constexpr Unit units[] = {{u"", 1}, {u"B", 1}, {u"kB", 1e3}, {u"KB", 1e3}, {u"MB", 1e6}, {u"GB", 1e9}, {u"TB", 1e12}, {u"KiB", 1024.0}, {u"kiB", 1024.0}, {u"MiB", 1024.0 * 1024}, {u"GiB", 1024.0 * 1024 * 1024}, {u"TiB", 1024.0 * 1024 * 1024 * 1024}};
    if (match.hasMatch()) {
        for (const Unit &unit : units) {
            if (match.captured(2) == unit.name) {
                const double bytes = match.captured(1).toDouble() * unit.factor;
                if (bytes <= 9e15) {
                    return qRound64(bytes);
                }
            }
        }
    }
    expected(u"size"_s);
    return fallback;
}

double Value::proportion(double fallback) const
{
    if (!m_node) {
        return fallback;
    }
    if (m_node->kind == Node::Kind::Scalar) {
        static const QRegularExpression percent(uR"(\A([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%\z)"_s);
        static const QRegularExpression fraction(uR"(\A(0|[01]\.[0-9]{1,12})\z)"_s);
        const QString text = m_node->scalar.trimmed();
        double value = -1;
        if (const auto match = percent.match(text); match.hasMatch()) {
            value = match.captured(1).toDouble() / 100;
        } else if (const auto plain = fraction.match(text); plain.hasMatch()) {
            value = plain.captured(1).toDouble();
        }
        if (value >= 0 && value <= 1) {
            return value;
        }
    }
    expected(u"proportion"_s);
    return fallback;
}

qint64 Value::timeOfDay(qint64 fallback) const
{
    if (!m_node) {
        return fallback;
    }
    static const QRegularExpression pattern(uR"(\A([01][0-9]|2[0-3]):([0-5][0-9])\z)"_s);
    const auto match = pattern.match(m_node->kind == Node::Kind::Scalar ? m_node->scalar : QString());
    if (!match.hasMatch()) {
        expected(u"time"_s);
        return fallback;
    }
    return match.captured(1).toInt() * 60 + match.captured(2).toInt();
}

std::vector<Value> Value::list() const
{
    std::vector<Value> values;
    if (!m_node) {
        return values;
    }
    if (m_node->kind != Node::Kind::List) {
        expected(u"list"_s);
        return values;
    }
    for (size_t i = 0; i < m_node->items.size(); ++i) {
        values.emplace_back(&m_node->items[i], m_path + u'[' + QString::number(i) + u']', m_report);
    }
    return values;
}

std::vector<Value> Value::filledList() const
{
    auto values = list();
    if (m_node && m_node->kind == Node::Kind::List && values.empty()) {
        expected(u"list"_s);
    }
    return values;
}

QString Value::relativePath(const QString &fallback) const
{
    const QString plain = text(fallback);
    const QString clean = QDir::cleanPath(plain);
    if (!plain.isEmpty() && (QDir::isAbsolutePath(clean) || clean == u".." || clean.startsWith(u"../"_s))) {
        expected(u"relative_path"_s);
        return fallback;
    }
    return plain.isEmpty() ? QString() : clean;
}

QStringList Value::texts() const
{
    QStringList result;
    for (const Value &value : list()) {
        result << value.text();
    }
    return result;
}

Map::Map(const Node *node, const QString &path, Report *report)
    : m_node(node)
    , m_path(path)
    , m_report(report)
{
    if (m_node && m_node->kind != Node::Kind::Map) {
        Value(node, path, report).expected(u"map"_s);
        m_node = nullptr;
    }
}

QString Map::pathOf(const QString &key) const
{
    return m_path.isEmpty() ? key : QString(m_path + u'.' + key);
}

bool Map::has(const QString &key) const
{
    return m_node && std::ranges::contains(m_node->members, key, &Node::Member::key);
}

bool Map::hasMap(const QString &key) const
{
    return m_node && std::ranges::any_of(m_node->members, [&key](const Node::Member &member) {
               return member.key == key && member.value.kind == Node::Kind::Map;
           });
}

const Node *Map::find(const QString &key)
{
    m_known << key;
    if (!m_node) {
        return nullptr;
    }
    const auto member = std::ranges::find(m_node->members, key, &Node::Member::key);
    return member == m_node->members.end() ? nullptr : &member->value;
}

Value Map::optional(const QString &key)
{
    return {find(key), pathOf(key), m_report};
}

Value Map::required(const QString &key, const QString &expected)
{
    Value value = optional(key);
    if (!value.exists() && m_node) {
        m_report->add(u"missing"_s, m_node->line, m_node->column, {{u"field"_s, pathOf(key)}, {u"expected"_s, expected}});
    }
    return value;
}

Map Map::optionalMap(const QString &key)
{
    return {find(key), pathOf(key), m_report};
}

Map Map::requiredMap(const QString &key)
{
    const Value value = required(key, u"map"_s);
    return value.exists() ? Map(find(key), pathOf(key), m_report) : Map(nullptr, pathOf(key), m_report);
}

std::vector<Map> Map::maps(const QString &key, bool isRequired)
{
    std::vector<Map> maps;
    const Node *node = find(key);
    const Value value = isRequired ? required(key, u"list"_s) : Value(node, pathOf(key), m_report);
    const auto values = isRequired ? value.filledList() : value.list();
    for (size_t i = 0; i < values.size(); ++i) {
        maps.emplace_back(&node->items[i], values[i].path(), m_report);
    }
    return maps;
}

std::vector<std::pair<QString, Value>> Map::free(const QString &key)
{
    std::vector<std::pair<QString, Value>> values;
    const Map map = optionalMap(key);
    if (map.m_node) {
        for (const auto &member : map.m_node->members) {
            values.emplace_back(member.key, Value(&member.value, map.pathOf(member.key), m_report));
        }
    }
    return values;
}

void Map::close()
{
    if (!m_node) {
        return;
    }
    m_known.removeDuplicates();
    for (const auto &member : m_node->members) {
        if (!m_known.contains(member.key)) {
            QJsonObject args{{u"field"_s, pathOf(member.key)}, {u"key"_s, member.key}, {u"known"_s, QJsonArray::fromStringList(m_known)}};
            if (const QString near = nearest(member.key, m_known); !near.isEmpty()) {
                args[u"nearest"_s] = near;
            }
            m_report->add(args.contains(u"nearest"_s) ? u"unknown_key"_s : u"unexpected_key"_s, member.line, member.column, args);
        }
    }
}

void Map::problem(const QString &code, QJsonObject args) const
{
    if (m_node) {
        if (!args.contains(u"field"_s)) {
            args[u"field"_s] = m_path;
        }
        m_report->add(code, m_node->line, m_node->column, std::move(args));
    }
}

Result<Node> parse(const QByteArray &bytes, const QString &name, const QString &prefix)
{
    Report report(name, prefix);
    // yaml-cpp would guess UTF-16 and replace what it can't decode.
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = decoder.decode(bytes);
    if (decoder.hasError() || text.contains(QChar(u'\0'))) {
        const auto bad = std::ranges::find_if(text, [](QChar c) {
            return c == QChar::ReplacementCharacter || c.isNull();
        });
        report.add(u"encoding"_s, int(std::count(text.begin(), bad, u'\n')) + 1, 1, {});
        return fail(report.error());
    }
    Node root;
    bool nullRoot = false;
    try {
        std::istringstream stream(bytes.toStdString());
        YAML::Parser parser(stream);
        Builder builder(root);
        nullRoot = !parser.HandleNextDocument(builder);
        Node second;
        Builder rest(second);
        if (!nullRoot && parser.HandleNextDocument(rest)) {
            report.add(u"document"_s, second.line, second.column, {});
        }
    } catch (const Refusal &refusal) {
        report.add(refusal.code, refusal.mark.line + 1, refusal.mark.column + 1, refusal.args);
    } catch (const YAML::Exception &exception) {
        report.add(u"syntax"_s, std::max(0, exception.mark.line) + 1, std::max(0, exception.mark.column) + 1,
                   {{u"problem"_s, QString::fromStdString(exception.msg)}});
    } catch (const std::exception &exception) {
        report.add(u"syntax"_s, 1, 1, {{u"problem"_s, QString::fromLocal8Bit(exception.what())}});
    }
    if (!report.isEmpty()) {
        return fail(report.error());
    }
    if (root.kind != Node::Kind::Map) {
        Value(&root, u"."_s, &report).expected(u"map"_s);
        return fail(report.error());
    }
    return root;
}

QString nearest(const QString &word, const QStringList &candidates)
{
    QString best;
    // More edits than a third of the word is another word.
    qsizetype least = std::max<qsizetype>(2, word.size() / 3) + 1;
    for (const QString &candidate : candidates) {
        std::vector<qsizetype> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), 0);
        for (qsizetype i = 1; i <= word.size(); ++i) {
            qsizetype diagonal = row[0];
            row[0] = i;
            for (qsizetype j = 1; j <= candidate.size(); ++j) {
                const qsizetype replaced = diagonal + (word.at(i - 1).toLower() == candidate.at(j - 1).toLower() ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
            }
        }
        if (row.back() < least && row.back() < std::max(word.size(), candidate.size())) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

QByteArray quoted(const QString &text)
{
    QString result = u"\""_s;
    for (const QChar c : text) {
        if (c == u'"' || c == u'\\') {
            result += u'\\';
            result += c;
        } else if (c == u'\n') {
            result += u"\\n"_s;
        } else if (c.unicode() < 0x20 || (c.unicode() >= 0x7f && c.unicode() < 0xa0) || c == QChar::LineSeparator
                   || c == QChar::ParagraphSeparator) {
            result += u"\\u%1"_s.arg(uint(c.unicode()), 4, 16, QChar(u'0'));
        } else {
            result += c;
        }
    }
    result += u'"';
    return result.toUtf8();
}

} // namespace cutover::yaml

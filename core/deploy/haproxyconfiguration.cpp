// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/haproxyconfiguration.h"

#include <QMap>
#include <QSet>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// All that begin a section of their own.
const QSet<QString> &sectionNames()
{
    static const QSet<QString> names{u"global"_s, u"defaults"_s, u"frontend"_s, u"backend"_s, u"listen"_s, u"peers"_s, u"resolvers"_s, u"userlist"_s,
                                     u"mailers"_s, u"cache"_s, u"program"_s, u"http-errors"_s, u"ring"_s, u"log-forward"_s, u"log-profile"_s,
                                     u"fcgi-app"_s, u"crt-store"_s, u"crt-list"_s, u"traces"_s, u"acme"_s, u"healthcheck"_s};
    return names;
}

QSet<QString> setOf(const char *words)
{
    const QStringList list = QString::fromLatin1(words).split(u' ');
    return {list.begin(), list.end()};
}

/// Keywords of "server" that stand alone, as far as "add server" takes them.
const QSet<QString> &flags()
{
    static const QSet<QString> words = setOf(
        "allow-0rtt backup check check-reuse-pool check-send-proxy check-ssl check-via-socks4 force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 "
        "force-tlsv13 send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn ssl strict-maxconn tfo tls-tickets renegotiate");
    return words;
}

/// Those that mean something by themselves, and not only that another one does not hold.
const QSet<QString> &negations()
{
    static const QSet<QString> words = setOf(
        "no-ssl-reuse no-sslv3 no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-tls-tickets no-renegotiate no-sni-auto no-check-sni-auto");
    return words;
}

/// Those that only take another one back.
const QSet<QString> &withdrawals()
{
    static const QSet<QString> words = setOf(
        "no-agent-check no-backup no-check no-check-reuse-pool no-check-send-proxy no-check-ssl no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl "
        "no-send-proxy-v2-ssl-cn no-ssl no-tfo");
    return words;
}

const QSet<QString> &valued()
{
    static const QSet<QString> words = setOf(
        "addr agent-addr agent-inter agent-port agent-send alpn ca-file cc check-alpn check-pool-conn-name check-proto check-sni ciphers ciphersuites "
        "client-sigalgs crl-file crt curves downinter error-limit fall fastinter hash-key healthcheck idle-ping init-state inter ktls maxconn maxqueue "
        "minconn npn observe on-error on-marked-down on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay port proto "
        "proxy-v2-options rise sigalgs slowstart sni ssl-max-ver ssl-min-ver tcp-ut track verify verifyhost ws");
    return words;
}

/// Of one server alone, or without a meaning for one that is added with an address and stays out at first.
const QSet<QString> &ownFlags()
{
    static const QSet<QString> words = setOf("enabled stick ssl-reuse sni-auto check-sni-auto");
    return words;
}
const QSet<QString> &ownValued()
{
    static const QSet<QString> words = setOf("guid id init-addr resolve-net resolve-opts resolve-prefer resolvers weight");
    return words;
}

std::unexpected<Message> unclear(const QString &code, const QJsonObject &args)
{
    return std::unexpected(Message{code, args});
}

struct Word {
    QString text;
    bool isVariable = false; ///< Has an environment variable in it.
};

/// A line's words. Quotes and escapes are taken away.
QList<Word> wordsOf(const QString &line)
{
    QList<Word> words;
    Word word;
    bool isWord = false;
    QChar quote;
    for (qsizetype i = 0; i < line.size(); ++i) {
        const QChar c = line[i];
        if (quote == u'\'') {
            if (c == u'\'') {
                quote = {};
            } else {
                word.text += c;
            }
        } else if (c == u'\\' && i + 1 < line.size()) {
            const QChar next = line[++i];
            isWord = true;
            bool isNumber = false;
            if (const uint code = QStringView(line).mid(i + 1, 2).toUInt(&isNumber, 16); next == u'x' && isNumber) {
                word.text += QChar(code);
                i += 2;
            } else {
                word.text += next == u'n' ? QChar(u'\n') : next == u'r' ? QChar(u'\r')
                    : next == u't'                                      ? QChar(u'\t')
                                                                        : next;
            }
        } else if (c == u'"' || (c == u'\'' && quote.isNull())) {
            quote = c == quote ? QChar() : c;
            isWord = true;
        } else if (quote == u'"') {
            word.isVariable = word.isVariable || c == u'$';
            word.text += c;
        } else if (c == u'#') {
            break;
        } else if (c.isSpace()) {
            if (isWord) {
                words.append(std::exchange(word, {}));
            }
            isWord = false;
        } else {
            word.text += c;
            isWord = true;
        }
    }
    if (isWord) {
        words.append(word);
    }
    return words;
}

/// Puts the keywords of a line over those of before.
std::optional<Message> apply(HaproxyServer &server, const QList<Word> &words, qsizetype from, const QString &where)
{
    const auto without = [&server](const QString &keyword) { server.settings.removeIf([&](const QStringList &each) { return each.front() == keyword; }); };
    for (qsizetype i = from; i < words.size(); ++i) {
        const QString keyword = words[i].text;
        QStringList setting{keyword};
        qsizetype values = valued().contains(keyword) || ownValued().contains(keyword) || keyword == u"cookie" || keyword == u"source" ? 1 : 0;
        if (keyword == u"source" && (words.value(i + 2).text == u"usesrc" || words.value(i + 2).text == u"interface")) {
            values = 3;
        }
        const QList<Word> given = words.mid(i + 1, values);
        for (const Word &value : given) {
            setting.append(value.text);
        }
        const bool isOwn = ownFlags().contains(keyword) || ownValued().contains(keyword);
        const bool isVariable = std::ranges::any_of(words.sliced(i, setting.size()), &Word::isVariable);
        i += values;
        if (isVariable && !isOwn) {
            return Message{u"haproxy.unclear.variable"_s, {{u"text"_s, setting.join(u' ')}, {u"place"_s, where}}};
        }
        if (keyword == u"cookie") {
            server.cookie = setting.value(1);
        } else if (keyword == u"disabled") {
            server.isDisabled = true;
        } else if (withdrawals().contains(keyword)) {
            without(keyword.sliced(3));
        } else if (flags().contains(keyword) || negations().contains(keyword) || values > 0 || isOwn) {
            server.isDisabled = server.isDisabled && keyword != u"enabled";
            without(keyword);
            without(keyword.startsWith(u"no-") ? keyword.sliced(3) : QString(u"no-" + keyword));
            if (!isOwn) {
                server.settings.append(setting);
            }
        } else {
            return Message{u"haproxy.unclear.keyword"_s, {{u"keyword"_s, keyword}, {u"place"_s, where}}};
        }
    }
    return {};
}

/// "3" or "2-5": numbers of the servers of a template.
std::pair<int, int> rangeOf(const QString &text)
{
    const qsizetype dash = text.indexOf(u'-');
    return dash < 0 ? std::pair(1, text.toInt()) : std::pair(QStringView(text).first(dash).toInt(), QStringView(text).sliced(dash + 1).toInt());
}

/** Goes through the lines of a configuration for the servers of one backend. */
class Reader
{
public:
    explicit Reader(const QString &backend)
        : m_backend(backend)
    {
    }
    std::optional<Message> take(const QString &line, const QString &where);
    [[nodiscard]] HaproxyBackend backend() const { return {m_servers, m_ours.mayBeConsistent}; }

private:
    /// Of what "default-server" lines have said by then; what can't be used is told where a server takes it.
    struct Defaults {
        QList<std::pair<QList<Word>, QString>> lines;
        bool mayBeConsistent = false;
    };
    std::optional<Message> section(const QList<Word> &words, const QString &where);
    std::optional<Message> server(const QList<Word> &words, const QString &where);

    QString m_backend;
    enum class Section { Other,
                         Defaults,
                         Backend } m_section = Section::Other;
    int m_conditions = 0;
    QMap<QString, Defaults> m_named;
    QString m_lastDefaults;
    QString m_openDefaults;
    Defaults m_ours;
    QList<HaproxyServer> m_servers;
};

std::optional<Message> Reader::take(const QString &line, const QString &where)
{
    const QList<Word> words = wordsOf(line);
    if (words.isEmpty()) {
        return {};
    }
    const QString first = words.front().text;
    if (first == u".if") {
        ++m_conditions;
        return {};
    }
    if (first == u".endif") {
        --m_conditions;
        return {};
    }
    if (sectionNames().contains(first)) {
        return section(words, where);
    }
    if (m_section != Section::Other && first == u"hash-type" && words.size() > 1) {
        Defaults &defaults = m_section == Section::Backend ? m_ours : m_named[m_openDefaults];
        defaults.mayBeConsistent = m_conditions > 0 || words[1].isVariable || words[1].text == u"consistent";
        return {};
    }
    const bool isDefault = first == u"default-server";
    const bool isServer = m_section == Section::Backend && (first == u"server" || first == u"server-template");
    if (m_section == Section::Other || !(isDefault || isServer)) {
        return {};
    }
    if (m_conditions > 0) {
        return Message{u"haproxy.unclear.condition"_s, {{u"place"_s, where}}};
    }
    if (isDefault) {
        (m_section == Section::Backend ? m_ours : m_named[m_openDefaults]).lines.append({words, where});
        return {};
    }
    return server(words, where);
}

std::optional<Message> Reader::section(const QList<Word> &words, const QString &where)
{
    const QString kind = words.front().text;
    const bool isNamed = words.size() > 1 && words[1].text != u"from";
    const QString name = isNamed ? words[1].text : QString();
    const auto from = std::ranges::find(words, u"from"_s, &Word::text);
    const QString base = from == words.end() || from + 1 == words.end() ? QString() : (from + 1)->text;
    const bool isOurs = (kind == u"backend" || kind == u"listen") && name == m_backend;
    m_section = kind == u"defaults" ? Section::Defaults : isOurs ? Section::Backend
                                                                 : Section::Other;
    if (m_section != Section::Other && m_conditions > 0) {
        return Message{u"haproxy.unclear.condition"_s, {{u"place"_s, where}}};
    }
    if (m_section == Section::Defaults) {
        // Without a name it has one that no other can have.
        m_openDefaults = isNamed ? name : u' ' + where;
        m_named.insert(m_openDefaults, base.isEmpty() ? Defaults() : m_named.value(base));
        m_lastDefaults = m_openDefaults;
    } else if (m_section == Section::Backend) {
        m_ours = m_named.value(base.isEmpty() ? m_lastDefaults : base);
    }
    return {};
}

std::optional<Message> Reader::server(const QList<Word> &words, const QString &where)
{
    const bool isTemplate = words.front().text == u"server-template";
    const qsizetype own = isTemplate ? 4 : 3; // Behind the address.
    if (words.value(1).isVariable || (isTemplate && words.value(2).isVariable)) {
        return Message{u"haproxy.unclear.variable"_s, {{u"text"_s, words[1].text}, {u"place"_s, where}}};
    }
    HaproxyServer server;
    server.name = words.value(1).text;
    server.where = where;
    for (const auto &[line, place] : std::as_const(m_ours.lines)) {
        if (auto problem = apply(server, line, 1, place)) {
            return problem;
        }
    }
    if (auto problem = apply(server, words, own, where)) {
        return problem;
    }
    if (!isTemplate) {
        m_servers.append(server);
        return {};
    }
    const QString prefix = server.name;
    const auto [low, high] = rangeOf(words.value(2).text);
    for (int number = low; number <= high; ++number) {
        server.name = prefix + QString::number(number);
        m_servers.append(server);
    }
    return {};
}

} // namespace

bool HaproxyServer::has(QLatin1StringView keyword) const
{
    return std::ranges::any_of(settings, [&](const QStringList &each) { return each.front() == keyword; });
}

QString HaproxyServer::value(QLatin1StringView keyword, const QString &otherwise) const
{
    const auto found = std::ranges::find_if(settings, [&](const QStringList &each) { return each.front() == keyword; });
    return found == settings.end() ? otherwise : found->value(1);
}

haproxyconfiguration::Read<HaproxyBackend> haproxyconfiguration::backend(const QList<File> &files, const QString &name)
{
    Reader reader(name);
    for (const File &file : files) {
        const QStringList lines = QString::fromUtf8(file.content).split(u'\n');
        for (qsizetype i = 0; i < lines.size(); ++i) {
            if (const auto problem = reader.take(lines[i], file.path + u':' + QString::number(i + 1))) {
                return std::unexpected(*problem);
            }
        }
    }
    return reader.backend();
}

haproxyconfiguration::Read<QList<QStringList>> haproxyconfiguration::common(const QList<HaproxyServer> &servers)
{
    if (servers.isEmpty()) {
        return QList<QStringList>();
    }
    const HaproxyServer &first = servers.front();
    const QList<HaproxyServer> rest = servers.sliced(1);
    for (const HaproxyServer &other : rest) {
        for (const auto &[one, another] : {std::pair(&first, &other), std::pair(&other, &first)}) {
            for (const QStringList &setting : one->settings) {
                if (!another->settings.contains(setting)) {
                    return unclear(u"haproxy.unclear.unlike"_s, {{u"setting"_s, setting.join(u' ')}, {u"with"_s, one->name}, {u"without"_s, another->name}, {u"place"_s, one->where}});
                }
            }
        }
    }
    return first.settings;
}

QString haproxyconfiguration::escaped(const QString &word)
{
    QString result;
    for (const QChar c : word) {
        if (c == u'\\' || c == u' ' || c == u'\t' || c == u';' || (c == u'<' && result.isEmpty())) {
            result += u'\\';
        }
        result += c;
    }
    return result;
}

} // namespace cutover

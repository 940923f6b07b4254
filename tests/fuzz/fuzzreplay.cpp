// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Feeds every parser its seeds and seeded mutations of them: the same inputs on each machine, with
// the ordinary compiler. Arguments: CORPUS MUTATIONS [TARGET [SEED [NUMBER]]], the last three to
// look at one input again, which is also written to ./fuzz-input.

#include "fuzztargets.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover::fuzz;

namespace {

/// No input may take longer, in CPU time; the parsers take below a millisecond for most.
constexpr double slowestMs = 2000;

/// What is under way, for whoever sees the program crash.
char underWay[512];

void crashed(int signal)
{
    static constexpr char text[] = "fuzz_replay: crashed; the input again by: fuzz_replay CORPUS N ";
    (void)!::write(STDERR_FILENO, text, sizeof text - 1);
    (void)!::write(STDERR_FILENO, underWay, std::strlen(underWay));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

double cpuMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

/// Pieces that parsers stumble over.
constexpr const char *tokens[] = {"\n", "\r\n", "\t", ": ", "- ", "\"", "'", "\\", "{", "}", "[", "]", "&a",
                                  "*a", "<<:", "!!", "%", "#", "|", ">", "NaN", "+Inf", "-0", "1e999", "0x", "\xff\xfe",
                                  "\xc3", "\0x", "../", "/etc/", "v1.", "-rc.", " || ", "^", "~", "*", "99999999999999999999", "=", "$",
                                  ";", "--", "/*", "BEGIN", "END", "# EOF", "null", "true", "\u202e"};

QByteArray mutated(QByteArray bytes, const QByteArray &other, std::mt19937 &random)
{
    // Not std::uniform_int_distribution: its numbers differ between standard libraries.
    const auto below = [&random](qsizetype limit) { return limit > 0 ? qsizetype(random() % quint64(limit)) : 0; };
    for (qsizetype changes = 1 + below(4); changes > 0; --changes) {
        const qsizetype at = below(bytes.size() + 1);
        switch (below(9)) {
        case 0:
            if (at < bytes.size()) {
                bytes[at] = char(bytes[at] ^ (1 << below(8)));
            }
            break;
        case 1:
            if (at < bytes.size()) {
                bytes[at] = char(below(256));
            }
            break;
        case 2:
            bytes.insert(at, char(below(256)));
            break;
        case 3:
            bytes.remove(at, 1 + below(below(4) ? 4 : 64));
            break;
        case 4: // Again, so that keys and members come twice.
            bytes.insert(below(bytes.size() + 1), bytes.mid(at, 1 + below(64)));
            break;
        case 5:
            bytes.insert(at, tokens[below(std::size(tokens))]);
            break;
        case 6:
            bytes.truncate(at);
            break;
        case 7:
            bytes.replace(at, below(32), other.mid(below(other.size()), below(64)));
            break;
        case 8: // Depth and length.
            bytes.insert(at, QByteArray(tokens[below(std::size(tokens))]).repeated(1 + int(below(200))));
            break;
        }
    }
    return bytes;
}

QByteArray read(const QString &path)
{
    QFile file(path);
    if (!file.open(QFile::ReadOnly)) {
        qFatal("%s can't be read", qPrintable(path));
    }
    return file.readAll();
}

void write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    if (!file.open(QFile::WriteOnly | QFile::Truncate) || file.write(bytes) != bytes.size()) {
        qFatal("%s can't be written", qPrintable(path));
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::fputs("fuzz_replay CORPUS MUTATIONS [TARGET [SEED [NUMBER]]]\n", stderr);
        return 2;
    }
    const QDir corpus(QString::fromLocal8Bit(argv[1]));
    const int mutations = QByteArray(argv[2]).toInt();
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, crashed);
    }
    bool good = true;
    for (const FuzzTarget &target : fuzzTargets()) {
        if (argc > 3 && qstrcmp(argv[3], target.name) != 0) {
            continue;
        }
        const QDir folder(corpus.filePath(QString::fromLatin1(target.name)));
        const QStringList seeds = folder.entryList(QDir::Files, QDir::Name);
        if (seeds.isEmpty()) {
            std::fprintf(stderr, "no seed in %s\n", qPrintable(folder.path()));
            return 1;
        }
        QElapsedTimer timer;
        timer.start();
        double slowest = 0;
        int taken = 0;
        for (const QString &seed : seeds) {
            const QByteArray bytes = read(folder.filePath(seed));
            const QByteArray other = read(folder.filePath(seeds.at((seeds.indexOf(seed) + 1) % seeds.size())));
            for (int number = 0; number <= mutations; ++number) {
                if ((argc > 4 && seed != QString::fromLocal8Bit(argv[4])) || (argc > 5 && number != QByteArray(argv[5]).toInt())) {
                    continue;
                }
                std::snprintf(underWay, sizeof underWay, "%s %s %d\n", target.name, qPrintable(seed), number);
                std::mt19937 random{quint32(number)};
                const QByteArray input = number == 0 ? bytes : mutated(bytes, other, random);
                if (argc > 5) {
                    write(u"fuzz-input"_s, input);
                }
                const double before = cpuMs();
                taken += target.run(input);
                const double took = cpuMs() - before;
                slowest = std::max(slowest, took);
                if (took > slowestMs) {
                    std::fprintf(stderr, "too slow, %.0f ms: %s", took, underWay);
                    good = false;
                }
            }
        }
        // Seeds that the parser refuses at their first line would prove little.
        if (argc <= 3 && taken == 0 && !target.refusesAll) {
            std::fprintf(stderr, "%s found nothing good: its seeds are stale\n", target.name);
            good = false;
        }
        std::printf("%-10s %lld seeds, %d mutations each, %d inputs were good, %lld ms, slowest %.1f ms\n", target.name, qint64(seeds.size()),
                    mutations, taken, timer.elapsed(), slowest);
        std::fflush(stdout);
    }
    return good ? 0 : 1;
}

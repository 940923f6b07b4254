// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/random.h"

#include "system/clock.h"

#include <QMutex>
#include <QRandomGenerator>

#include <cstring>
#include <memory>

namespace cutover {

namespace {

class KernelRandom : public Random
{
public:
    QByteArray bytes(qsizetype count) override
    {
        QByteArray result(count, Qt::Uninitialized);
        for (qsizetype at = 0; at < count; at += qsizetype(sizeof(quint32))) {
            const quint32 word = QRandomGenerator::system()->generate();
            memcpy(result.data() + at, &word, size_t(qMin(qsizetype(sizeof word), count - at)));
        }
        return result;
    }
};

class SeededRandom : public Random
{
public:
    explicit SeededRandom(quint32 seed)
        : m_generator(seed)
    {
    }

    QByteArray bytes(qsizetype count) override
    {
        const QMutexLocker lock(&m_mutex);
        QByteArray result(count, Qt::Uninitialized);
        for (char &byte : result) {
            byte = char(m_generator.generate() >> 24);
        }
        return result;
    }

private:
    QMutex m_mutex;
    QRandomGenerator m_generator;
};

} // namespace

QString Random::id()
{
    static constexpr char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    QString id(26, Qt::Uninitialized);
    qint64 time = Clock::system().now().toMSecsSinceEpoch();
    for (qsizetype at = 9; at >= 0; --at) {
        id[at] = QLatin1Char(digits[time & 31]);
        time >>= 5;
    }
    // 80 bits are ten bytes, or 16 digits of five bits; five bytes make eight digits.
    const QByteArray random = bytes(10);
    for (qsizetype half = 0; half < 2; ++half) {
        quint64 bits = 0;
        for (qsizetype at = 0; at < 5; ++at) {
            bits = bits << 8 | uchar(random[half * 5 + at]);
        }
        for (qsizetype at = 7; at >= 0; --at) {
            id[10 + half * 8 + at] = QLatin1Char(digits[bits & 31]);
            bits >>= 5;
        }
    }
    return id;
}

Random &Random::system()
{
    static const auto random = []() -> std::unique_ptr<Random> {
        bool seeded = false;
        const uint seed = qEnvironmentVariableIntValue("CUTOVER_SEED", &seeded);
        if (seeded) {
            return std::make_unique<SeededRandom>(seed);
        }
        return std::make_unique<KernelRandom>();
    }();
    return *random;
}

} // namespace cutover

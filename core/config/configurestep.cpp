// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/configurestep.h"

#include "config/secrets.h"
#include "plan/keyeddigest.h"
#include "plan/sealing.h"
#include "plan/step.h"
#include "system/files.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

Result<QByteArray> configuredContent(const QString &stateDirectory, const QByteArray &content, const QString &file, const QJsonObject &params)
{
    TRY(EnvFile parsed, EnvFile::parse(content, file));
    const QJsonArray removed = params["remove"_L1].toArray();
    for (const auto &key : removed) {
        parsed.remove(key.toString());
    }
    const QJsonObject set = params["set"_L1].toObject();
    for (auto it = set.begin(); it != set.end(); ++it) {
        parsed.set(it.key(), it->toString());
    }
    const QJsonObject sealed = params["sealed"_L1].toObject();
    for (auto it = sealed.begin(); it != sealed.end(); ++it) {
        TRY(const QString value, unsealValue(stateDirectory, it.key(), it->toString()));
        parsed.set(it.key(), value);
    }
    const QJsonObject secrets = params["secrets"_L1].toObject();
    for (auto it = secrets.begin(); it != secrets.end(); ++it) {
        TRY(const QString secret, resolveSecret(it->toString()));
        parsed.set(it.key(), secret);
    }
    return parsed.toBytes();
}

namespace {

/**
 * "configure": sets and removes keys of one .env file, which is replaced as a whole.
 * {file, set {key: value}, sealed {key: value with a password in it, sealed}, secrets {key: reference},
 *  remove [key], after: keyed digest}
 * The old file lies sealed beside the run; the journal has digests.
 */
class ConfigureStep : public Step
{
public:
    using Step::Step;

    bool isCancellable() const override { return false; }

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QByteArray content, current());
        CO_TRY(const QByteArray changed, changedContent(context, content));
        CO_TRY(const QString digest, keyedDigest(context.target().stateDirectory, changed));
        if (const QString expected = after(); !expected.isEmpty() && digest != expected) {
            co_return fail(u"config.other_result"_s, {{u"file"_s, file()}}, file());
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        const bool existed = QFileInfo::exists(file());
        CO_TRY(const QByteArray content, current());
        CO_TRY(const QByteArray changed, changedContent(context, content));
        CO_TRY(const QString before, keyedDigest(context.target().stateDirectory, content));
        CO_TRY(const QString after, keyedDigest(context.target().stateDirectory, changed));
        if (existed) {
            CO_TRY(const QByteArray sealed, seal(context.target().stateDirectory, content));
            CO_CHECK(files::replace(copy(context), sealed, files::privateFile));
        }
        QJsonObject undo{{u"existed"_s, existed}, {u"before"_s, before}, {u"after"_s, after}};
        if (existed) {
            undo.insert(u"saved"_s, copy(context));
        }
        co_return undo;
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_TRY(const Inspection found, inspectNow(context, undo));
        if (found == Inspection::Done) {
            co_return {};
        }
        if (found == Inspection::Unknown) {
            co_return fail(u"config.edited"_s, {{u"file"_s, file()}}, file());
        }
        CO_TRY(const QByteArray content, current());
        CO_TRY(const QByteArray changed, changedContent(context, content));
        // May hold secrets: a new file is for its owner only, an existing one keeps its mode.
        co_return files::replace(file(), changed, files::privateFile);
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QByteArray content, current());
        CO_TRY(const QByteArray again, changedContent(context, content));
        if (again != content) {
            co_return fail(u"config.edited"_s, {{u"file"_s, file()}}, file());
        }
        CO_TRY(const QString digest, keyedDigest(context.target().stateDirectory, content));
        context.setResult(u"digest"_s, digest);
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override { co_return inspectNow(context, undo); }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_TRY(const Inspection found, inspectNow(context, undo));
        if (found == Inspection::Unknown) {
            // Somebody's edit since then is not thrown away.
            co_return fail(u"config.edited"_s, {{u"file"_s, file()}}, file());
        }
        if (found == Inspection::Done) {
            if (!undo["existed"_L1].toBool()) {
                CO_CHECK(files::remove(file()));
            } else {
                CO_TRY(const QByteArray sealed, files::read(copy(context)));
                CO_TRY(const QByteArray old, unseal(context.target().stateDirectory, sealed, copy(context)));
                CO_TRY(const QString digest, keyedDigest(context.target().stateDirectory, old));
                if (digest != undo["before"_L1].toString()) {
                    co_return fail(u"config.copy_damaged"_s, {{u"file"_s, file()}, {u"copy"_s, copy(context)}}, copy(context));
                }
                CO_CHECK(files::replace(file(), old));
            }
        }
        co_return files::remove(copy(context));
    }

    Async<> finalize(StepContext &context, QJsonObject) override { co_return files::remove(copy(context)); }

private:
    QString file() const { return spec().params["file"_L1].toString(); }
    QString after() const { return spec().params["after"_L1].toString(); }
    QString copy(StepContext &context) const
    {
        QString name = spec().id;
        for (QChar &c : name) {
            if (!c.isLetterOrNumber() && c != u'-' && c != u'_' && c != u'.') {
                c = u'-';
            }
        }
        return context.runDirectory() + u"/before-"_s + name + u".env.sealed"_s;
    }
    Result<QByteArray> changedContent(StepContext &context, const QByteArray &content) const
    {
        return configuredContent(context.target().stateDirectory, content, file(), spec().params);
    }
    Result<QByteArray> current() const { return QFileInfo::exists(file()) ? files::read(file()) : QByteArray(); }

    Result<Inspection> inspectNow(StepContext &context, const QJsonObject &undo) const
    {
        const bool exists = QFileInfo::exists(file());
        TRY(const QByteArray content, current());
        TRY(const QString digest, keyedDigest(context.target().stateDirectory, content));
        // In this order: a change that changes nothing is done.
        if (exists && digest == undo["after"_L1].toString()) {
            return Inspection::Done;
        }
        return exists == undo["existed"_L1].toBool() && digest == undo["before"_L1].toString() ? Inspection::NotStarted : Inspection::Unknown;
    }
};

const StepRegistry::Registration registration(u"configure"_s, 1, [](StepSpec spec) {
    return std::make_unique<ConfigureStep>(std::move(spec));
});

const Catalogue::Registration texts{
    {"config.title", QT_TRANSLATE_NOOP("catalogue", "Configuration"), nullptr},
    {"config.intent", QT_TRANSLATE_NOOP("catalogue", "Change %{count} %{count|key|keys} of %{file}"), nullptr},
    {"config.syntax",
     QT_TRANSLATE_NOOP("catalogue", "The configuration file can't be read here: expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct that line; each is NAME=value, a comment or empty.")},
    {"config.duplicate_key",
     QT_TRANSLATE_NOOP("catalogue", "The key %{key} is set a second time; the first is in line %{line}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove one of the two: programs differ in which one they take.")},
    {"config.not_text",
     QT_TRANSLATE_NOOP("catalogue", "The configuration file %{file} is not text in UTF-8."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it is the right file, and convert it.")},
    {"config.no_file",
     QT_TRANSLATE_NOOP("catalogue", "The release %{version} changes the configuration, but the target names no configuration file."),
     QT_TRANSLATE_NOOP("catalogue", "Add the file under “configuration” in target.yaml.")},
    {"config.bad_key",
     QT_TRANSLATE_NOOP("catalogue", "The release %{version} sets the key “%{key}”; expected letters, digits, “_”, “.” and “-”."),
     QT_TRANSLATE_NOOP("catalogue", "The release has to be corrected by who made it.")},
    {"config.secret_literal",
     QT_TRANSLATE_NOOP("catalogue", "The release %{version} sets the secret %{key} to a plain value; expected a reference such as file:/path."),
     QT_TRANSLATE_NOOP("catalogue", "Put the secret into a file on this host, and let the release name it.")},
    {"config.secret_missing",
     QT_TRANSLATE_NOOP("catalogue", "The secret %{reference} can't be read."),
     QT_TRANSLATE_NOOP("catalogue", "Put it there, readable by the user running Cutover.")},
    {"config.secret_reference",
     QT_TRANSLATE_NOOP("catalogue", "A secret is given in a way that is not known; expected file:, env: or credential:."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the reference.")},
    {"config.other_result",
     QT_TRANSLATE_NOOP("catalogue", "Changing %{file} now would give another result than was planned."),
     QT_TRANSLATE_NOOP("catalogue", "The file, or a secret it takes, was changed. Make a new plan.")},
    {"config.edited",
     QT_TRANSLATE_NOOP("catalogue", "The file %{file} is neither as before nor as planned: somebody edited it meanwhile."),
     QT_TRANSLATE_NOOP("catalogue", "Compare it with the plan's preview, set it right by hand, then retry or accept the step.")},
    {"config.copy_damaged",
     QT_TRANSLATE_NOOP("catalogue", "The copy %{copy} of the old %{file} is damaged."),
     QT_TRANSLATE_NOOP("catalogue", "Restore the file from a backup, then retry.")},
};

} // namespace

} // namespace cutover

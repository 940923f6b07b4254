// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/step.h"
#include "system/files.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The release that a link names; empty where there is no link.
Result<QString> linkedRelease(const QString &link)
{
    if (!QFileInfo(link).isSymLink()) {
        return QString();
    }
    TRY(const QString target, files::readLink(link));
    return QFileInfo(target).fileName();
}

/** "switch_release": points the link "current" from one release folder to another. {from, to} */
class SwitchReleaseStep : public Step
{
public:
    using Step::Step;

    bool isCancellable() const override { return false; }

    Async<> observe(StepContext &context, std::stop_token) override
    {
        const QString folder = context.target().releaseDirectory(to());
        if (!QFileInfo(folder).isDir()) {
            co_return fail(u"deploy.release_missing"_s, {{u"version"_s, to()}, {u"folder"_s, folder}}, folder);
        }
        const QFileInfo link(context.target().currentLink());
        if (link.exists() && !link.isSymLink()) {
            co_return fail(u"deploy.current_no_link"_s, {{u"path"_s, link.filePath()}}, link.filePath());
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        const QString link = context.target().currentLink();
        if (!QFileInfo(link).isSymLink()) {
            co_return QJsonObject{{u"target"_s, QJsonValue::Null}};
        }
        CO_TRY(const QString old, files::readLink(link));
        co_return QJsonObject{{u"target"_s, old}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        // Relative, so that the releases can be moved or seen from a container as a whole.
        co_return files::switchLink(context.target().currentLink(), to());
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QString found, linkedRelease(context.target().currentLink()));
        if (found != to()) {
            co_return fail(u"deploy.version_differs"_s, {{u"expected"_s, to()}, {u"found"_s, found}}, context.target().currentLink());
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(const QString found, linkedRelease(context.target().currentLink()));
        if (found == to()) {
            co_return Inspection::Done;
        }
        co_return found == QFileInfo(undo["target"_L1].toString()).fileName() ? Inspection::NotStarted : Inspection::Unknown;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        const QString link = context.target().currentLink();
        CO_TRY(const QString found, linkedRelease(link));
        const QString old = undo["target"_L1].toString();
        // Somebody else's choice is not overwritten.
        if (found != to() && found != QFileInfo(old).fileName()) {
            co_return fail(u"deploy.version_differs"_s, {{u"expected"_s, to()}, {u"found"_s, found}}, link);
        }
        co_return old.isEmpty() ? files::remove(link) : files::switchLink(link, old);
    }

private:
    QString to() const { return spec().params["to"_L1].toString(); }
};

/** "check_version": the release in use is the one that the plan starts from. {from} */
class CheckVersionStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        const QString expected = spec().params["from"_L1].toString();
        CO_TRY(const QString found, linkedRelease(context.target().currentLink()));
        if (found != expected) {
            co_return fail(u"deploy.version_differs"_s, {{u"expected"_s, expected}, {u"found"_s, found}}, context.target().currentLink());
        }
        co_return {};
    }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
};

const StepRegistry::Registration switchRegistration(u"switch_release"_s, 1, [](StepSpec spec) {
    return std::make_unique<SwitchReleaseStep>(std::move(spec));
});
const StepRegistry::Registration versionRegistration(u"check_version"_s, 1, [](StepSpec spec) {
    return std::make_unique<CheckVersionStep>(std::move(spec));
});

const Catalogue::Registration texts{
    {"deploy.release_missing",
     QT_TRANSLATE_NOOP("catalogue", "The release %{version} is not unpacked: there is no folder %{folder}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan, which unpacks it, or put the folder back.")},
    {"deploy.current_no_link",
     QT_TRANSLATE_NOOP("catalogue", "%{path} is not a symbolic link, so it can't be switched to another release."),
     QT_TRANSLATE_NOOP("catalogue", "Move it away, and make a link of that name to the installed release's folder.")},
    {"deploy.version_differs",
     QT_TRANSLATE_NOOP("catalogue", "The release in use is “%{found}”; expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who switched it. Make a new plan from what is installed.")},
};

} // namespace

} // namespace cutover

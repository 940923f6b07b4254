// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "inputfiles.h"

#include "release/minisign.h"
#include "release/repository.h"
#include "release/repositoryindex.h"
#include "system/files.h"
#include "target/target.h"

#include <QCoreApplication>
#include <QDir>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.missing_option", QT_TRANSLATE_NOOP("catalogue", "The option --%{option} is missing: %{why}."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help'.")},
    {"cli.no_password", QT_TRANSLATE_NOOP("catalogue", "The first line of %{file} is empty; a password was expected."),
     QT_TRANSLATE_NOOP("catalogue", "Write the password there, or leave --password-file out for a key without one.")},
}};

Result<QString> needed(const Arguments &arguments, const QString &option, const QString &why)
{
    if (const QString value = arguments.value(option); !value.isEmpty()) {
        return value;
    }
    return fail(u"cli.missing_option"_s, {{u"option"_s, option}, {u"why"_s, why}});
}

void sayManifest(const Manifest &manifest)
{
    QList<QStringList> rows{{Cli::tr("Product"), manifest.product},
                            {Cli::tr("Version"), manifest.version.toString()},
                            {Cli::tr("Applies to"), manifest.from.toString()},
                            {Cli::tr("Type"), updateTypeName(manifest.type)},
                            {Cli::tr("Risk"), manifest.risk},
                            {Cli::tr("Expected downtime"), durationText(manifest.expectedDowntimeMs)},
                            {Cli::tr("Restarts"), manifest.restart.join(u", "_s)},
                            {Cli::tr("Migration"), manifest.migration ? Cli::tr("yes") : Cli::tr("no")},
                            {Cli::tr("Data migration"), manifest.dataMigration ? Cli::tr("yes") : Cli::tr("no")},
                            {Cli::tr("Feature flags"), manifest.featureFlag ? Cli::tr("yes") : Cli::tr("no")},
                            {Cli::tr("Files"), QString::number(manifest.members.size())}};
    sayTable(rows);
    for (auto it = manifest.changes.cbegin(); it != manifest.changes.cend(); ++it) {
        for (const QString &line : it.value()) {
            say(u"  "_s + it.key() + u": "_s + line);
        }
    }
}

Result<int> build(const Arguments &arguments)
{
    const QString output = arguments.value(u"output"_s, u"."_s);
    if (arguments.has(u"dry-run"_s)) {
        TRY(const Manifest manifest, package::describe(arguments.positional(0)));
        const QString file = output + u'/' + package::fileName(manifest);
        say(Cli::tr("%1 would be written:").arg(file));
        sayManifest(manifest);
        QJsonArray members;
        for (const Manifest::Member &member : manifest.members) {
            members.append(QJsonObject{{u"path"_s, member.path}, {u"size"_s, member.size}, {u"sha256"_s, member.sha256}});
        }
        sayJson({{u"package"_s, file}, {u"manifest"_s, manifest.toJson()}, {u"members"_s, members}, {u"written"_s, false}});
        return ExitOk;
    }
    TRY(const QString file, package::build(arguments.positional(0), output));
    say(file);
    sayJson({{u"package"_s, file}});
    return ExitOk;
}

Result<int> sign(const Arguments &arguments)
{
    TRY(const QString key, needed(arguments, u"key"_s, Cli::tr("the secret key's file")));
    if (arguments.has(u"dry-run"_s)) {
        // Whether it can be signed is known only once it is.
        CHECK(package::signature(arguments.positional(0), key, arguments.value(u"comment"_s)));
        const QString file = arguments.positional(0) + u".minisig"_s;
        say(Cli::tr("%1 would be written.").arg(file));
        sayJson({{u"signature"_s, file}, {u"written"_s, false}});
        return ExitOk;
    }
    TRY(const QString file, package::sign(arguments.positional(0), key, arguments.value(u"comment"_s)));
    say(file);
    sayJson({{u"signature"_s, file}});
    return ExitOk;
}

Result<int> verify(const Arguments &arguments)
{
    QStringList keys;
    if (const QString key = arguments.value(u"key"_s); !key.isEmpty()) {
        keys.append(key);
    } else {
        TRY(const QString file, targetFile(arguments));
        TRY(const Target target, Target::load(file));
        keys = target.repository.publicKeys;
    }
    TRY(const package::Verified verified, package::verify(arguments.positional(0), keys));
    say(Cli::tr("Signed by key %1, every file is as listed.").arg(verified.keyId));
    sayManifest(verified.manifest);
    sayJson({{u"manifest"_s, verified.manifest.toJson()},
             {u"sha256"_s, verified.sha256},
             {u"size"_s, verified.size},
             {u"unpackedSize"_s, verified.unpackedSize},
             {u"key"_s, verified.keyId}});
    return ExitOk;
}

Result<int> inspect(const Arguments &arguments)
{
    TRY(const Manifest manifest, package::inspect(arguments.positional(0)));
    sayManifest(manifest);
    QJsonArray members;
    for (const Manifest::Member &member : manifest.members) {
        members.append(QJsonObject{{u"path"_s, member.path}, {u"size"_s, member.size}, {u"sha256"_s, member.sha256}});
        say(u"  %1  %2"_s.arg(sizeText(member.size), member.path));
    }
    say(Cli::tr("Not verified: this only shows what the file says of itself."));
    sayJson({{u"manifest"_s, manifest.toJson()}, {u"members"_s, members}, {u"verified"_s, false}});
    return ExitOk;
}

Result<int> keys(const Arguments &arguments)
{
    TRY(const QString secret, needed(arguments, u"secret"_s, Cli::tr("where the secret key goes")));
    TRY(const QString open, needed(arguments, u"public"_s, Cli::tr("where the public key goes")));
    if (arguments.has(u"dry-run"_s)) {
        CHECK(minisign::mayGenerateKeys(secret, open));
        say(Cli::tr("%1 and %2 would be written.").arg(secret, open));
        sayJson({{u"secret"_s, secret}, {u"public"_s, open}, {u"written"_s, false}});
        return ExitOk;
    }
    QByteArray password;
    if (const QString file = arguments.value(u"password-file"_s); !file.isEmpty()) {
        TRY(password, passwordFrom(file));
        if (password.isEmpty()) {
            return fail(u"cli.no_password"_s, {{u"file"_s, file}});
        }
    }
    CHECK(minisign::generateKeys(secret, open, password));
    say(Cli::tr("Keep %1 off the control host; put %2 into target.yaml.").arg(secret, open));
    sayJson({{u"secret"_s, secret}, {u"public"_s, open}});
    return ExitOk;
}

Result<int> index(const Arguments &arguments)
{
    TRY(const QString key, needed(arguments, u"key"_s, Cli::tr("the secret key's file")));
    const QString file = QDir(arguments.positional(0)).filePath(u"index.json"_s);
    if (arguments.has(u"dry-run"_s)) {
        TRY(const QJsonObject content, indexOf(arguments.positional(0)));
        // Whether it can be signed is known only once it is.
        minisign::Hash hash;
        CHECK(minisign::sign(hash.result(), key, {}));
        const qsizetype packages = content[u"releases"].toArray().size();
        say(packages == 1 ? Cli::tr("%1 and its signature would be written, with 1 package.").arg(file)
                          : Cli::tr("%1 and its signature would be written, with %2 packages.").arg(file).arg(packages));
        sayJson({{u"index"_s, file}, {u"content"_s, content}, {u"written"_s, false}});
        return ExitOk;
    }
    CHECK(Repository::writeIndex(arguments.positional(0), key));
    say(file);
    sayJson({{u"index"_s, file}});
    return ExitOk;
}

} // namespace

QList<Command> packageCommands()
{
    return {
        {{u"package build"_s, u"FOLDER"_s, 1, 1, {u"output"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "make a package of a folder with a manifest.yaml")},
         run<build>},
        {{u"package sign"_s, u"PACKAGE"_s, 1, 1, {u"key"_s, u"comment"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "sign a package (minisign format)")},
         run<sign>},
        {{u"package verify"_s, u"PACKAGE"_s, 1, 1, {u"key"_s}, {}, QT_TRANSLATE_NOOP("cutoverctl", "check signature and every file of a package")},
         run<verify>},
        {{u"package inspect"_s, u"PACKAGE"_s, 1, 1, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "show what a package says of itself")}, run<inspect>},
        {{u"package keys"_s, {}, 0, 0, {u"secret"_s, u"public"_s, u"password-file"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "make a key pair for signing")}, run<keys>},
        {{u"package index"_s, u"FOLDER"_s, 1, 1, {u"key"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "write and sign a repository's index")}, run<index>},
    };
}

} // namespace cutover

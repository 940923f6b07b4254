// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/stagerelease.h"

#include "system/filelock.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"stage.downloading", QT_TRANSLATE_NOOP("catalogue", "Downloading %{version}")},
    {"stage.verifying", QT_TRANSLATE_NOOP("catalogue", "Verifying %{version}")},
}};

} // namespace

Async<StagedRelease> stageRelease(Target target, ReleaseInfo release, std::stop_token stop,
                                  std::function<void(const Progress &)> progress)
{
    const QString version = release.manifest.version.toString();
    const QString downloads = target.stateDirectory + u"/downloads"_s;
    CO_CHECK(files::makePath(downloads));
    Repository repository(target.repository, target.product);
    CO_TRY(const QString package, co_await repository.download(release, downloads, stop, [progress, version](qint64 done, qint64 total) {
        progress({done, total, u"bytes"_s, {u"stage.downloading"_s, {{u"version"_s, version}}}});
    }));

    progress({0, release.size, u"bytes"_s, {u"stage.verifying"_s, {{u"version"_s, version}}}});
    const QStringList keys = target.repository.publicKeys;
    const QString preview = target.stateDirectory + u"/cache/"_s + version + u'-' + release.sha256.first(12);
    Worker worker;
    // Two consoles that plan at once unpack it once.
    CO_TRY(const auto lock, co_await FileLock::acquire(QString(target.stateDirectory + u"/cache/.locks/"_s + QFileInfo(preview).fileName()), stop));
    const bool unpacked = QDir(preview).exists();
    CO_TRY(const package::Verified verified, co_await worker.run([=] {
        return unpacked ? package::verify(package, keys, stop) : package::unpack(package, keys, preview, stop);
    }));
    co_return StagedRelease{release, package, verified, preview};
}

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/manifest.h"

#include <functional>
#include <stop_token>

/**
 * The package: PRODUCT-VERSION.cutover, tar in zstd, manifest.yaml first, every other member listed
 * there with size and SHA-256; PRODUCT-VERSION.cutover.minisig beside it, Ed25519 in minisign's
 * prehashed format ("ED"). Blocking: call from a Worker. Codes "package.*".
 */
namespace cutover::package {

struct Limits {
    qint64 maxUnpacked = 16LL << 30;
    qint64 maxMembers = 100000;
    qint64 maxManifest = 4 << 20;
};

using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

struct Verified {
    Manifest manifest;
    QString sha256; ///< Of the package file.
    qint64 size = 0; ///< Of the package file.
    qint64 unpackedSize = 0;
    QString keyId; ///< Of the key that signed it.
    QString trustedComment;
};

/// Makes a package from a folder that holds a manifest.yaml without members. Reproducible: sorted, fixed times and owners.
[[nodiscard]] Result<QString> build(const QString &folder, const QString &outputDirectory);
/// The manifest that build() would write, every member digested. Nothing is written.
[[nodiscard]] Result<Manifest> describe(const QString &folder);
/// PRODUCT-VERSION.cutover
[[nodiscard]] QString fileName(const Manifest &manifest);
/// Writes PACKAGE.minisig. secretKey: a minisign secret key file without password, or read from the environment's named file.
[[nodiscard]] Result<QString> sign(const QString &package, const QString &secretKeyFile, const QString &trustedComment = {});
/// The same without writing it: the content of PACKAGE.minisig.
[[nodiscard]] Result<QByteArray> signature(const QString &package, const QString &secretKeyFile, const QString &trustedComment = {});
/// Makes a minisign key pair (no password); the secret file gets mode 0600.
[[nodiscard]] Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile);
/// Signature over the whole file, then every member streamed against the manifest. Nothing is written.
[[nodiscard]] Result<Verified> verify(const QString &package, const QStringList &publicKeys, std::stop_token stop = {},
                                      const ProgressFunction &progress = {}, const Limits &limits = {});
/// The manifest alone, unverified; for looking at a file.
[[nodiscard]] Result<Manifest> inspect(const QString &package);
/// Verifies again while unpacking into directory, confined: no absolute path, no "..", no link, no
/// device, bounded size. The folder appears whole or not at all.
[[nodiscard]] Result<Verified> unpack(const QString &package, const QStringList &publicKeys, const QString &directory,
                                      std::stop_token stop = {}, const ProgressFunction &progress = {}, const Limits &limits = {});

} // namespace cutover::package

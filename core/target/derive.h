// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/** How a staging target is made from another one. */
struct DeriveOptions {
    QString folder; ///< Where its target.yaml and everything of its own goes; absolute.
    QString name; ///< Empty: the other's with "-staging".
    int portOffset = 10000; ///< Added to every port of its own.
};

/** A staging target that does not exist yet. */
struct DerivedTarget {
    QString source; ///< The other's target.yaml.
    QString file; ///< Its target.yaml.
    QByteArray text; ///< The other's, comments and all, with what had to become another.
    Target target; ///< As it would be read.
    struct Change {
        QString field; ///< "services[0].instances[1].port"
        QString before, after; ///< after empty: it is left out.
    };
    QList<Change> changes;
    QList<Message> left; ///< What has to be made by hand before it runs.
};

/// A second target.yaml from this one's: state, releases, backups, databases, configuration, sockets, ports, units and Compose
/// project of its own; addresses of those in the services' environment, their commands and the checks follow, where they can be told;
/// repository, keys and passwords are only read and stay the same. Environment files are not copied, and what in them and
/// elsewhere names a database or server all the same is told with file and key, never with a password. Nothing is written. Refused where anything
/// would still be shared ("derive.shared"), where there is a target.yaml already ("derive.exists"), where the result is none.
/// Asks PostgreSQL servers which they are: blocking.
[[nodiscard]] Result<DerivedTarget> deriveStaging(const Target &target, const DeriveOptions &options);
/// Writes it; the folder is made.
[[nodiscard]] Result<> writeDerived(const DerivedTarget &derived);

} // namespace cutover

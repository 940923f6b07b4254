// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>
#include <QRegularExpression>

namespace cutover {

/// The section "compose" of target.yaml: project, files, program, environment_file, host, prune_volumes. Problems go
/// to the map's report. Relative paths are of folder, those of files inside a release.
[[nodiscard]] ComposeSpec readCompose(yaml::Map map, const QDir &folder);

/// What fits one of these patterns as a shell knows them, from its first letter to its last; capitals count.
[[nodiscard]] QRegularExpression shellPattern(const QStringList &patterns);

/// Whether the instance is one of several containers of its Compose service.
[[nodiscard]] bool isReplicated(const ServiceSpec &service, const InstanceSpec &instance);

/// The keys "replicas", "compose_service" and "port" of a service, as its instances NAME-1 … NAME-N. False: it has no
/// "replicas", and lists its instances.
[[nodiscard]] bool readReplicas(yaml::Map &map, ServiceSpec &service);

} // namespace cutover

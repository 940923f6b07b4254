#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The update as a runbook has it: typed by hand or kept in a script, with waits long enough to be sure.
# runbook.sh DEMO VERSION PAUSE REPOSITORY INSTANCE-COMMAND INSTANCE=PORT…
set -eu
demo=$1 version=$2 pause=$3 repository=$4 instance=$5
shift 5

# Fetch and check the release.
curl -fsS -o "$demo/download.cutover" "$repository/trading-$version.cutover"
curl -fsS -o "$demo/download.cutover.minisig" "$repository/trading-$version.cutover.minisig"
minisign -V -q -p "$demo/keys/release.pub" -m "$demo/download.cutover"
mkdir -p "$demo/releases/$version"
zstd -dcq "$demo/download.cutover" | tar -xf - -C "$demo/releases/$version"

# Back up the database and what runs now.
sqlite3 "$demo/data/trading.db" ".backup '$demo/backups/runbook.db'"
tar -czf "$demo/backups/runbook.tar.gz" -C "$demo" .env "releases/$(readlink "$demo/releases/current")"

ln -sfn "$version" "$demo/releases/current"
for each in "$@"; do
    name=${each%%=*} port=${each#*=}
    "$instance" --part instance stop "$demo/target.yaml" "$name"
    "$instance" --part instance start "$demo/target.yaml" "$name"
    sleep "$pause"
    curl -fsS -o /dev/null "http://127.0.0.1:$port/api/health"
done

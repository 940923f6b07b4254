#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The update as a runbook has it: typed by hand or kept in a script, with waits long enough to be sure.
# runbook.sh DEMO VERSION REPOSITORY INSTANCE-COMMAND PAUSE-AT-END INSTANCE=PORT=PAUSE…
set -eu
demo=$1 version=$2 repository=$3 instance=$4 end=$5
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
health() { curl -fsS -o /dev/null --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$1/api/health"; }
for each in "$@"; do
    name=${each%%=*} rest=${each#*=}
    port=${rest%=*} pause=${rest#*=}
    "$instance" --part instance stop "$demo/target.yaml" "$name"
    "$instance" --part instance start "$demo/target.yaml" "$name"
    if [ "$pause" -gt 0 ]; then
        sleep "$pause"
        health "$port"
    fi
done
sleep "$end"
for each in "$@"; do
    rest=${each#*=}
    health "${rest%=*}"
done

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

// What goes wrong while reading YAML, for each kind of file that is read.
#define CUTOVER_YAML_TEXTS(prefix)                                                                                                      \
    {prefix ".syntax", syntax, syntaxHint}, {prefix ".encoding", encoding, encodingHint}, {prefix ".document", document, documentHint}, \
        {prefix ".too_deep", tooDeep, tooDeepHint}, {prefix ".alias", alias, aliasHint}, {prefix ".tag", tag, tagHint},                 \
        {prefix ".key", key, keyHint}, {prefix ".duplicate_key", duplicateKey, duplicateKeyHint},                                       \
        {prefix ".unknown_key", unknownKey, unknownKeyHint}, {prefix ".unexpected_key", unexpectedKey, unexpectedKeyHint},              \
        {prefix ".missing", missing, missingHint}, {prefix ".duplicate", duplicate, duplicateHint},                                     \
        {prefix ".unknown_name", unknownName, unknownNameHint}, {prefix ".schema", schema, schemaHint},                                 \
        {prefix ".expected_text", text, textHint}, {prefix ".expected_name", name, nameHint},                                           \
        {prefix ".expected_choice", choice, choiceHint}, {prefix ".expected_boolean", boolean, booleanHint},                            \
        {prefix ".expected_integer", integer, numberHint}, {prefix ".expected_number", number, numberHint},                             \
        {prefix ".expected_duration", duration, durationHint}, {prefix ".expected_size", size, sizeHint},                               \
        {prefix ".expected_proportion", proportion, proportionHint}, {prefix ".expected_time", time, timeHint},                         \
        {prefix ".expected_list", list, listHint}, {prefix ".expected_map", map, mapHint},                                              \
        {prefix ".expected_variable", variable, variableHint},                                                                          \
    {                                                                                                                                   \
        prefix ".expected_relative_path", relativePath, relativePathHint                                                                \
    }

static constexpr auto syntax = QT_TRANSLATE_NOOP("catalogue", "This is not valid YAML: %{problem}.");
static constexpr auto syntaxHint = QT_TRANSLATE_NOOP("catalogue", "Check indentation, quotes and brackets at this place.");
static constexpr auto encoding = QT_TRANSLATE_NOOP("catalogue", "The file is not UTF-8 text.");
static constexpr auto encodingHint = QT_TRANSLATE_NOOP("catalogue", "Save the file as UTF-8.");
static constexpr auto document = QT_TRANSLATE_NOOP("catalogue", "A second document begins here; the file may hold only one.");
static constexpr auto documentHint = QT_TRANSLATE_NOOP("catalogue", "Remove the line “---” and what follows it.");
static constexpr auto tooDeep = QT_TRANSLATE_NOOP("catalogue", "Lists and maps are nested over %{maximum} deep.");
static constexpr auto tooDeepHint = QT_TRANSLATE_NOOP("catalogue", "Check the brackets and the indentation before this place.");
static constexpr auto alias = QT_TRANSLATE_NOOP("catalogue", "Anchors (&) and aliases (*) are not supported.");
static constexpr auto aliasHint = QT_TRANSLATE_NOOP("catalogue", "Write the value out, or put it in quotes if it is meant as text.");
static constexpr auto tag = QT_TRANSLATE_NOOP("catalogue", "The tag “%{found}” is not supported.");
static constexpr auto tagHint = QT_TRANSLATE_NOOP("catalogue", "Remove the tag, or put the value in quotes if it is meant as text.");
static constexpr auto key = QT_TRANSLATE_NOOP("catalogue", "A key must be a word, not %{found}.");
static constexpr auto keyHint = QT_TRANSLATE_NOOP("catalogue", "Write “key: value”.");
static constexpr auto duplicateKey = QT_TRANSLATE_NOOP("catalogue", "The key “%{key}” is given twice, first in line %{first}.");
static constexpr auto duplicateKeyHint = QT_TRANSLATE_NOOP("catalogue", "Keep one of the two.");
static constexpr auto unknownKey = QT_TRANSLATE_NOOP("catalogue", "“%{field}” is not known.");
static constexpr auto unknownKeyHint = QT_TRANSLATE_NOOP("catalogue", "Did you mean “%{nearest}”?");
static constexpr auto unexpectedKey = QT_TRANSLATE_NOOP("catalogue", "“%{field}” is not known.");
static constexpr auto unexpectedKeyHint = QT_TRANSLATE_NOOP("catalogue", "Known here are: %{known:list}.");
static constexpr auto missing = QT_TRANSLATE_NOOP("catalogue", "“%{field}” is missing (%{expected}).");
static constexpr auto missingHint = QT_TRANSLATE_NOOP("catalogue", "Add it.");
static constexpr auto duplicate = QT_TRANSLATE_NOOP("catalogue", "“%{field}” is %{value}, as is “%{first}” already.");
static constexpr auto duplicateHint = QT_TRANSLATE_NOOP("catalogue", "Each must be different.");
static constexpr auto unknownName = QT_TRANSLATE_NOOP("catalogue", "“%{field}” names “%{found}”, which does not exist in this file.");
static constexpr auto unknownNameHint = QT_TRANSLATE_NOOP("catalogue", "Use one of: %{known:list}.");
static constexpr auto schema = QT_TRANSLATE_NOOP("catalogue", "The file is written in schema %{found}; schema %{supported} is supported.");
static constexpr auto schemaHint = QT_TRANSLATE_NOOP("catalogue", "Use the version of Cutover that the file was written for.");
static constexpr auto text = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a text of one line; found %{found}.");
static constexpr auto textHint = QT_TRANSLATE_NOOP("catalogue", "Write a text; put it in quotes if it has special characters.");
static constexpr auto name = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a name; found %{found}.");
static constexpr auto nameHint =
    QT_TRANSLATE_NOOP("catalogue", "Use at most 63 letters, digits, “_”, “-” and “.”, beginning with a letter or a digit.");
static constexpr auto choice = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be one of %{choices:list}; found %{found}.");
static constexpr auto choiceHint = QT_TRANSLATE_NOOP("catalogue", "Write one of these words.");
static constexpr auto boolean = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be true or false; found %{found}.");
static constexpr auto booleanHint = QT_TRANSLATE_NOOP("catalogue", "Write true or false, without quotes.");
static constexpr auto integer =
    QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a whole number from %{minimum} to %{maximum}; found %{found}.");
static constexpr auto number = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a number from %{minimum} to %{maximum}; found %{found}.");
static constexpr auto numberHint = QT_TRANSLATE_NOOP("catalogue", "Write a number in that range, without quotes.");
static constexpr auto duration =
    QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a duration of at least %{minimum:duration}; found %{found}.");
static constexpr auto durationHint = QT_TRANSLATE_NOOP("catalogue", "Write a number with a unit, as in 250ms, 30s, 5m or 1h30m.");
static constexpr auto size = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a size; found %{found}.");
static constexpr auto sizeHint = QT_TRANSLATE_NOOP("catalogue", "Write a number with a unit, as in 500 MB, 4 GB or 4 GiB.");
static constexpr auto proportion = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a proportion; found %{found}.");
static constexpr auto proportionHint = QT_TRANSLATE_NOOP("catalogue", "Write a percentage such as 5 %, or a fraction such as 0.05.");
static constexpr auto time = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a time of day; found %{found}.");
static constexpr auto timeHint = QT_TRANSLATE_NOOP("catalogue", "Write hours and minutes, as in 22:30.");
static constexpr auto list = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a list with at least one entry; found %{found}.");
static constexpr auto listHint = QT_TRANSLATE_NOOP("catalogue", "Write [one, two], or one “- entry” a line.");
static constexpr auto map = QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a map of keys and values; found %{found}.");
static constexpr auto mapHint = QT_TRANSLATE_NOOP("catalogue", "Write “key: value” lines below it, indented.");
static constexpr auto variable = QT_TRANSLATE_NOOP("catalogue", "“%{found}” is not the name of an environment variable.");
static constexpr auto variableHint = QT_TRANSLATE_NOOP("catalogue", "Use letters, digits and “_”, not beginning with a digit.");
static constexpr auto relativePath =
    QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a path inside a release, without “..” and not beginning with “/”; found %{found}.");
static constexpr auto relativePathHint = QT_TRANSLATE_NOOP("catalogue", "Write it as seen from the release's folder.");

static const Catalogue::Registration yamlTexts{{CUTOVER_YAML_TEXTS("target"), CUTOVER_YAML_TEXTS("manifest")}};

static const Catalogue::Registration targetTexts{{
    {"target.expected_identifier", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a table; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Use letters, digits and “_”, not beginning with a digit.")},
    {"target.expected_metric", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a Prometheus metric; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write the name alone, as in http_requests_total.")},
    {"target.expected_url", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a URL; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write a URL such as http://127.0.0.1:{port}/health.")},
    {"target.expected_git_url", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the place of a git repository; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in https://git.example.org/trading.git, git@git.example.org:trading.git or /srv/git/trading.git.")},
    {"target.expected_tag_pattern", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a pattern of tags that ends with “*”; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write what stands before the version, as in v* or backend/v*.")},
    {"target.no_signers", QT_TRANSLATE_NOOP("catalogue", "“%{field}” demands signed tags, but no key is named that may sign them."),
     QT_TRANSLATE_NOOP("catalogue", "Add “allowed_signers” (ssh) or “gpg_keys”.")},
    {"target.expected_host_port", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a host and a port; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write them as in 127.0.0.1:8080, db.example.org:5432 or [::1]:80.")},
    {"target.secret_in_url", QT_TRANSLATE_NOOP("catalogue", "The URL in “%{field}” holds a user name or a password."),
     QT_TRANSLATE_NOOP("catalogue", "URLs are shown and logged. Remove the part before “@”.")},
    {"target.secret_in_argument",
     QT_TRANSLATE_NOOP("catalogue", "The argument in “%{field}” has a secret written out (%{what}); everybody on the machine can read a program's arguments."),
     QT_TRANSLATE_NOOP("catalogue", "Let the program read it from its environment or from a file, and change it: it has been in this file.")},
    {"target.placeholder", QT_TRANSLATE_NOOP("catalogue", "The placeholder %{found} in “%{field}” is not known here."),
     QT_TRANSLATE_NOOP("catalogue", "A service knows {port}, {name} and {release}; elsewhere there are none.")},
    {"target.no_port", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is missing: the service uses {port}, but instance “%{instance}” has none."),
     QT_TRANSLATE_NOOP("catalogue", "Give the instance a port, or write the number instead of {port}.")},
    {"target.no_balancer", QT_TRANSLATE_NOOP("catalogue", "“%{field}” names the backend “%{backend}”, but the target has no balancer."),
     QT_TRANSLATE_NOOP("catalogue", "Add “balancer” with its kind, or remove the backend.")},
    {"target.other_balancer", QT_TRANSLATE_NOOP("catalogue", "“%{field}” belongs to a balancer of the kind %{other}; this one is %{kind}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or correct the kind.")},
    {"target.redis_place", QT_TRANSLATE_NOOP("catalogue", "“%{field}” says where Redis is by socket, and by %{found} as well."),
     QT_TRANSLATE_NOOP("catalogue", "Keep the socket, or host and port.")},
    {"target.redis_user", QT_TRANSLATE_NOOP("catalogue", "“%{field}” names a user of Redis, but no password."),
     QT_TRANSLATE_NOOP("catalogue", "Add “password: file:/path”, or remove the user.")},
    {"target.expected_host", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a host's name or address; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in redis.example.org, 127.0.0.1 or ::1; the port has a key of its own.")},
    {"target.overlap_instances", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is never, but the service has %{count} instances, which would run beside each other."),
     QT_TRANSLATE_NOOP("catalogue", "Keep one instance, or allow the overlap.")},
    {"target.blackout_empty", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is the same as “from”, so that the blackout would have no length."),
     QT_TRANSLATE_NOOP("catalogue", "Write when it ends; an end before “from” is that of the next day. Two entries cover a whole day.")},
    {"target.no_colour", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is missing: the service is updated blue-green, and %{instance} has no colour."),
     QT_TRANSLATE_NOOP("catalogue", "Add “colour: blue” or “colour: green” to the instance.")},
    {"target.blue_green_colour", QT_TRANSLATE_NOOP("catalogue", "The service %{service} is updated blue-green, but no instance of it is %{colour}."),
     QT_TRANSLATE_NOOP("catalogue", "Add at least one instance with “colour: %{colour}”, at a port of its own.")},
    {"target.blue_green_unmanaged", QT_TRANSLATE_NOOP("catalogue", "The service %{service} is not managed, so there is nothing to update blue-green."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “strategy: blue_green”, or “managed: false”.")},
    {"target.blue_green_unbalanced", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't be updated blue-green: no load balancer leads to it."),
     QT_TRANSLATE_NOOP("catalogue", "Add “balancer_backend”, or use the strategy rolling or recreate.")},
    {"target.blue_green_overlap", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't be updated blue-green: two versions of it run at once then, and its overlap is never."),
     QT_TRANSLATE_NOOP("catalogue", "Use the strategy recreate, or remove “overlap: never”.")},
    {"target.only_blue_green", QT_TRANSLATE_NOOP("catalogue", "“%{field}” belongs to the strategy blue_green; the service %{service} has another."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or set “strategy: blue_green”.")},
    {"target.spare_runtime", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't have a spare instance: its runtime is “%{runtime}”, and only services of the runtime compose have one."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “%{field}”.")},
    {"target.spare_unmanaged", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't have a spare instance: it belongs to no release (“managed: false”)."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “%{field}”.")},
    {"target.spare_strategy", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't have a spare instance: only what is updated one by one has one, by the strategy rolling."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “%{field}”, or use “strategy: rolling”.")},
    {"target.spare_overlap", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't have a spare instance: it would run beside the others, and its overlap is never."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “%{field}”, or allow the overlap.")},
    {"target.spare_unbalanced", QT_TRANSLATE_NOOP("catalogue", "The service %{service} can't have a spare instance: no load balancer leads to it."),
     QT_TRANSLATE_NOOP("catalogue", "Add “balancer_backend”, or remove “%{field}”.")},
    {"target.spare_unneeded", QT_TRANSLATE_NOOP("catalogue", "The service %{service} needs no spare instance: its replicas have no port, so that each starts beside the one that it replaces."),
     QT_TRANSLATE_NOOP("catalogue", "Remove “%{field}”.")},
    {"target.canary_order", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is %{found}, behind %{before}; each share must be larger than the one before."),
     QT_TRANSLATE_NOOP("catalogue", "Write them rising, as in [5, 25, 50]; 100 follows by itself.")},
    {"target.canary_metrics", QT_TRANSLATE_NOOP("catalogue", "The service %{service} has a canary, but no metrics to judge it by."),
     QT_TRANSLATE_NOOP("catalogue", "Add “metrics” with the URL of its figures, or remove “canary”.")},
    {"target.replicas_blue_green", QT_TRANSLATE_NOOP("catalogue", "“%{field}” can't be used with the strategy blue_green, which the service %{service} has."),
     QT_TRANSLATE_NOOP("catalogue", "List the instances with their colours instead, or use the strategy rolling.")},
    {"target.no_compose", QT_TRANSLATE_NOOP("catalogue", "“%{field}” is compose, but the target has no Compose project."),
     QT_TRANSLATE_NOOP("catalogue", "Add “compose” with its project before the services, or use another runtime.")},
    {"target.expected_compose_project", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a Compose project; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Use lower-case letters, digits, “-” and “_”, beginning with a letter or a digit; 'docker compose ls' lists them.")},
    {"target.expected_volume_pattern", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a volume in the Compose files, or a pattern of names; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in cache or tmp-*, with neither the project's name nor a slash.")},
    {"target.expected_docker_host", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must say where Docker answers; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in unix:///run/docker.sock, or leave it out.")},
    {"target.expected_systemd_unit", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a systemd service; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in backend.service, or with what follows “@” of a template, as in backend@1.service.")},
    {"target.probe_kind", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must have exactly one of http, tcp, command and web_socket; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Keep the one that tells best whether it works.")},
    {"target.expected_web_socket_url", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the URL of a web socket; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write a URL such as ws://127.0.0.1:8080/stream.")},
    {"target.expected_header", QT_TRANSLATE_NOOP("catalogue", "“%{found}” is not the name of an HTTP header."),
     QT_TRANSLATE_NOOP("catalogue", "Use letters, digits and “-”, as in Accept.")},
    {"target.expected_json_pointer", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a JSON pointer; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in /quote/price, with “*” for every item of a list: /orders/*/id.")},
    {"target.ignore_without_values", QT_TRANSLATE_NOOP("catalogue", "“%{field}” names values that may differ, but no values are compared."),
     QT_TRANSLATE_NOOP("catalogue", "Add “compare: values”, or remove it.")},
    {"target.certificate_kind", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must have exactly one of file and server; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Name the PEM file, or the server as HOST:PORT.")},
    {"target.socket_path", QT_TRANSLATE_NOOP("catalogue", "The path in “%{field}” has %{length} bytes; a Unix socket's may have %{maximum}."),
     QT_TRANSLATE_NOOP("catalogue", "Use a shorter path, for example below /run.")},
    {"target.scrape_interval",
     QT_TRANSLATE_NOOP("catalogue", "“%{field}” is %{interval:duration}, but the window of %{window:duration} needs at least two scrapes."),
     QT_TRANSLATE_NOOP("catalogue", "Scrape more often, or make the window longer.")},
    {"target.expected_postgres_uri", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the URI of a PostgreSQL database; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in postgresql://user@db.example.org:5432/trading?sslmode=verify-full.")},
    {"target.expected_secret_reference",
     QT_TRANSLATE_NOOP("catalogue", "“%{field}” holds the password itself; it must be a reference to it."),
     QT_TRANSLATE_NOOP("catalogue", "Write file:/path, env:NAME or credential:NAME, and change the password: it has been in this file.")},
    {"target.expected_qualified_table", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be the name of a table; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write TABLE or SCHEMA.TABLE; letters, digits and “_”, not beginning with a digit.")},
    {"target.password_in_uri", QT_TRANSLATE_NOOP("catalogue", "The URI in “%{field}” holds a password."),
     QT_TRANSLATE_NOOP("catalogue", "Take it out, name it by “password: file:/path”, and change it: it has been in this file.")},
    {"target.uri_option", QT_TRANSLATE_NOOP("catalogue", "The option “%{option}” of the URI in “%{field}” is not known."),
     QT_TRANSLATE_NOOP("catalogue", "Known here are: %{known:list}. Others belong into pg_service.conf, named by “service”.")},
    {"target.database_place",
     QT_TRANSLATE_NOOP("catalogue", "“%{field}” must say where the database is by service, by uri or by database; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Keep one of them. With uri the others (host, port, database, user, sslmode) are parts of it.")},
    {"target.maintenance_database",
     QT_TRANSLATE_NOOP("catalogue", "In “%{field}” the database “%{name}” is its own maintenance database; a restore renames it, which has to be done from another one."),
     QT_TRANSLATE_NOOP("catalogue", "Set “maintenance_database” to another database of that server, such as postgres or template1.")},
    {"target.migration_driver",
     QT_TRANSLATE_NOOP("catalogue", "“%{field}” names the tool %{tool}, which does not migrate databases of the kind %{driver} (expected: %{drivers:list})."),
     QT_TRANSLATE_NOOP("catalogue", "A folder alone is our own chain of SQL files, for sqlite. Name another tool, as in “migrations: {tool: alembic}”.")},
    {"target.expected_dialect",
     QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be SQLAlchemy's name of the database's kind, with or without a driver; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in %{driver} or %{driver}+NAME.")},
    {"target.identity_file", QT_TRANSLATE_NOOP("catalogue", "The database file can't be identified: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the permissions of the file and its folders.")},
    {"target.identity_unreadable", QT_TRANSLATE_NOOP("catalogue", "The pinned identity of the target can't be read: it is not JSON."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who changed the file. Remove it only when you are sure which system this is.")},
    {"target.database_folder",
     QT_TRANSLATE_NOOP("catalogue", "The folder “%{folder}” of the database “%{database}” does not exist, so nothing can be restored into it."),
     QT_TRANSLATE_NOOP("catalogue", "Mount its disk, or make the folder with the owner that it had, then plan again.")},
    {"target.database_disk",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{database}” is missing, and “%{folder}” lies on another file system than the database did."),
     QT_TRANSLATE_NOOP("catalogue", "Its disk may only not be mounted: mount it and look again before anything is restored.")},
    {"target.claimed",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{database}” belongs to the target “%{owner}” (%{ownerFile} on %{host}); this is “%{target}” (%{targetFile})."),
     QT_TRANSLATE_NOOP("catalogue",
                       "Use %{ownerFile}, or name another database. If this target shall take it over for good, stop the other one and run "
                       "'cutoverctl target adopt --confirm %{target}'.")},
    {"target.claim_busy",
     QT_TRANSLATE_NOOP("catalogue", "The target “%{owner}” (%{ownerFile}) has a run under way on the database “%{database}”."),
     QT_TRANSLATE_NOOP("catalogue", "Let that run end first.")},
    {"target.claim_unreadable", QT_TRANSLATE_NOOP("catalogue", "Which target the database “%{database}” belongs to can't be read from %{file}."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who changed that file; when this target is the right one, run 'cutoverctl target adopt --confirm %{target}'.")},
    {"target.adopted",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{database}” was taken over from “%{owner}” (%{ownerFile} on %{host}).")},
    {"target.identity_changed",
     QT_TRANSLATE_NOOP("catalogue", "This is not the system it was at first use: “%{member}” was %{pinned}, now it is %{found}."),
     QT_TRANSLATE_NOOP("catalogue",
                       "Check that the file describes the right system. If the change is meant, remove that member from %{file}.")},
}};

} // namespace cutover

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration expositionTexts{
    {"exposition.name",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected the name of a metric, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the address is that of a Prometheus metrics page.")},
    {"exposition.type",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: “%{found}” is not a type of a metric, for “%{name}”."),
     QT_TRANSLATE_NOOP("catalogue", "Expected is counter, gauge, histogram, summary or untyped.")},
    {"exposition.type_twice",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line} of the metrics: the type of “%{name}” was given before."),
     QT_TRANSLATE_NOOP("catalogue", "Two parts of the service register the same metric; rename one.")},
    {"exposition.label_name",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected the name of a label, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.label_twice",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: the label “%{name}” is there twice."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.equals",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected “=” after the label “%{name}”, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.labels_end",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected “,” or “}” after a label, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.quote",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected a quotation mark, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.quote_end",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: the text that begins here never ends."),
     QT_TRANSLATE_NOOP("catalogue", "The page may have been cut off; otherwise correct it.")},
    {"exposition.escape",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: “%{found}” is not an escape of this format."),
     QT_TRANSLATE_NOOP("catalogue", "Only \\\\, \\\" and \\n may follow a backslash.")},
    {"exposition.utf8",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: the value of a label is not UTF-8."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.number",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected a number, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
    {"exposition.timestamp",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected a time, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Milliseconds since 1970; in OpenMetrics, seconds.")},
    {"exposition.line_end",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line}, column %{column} of the metrics: expected the end of the line, found “%{found}”."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the service's metrics page.")},
};

static const Catalogue::Registration storeTexts{
    {"metrics.store",
     QT_TRANSLATE_NOOP("catalogue", "The store of metrics “%{path}” refused: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check free space and permissions. The file may be deleted when nothing runs: it holds only samples.")},
    {"metrics.no_store",
     QT_TRANSLATE_NOOP("catalogue", "There are no metrics yet: “%{path}” does not exist."),
     QT_TRANSLATE_NOOP("catalogue", "Start the watcher: cutoverctl watch.")},
};

static const Catalogue::Registration watchTexts{
    {"watch.instance_died",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} died %{count} %{count|time|times} since %{version} was started, the last time with exit code %{exit}; 0 were expected."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log in the state folder; the release is broken, or its configuration is.")},
    {"watch.instance_not_ready",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} of %{version} has not been ready since %{since:time}: its health check has failed for more than %{limit:duration}, "
                                    "so others serve alone what it should."),
     QT_TRANSLATE_NOOP("catalogue", "Roll back, then look at its log in the state folder for what it waits for.")},
    {"watch.instance_silent",
     QT_TRANSLATE_NOOP("catalogue", "Not enough data: %{instance} has given no metrics since %{silentSince:time}, for %{silence:duration}; the figures are those of the others."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log and its metrics address; retry the step once it answers, or roll back.")},
    {"watch.silent_so_far",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} has given no metrics for %{silence:duration}; %{value:percent} of %{samples} requests to the others failed within %{window:duration}, "
                                    "the limit is %{limit:percent}.")},
    {"watch.proceeding_silent",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} has given no metrics since %{silentSince:time}; going on as the plan says.")},
    {"watch.title", QT_TRANSLATE_NOOP("catalogue", "Watch")},
    {"watch.intent_hold",
     QT_TRANSLATE_NOOP("catalogue", "Watch %{version} for %{duration:duration}: at most %{limit:percent} of the requests within %{window:duration} may fail. "
                                    "With fewer than %{minimum} requests, hold and ask.")},
    {"watch.intent_proceed",
     QT_TRANSLATE_NOOP("catalogue", "Watch %{version} for %{duration:duration}: at most %{limit:percent} of the requests within %{window:duration} may fail. "
                                    "With fewer than %{minimum} requests, go on.")},
    {"watch.intent_rollback",
     QT_TRANSLATE_NOOP("catalogue", "Watch %{version} for %{duration:duration}: at most %{limit:percent} of the requests within %{window:duration} may fail. "
                                    "With fewer than %{minimum} requests, roll back.")},
    {"watch.so_far",
     QT_TRANSLATE_NOOP("catalogue", "%{value:percent} of %{samples} requests failed within %{window:duration} (%{metric}), the limit is %{limit:percent}.")},
    {"watch.little_so_far",
     QT_TRANSLATE_NOOP("catalogue", "Only %{samples} requests within %{window:duration}, %{minimum} are needed to judge.")},
    {"watch.good",
     QT_TRANSLATE_NOOP("catalogue", "Watched for %{watched:duration}: %{value:percent} of %{samples} requests failed within %{window:duration}, "
                                    "the limit is %{limit:percent}.")},
    {"watch.errors_too_high",
     QT_TRANSLATE_NOOP("catalogue", "%{value:percent} of %{samples} requests failed within %{window:duration} (%{metric}), the limit is %{limit:percent}."),
     QT_TRANSLATE_NOOP("catalogue", "Roll back, then look at the log of the new version for the reason.")},
    {"watch.errors_too_high_since",
     QT_TRANSLATE_NOOP("catalogue", "%{value:percent} of %{samples} requests failed within %{window:duration} (%{metric}), the limit is %{limit:percent}; "
                                    "before the update it was %{baseline:percent}."),
     QT_TRANSLATE_NOOP("catalogue", "Roll back, then look at the log of the new version for the reason.")},
    {"watch.not_enough_data",
     QT_TRANSLATE_NOOP("catalogue", "Not enough data after %{watched:duration}: %{samples} requests within %{window:duration} (%{metric}), "
                                    "%{minimum} are needed to judge."),
     QT_TRANSLATE_NOOP("catalogue", "Retry the step to watch again once there is traffic, or roll back.")},
    {"watch.proceeding",
     QT_TRANSLATE_NOOP("catalogue", "Not enough data (%{samples} of %{minimum} requests within %{window:duration}); going on as the plan says.")},
    {"watch.watcher_dead",
     QT_TRANSLATE_NOOP("catalogue", "The watcher is not running, so nobody would notice if the new version failed."),
     QT_TRANSLATE_NOOP("catalogue", "Start it: cutoverctl watch. Its log is watcher.log in the state folder's logs.")},
    {"watch.watcher_silent",
     QT_TRANSLATE_NOOP("catalogue", "The watcher has given no sign of life for %{silence:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "End it and start it again: cutoverctl watch. A full disk also silences it.")},
    {"watch.watcher_lost",
     QT_TRANSLATE_NOOP("catalogue", "The new version is no longer watched, and whether it works is not known. %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Start the watcher (cutoverctl watch) and retry the step, or roll back.")},
    {"watch.died_again", QT_TRANSLATE_NOOP("catalogue", "The watcher was started three times and died each time.")},
    {"watch.no_verdict", QT_TRANSLATE_NOOP("catalogue", "The watcher runs but said nothing about this run for %{limit:duration}.")},
    {"watch.restarting", QT_TRANSLATE_NOOP("catalogue", "The watcher died; starting it again.")},
    {"watch.already_running",
     QT_TRANSLATE_NOOP("catalogue", "A watcher of “%{target}” is already running."),
     QT_TRANSLATE_NOOP("catalogue", "One is enough; nothing needs to be done.")},
    {"watch.not_started",
     QT_TRANSLATE_NOOP("catalogue", "The watcher gave no sign of life within %{limit:duration} of being started."),
     QT_TRANSLATE_NOOP("catalogue", "Its log says why: %{log}")},
    {"watch.not_started_saying",
     QT_TRANSLATE_NOOP("catalogue", "The watcher gave no sign of life within %{limit:duration} of being started. Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Mend what they name; the whole log is %{log}")},
    {"watch.page_too_big",
     QT_TRANSLATE_NOOP("catalogue", "The metrics page %{url} is larger than %{limit:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "A label probably has far too many values; correct the service.")},
};

} // namespace cutover

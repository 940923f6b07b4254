// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"probe.refused",
     QT_TRANSLATE_NOOP("catalogue", "%{url} refused the connection."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the service runs and listens on this port.")},
    {"probe.timeout",
     QT_TRANSLATE_NOOP("catalogue", "%{url} did not answer within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the service's log; it may be overloaded or waiting for something else.")},
    {"probe.dns",
     QT_TRANSLATE_NOOP("catalogue", "The host “%{host}” of %{url} was not found."),
     QT_TRANSLATE_NOOP("catalogue", "Check the name and the name servers of the control host.")},
    {"probe.closed",
     QT_TRANSLATE_NOOP("catalogue", "%{url} closed the connection before its answer was complete."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the service's log; it may have died.")},
    {"probe.tls",
     QT_TRANSLATE_NOOP("catalogue", "No secure connection to %{url}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the certificate, its names and its dates.")},
    {"probe.url",
     QT_TRANSLATE_NOOP("catalogue", "“%{url}” is not an address of the form http://host:port/path."),
     QT_TRANSLATE_NOOP("catalogue", "Correct it in target.yaml.")},
    {"probe.address",
     QT_TRANSLATE_NOOP("catalogue", "“%{address}” is not an address of the form host:port."),
     QT_TRANSLATE_NOOP("catalogue", "Correct it in target.yaml.")},
    {"probe.network",
     QT_TRANSLATE_NOOP("catalogue", "%{url} could not be reached: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the network between the control host and the service.")},
    {"probe.status",
     QT_TRANSLATE_NOOP("catalogue", "%{url} answered with status %{status}, expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the service's log for the reason.")},
    {"probe.body",
     QT_TRANSLATE_NOOP("catalogue", "The answer of %{url} does not contain “%{expected}”."),
     QT_TRANSLATE_NOOP("catalogue", "Open the address and compare; the service may report a problem in words.")},
    {"probe.stream",
     QT_TRANSLATE_NOOP("catalogue", "%{url} answered, but “%{expected}” did not come within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at what feeds the stream; give it more time by timeout if it is only quiet.")},
    {"probe.web_socket",
     QT_TRANSLATE_NOOP("catalogue", "%{url} did not open a web socket: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the service's log; a proxy before it has to pass web sockets on, and who asks may have to prove who it is.")},
    {"probe.no_message",
     QT_TRANSLATE_NOOP("catalogue", "%{url} is open, but no message came within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at what feeds the stream; give it more time by timeout if it is only quiet.")},
    {"probe.other_message",
     QT_TRANSLATE_NOOP("catalogue", "%{url} is open, but no message with “%{expected}” came within %{limit:duration}; %{count} other %{count|message|messages} came."),
     QT_TRANSLATE_NOOP("catalogue", "Look at what feeds the stream; give it more time by timeout if it is only quiet.")},
    {"probe.exit",
     QT_TRANSLATE_NOOP("catalogue", "“%{command}” ended with exit code %{exit}, expected 0. Its last line: %{lastLine}"),
     QT_TRANSLATE_NOOP("catalogue", "Run the command by hand to see all of its output.")},
    {"probe.empty",
     QT_TRANSLATE_NOOP("catalogue", "The probe “%{name}” names nothing to ask."),
     QT_TRANSLATE_NOOP("catalogue", "Give it http, tcp, command or web_socket in target.yaml.")},
    {"probe.not_ready",
     QT_TRANSLATE_NOOP("catalogue", "“%{name}” was not ready within %{limit:duration}. Last try: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Look at the log of the service; give it more time by ready_within if it is only slow.")},
};

} // namespace cutover

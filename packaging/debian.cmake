# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later

# The Debian packages that `./dev package` makes with CPack: cutover-cli for control hosts, which have no
# need of a window's libraries, and cutover, the console.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cutover)
set(CPACK_PACKAGE_VENDOR "The Cutover authors")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL cli window)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Cutover authors <cutover@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
# Everything that a program or library of a part is linked with; our own library lies beside it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})

set(CPACK_DEBIAN_CLI_PACKAGE_NAME cutover-cli)
# Plugins are loaded, not linked.
set(CPACK_DEBIAN_CLI_PACKAGE_DEPENDS "libqt6sql6-sqlite, libqt6sql6-psql, ca-certificates")
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS "openssh-server, postgresql-client, git")
set(CPACK_DEBIAN_CLI_PACKAGE_SUGGESTS "alembic, docker-cli, haproxy, minisign, nginx")
set(CPACK_COMPONENT_CLI_DESCRIPTION "Updates self-hosted systems and rolls them back, without a window
Cutover plans an update of a running system, shows everything that will happen
before it happens, runs it without stopping the service, watches the error
rate, and goes back when it has to.

This package is for the control host: the command line, the runner, the watcher
and the counterpart of consoles that come by ssh.")

set(CPACK_DEBIAN_WINDOW_PACKAGE_NAME cutover)
# Console and control host of one machine are one version.
set(CPACK_DEBIAN_WINDOW_PACKAGE_DEPENDS "cutover-cli (= ${PROJECT_VERSION}), hicolor-icon-theme")
set(CPACK_DEBIAN_WINDOW_PACKAGE_RECOMMENDS "openssh-client, haproxy, qt6-svg-plugins, breeze-icon-theme")
set(CPACK_COMPONENT_WINDOW_DESCRIPTION "Console for updates of self-hosted systems
Cutover plans an update of a running system, shows everything that will happen
before it happens, runs it without stopping the service, watches the error
rate, and goes back when it has to.

This package is the window. The system that it looks after may be on this
machine, or on a control host that is reached by ssh and has cutover-cli.")

include(CPack)

// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Stands in for libproxy, which Debian's Qt loads into every program that knows networks, and with it
// curl, GnuTLS, LDAP: thirty libraries, two thirds of what the start of such a program costs. Everything
// in a try is on this machine.

extern "C" {

void *px_proxy_factory_new()
{
    return nullptr;
}

void px_proxy_factory_free(void *)
{
}

char **px_proxy_factory_get_proxies(void *, const char *)
{
    return nullptr;
}

void px_proxy_factory_free_proxies(char **)
{
}
}

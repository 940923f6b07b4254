// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QtGlobal>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cutover::testing {

/**
 * While it lives, root looks at other processes with no more right than an ordinary user has: what those with privileges have
 * open is hidden. This thread alone. Without root's right nothing changes.
 */
class HiddenProcesses
{
public:
    HiddenProcesses() { setSight(false); }
    ~HiddenProcesses() { setSight(true); }
    Q_DISABLE_COPY_MOVE(HiddenProcesses)

private:
    static void setSight(bool sees)
    {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
        if (::syscall(SYS_capget, &header, data) != 0) {
            qFatal("capget");
        }
        const quint32 bit = CAP_TO_MASK(CAP_SYS_PTRACE);
        data[0].effective = sees ? data[0].effective | (data[0].permitted & bit) : data[0].effective & ~bit;
        if (::syscall(SYS_capset, &header, data) != 0) {
            qFatal("capset");
        }
    }
};

} // namespace cutover::testing

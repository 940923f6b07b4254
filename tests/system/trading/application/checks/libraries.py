# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the release has its own libraries, of pip and of npm: libraries.py VERSION"""
import subprocess
import sys

import fees

expected = sys.argv[1].partition("+")[0]
limits = subprocess.run(["node", "-p", "require('limits').version"], check=True, capture_output=True, text=True).stdout.strip()
if fees.version != expected or limits != expected:
    sys.exit(f"fees {fees.version}, limits {limits}, expected {expected} of both")
print(f"fees and limits are of {expected}")

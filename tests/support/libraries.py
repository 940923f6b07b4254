# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""libraries.py FOLDER VERSION: a wheel "fees" and an npm package "limits" of that version in FOLDER/vendor.

requirements.txt and package-lock.json pin both by their digests, so that pip and npm install them without a network.
"""

import base64
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import zipfile

folder, version = pathlib.Path(sys.argv[1]), sys.argv[2]
vendor = folder / "vendor"
vendor.mkdir(exist_ok=True)
for old in vendor.iterdir():
    old.unlink()


def digest(kind, content):
    return hashlib.new(kind, content).digest()


wheel = vendor / f"fees-{version}-py3-none-any.whl"
info = f"fees-{version}.dist-info"
files = {
    "fees.py": f"version = '{version}'\n\n\ndef fee(amount):\n    return amount / 1000\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: fees\nVersion: {version}\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: trading\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join(
    f"{name},sha256={base64.urlsafe_b64encode(digest('sha256', text.encode())).rstrip(b'=').decode()},{len(text)}\n"
    for name, text in files.items()
)
files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
with zipfile.ZipFile(wheel, "w") as archive:
    for name, text in files.items():
        archive.writestr(zipfile.ZipInfo(name), text)
(folder / "requirements.txt").write_text(f"fees=={version} --hash=sha256:{digest('sha256', wheel.read_bytes()).hex()}\n")

package = vendor / f"limits-{version}.tgz"
with tarfile.open(package, "w:gz") as archive:
    for name, text in {
        "package.json": json.dumps({"name": "limits", "version": version, "main": "index.js"}),
        "index.js": f"exports.version = '{version}';\nexports.allowed = (amount) => amount <= 1000;\n",
    }.items():
        entry = tarfile.TarInfo(f"package/{name}")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
source = f"file:vendor/limits-{version}.tgz"
root = {"name": "trading", "version": version, "dependencies": {"limits": source}}
integrity = "sha512-" + base64.b64encode(digest("sha512", package.read_bytes())).decode()
(folder / "package.json").write_text(json.dumps(root | {"private": True}, indent=2) + "\n")
(folder / "package-lock.json").write_text(
    json.dumps(
        {
            "name": "trading",
            "version": version,
            "lockfileVersion": 3,
            "requires": True,
            "packages": {"": root, "node_modules/limits": {"version": version, "resolved": source, "integrity": integrity}},
        },
        indent=2,
    )
    + "\n"
)

#!/usr/bin/env python3
"""Makes the app for one Casebridge, ready to be uploaded: python build.py bridge.example.com [where.zip]."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
APP = HERE / "app"
TARGET = HERE / "build" / "casebridge.zip"
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same app is the same file


def packed(host: str) -> dict[str, bytes]:
    """The files of the app that calls this host; Zendesk lets it call no other.

    https://developer.zendesk.com/documentation/apps/app-developer-guide/manifest
    """
    files = {path.relative_to(APP).as_posix(): path.read_bytes() for path in APP.rglob("*") if path.is_file()}
    manifest = {**json.loads(files["manifest.json"]), "domainWhitelist": [host]}
    return {**files, "manifest.json": json.dumps(manifest, indent=2).encode()}


def write(files: dict[str, bytes], target: Path) -> None:
    """Pack the files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)


def main(arguments: list[str]) -> int:
    """Build it, and say where it is; 2 = the host is none."""
    host = arguments[0].lower() if arguments else ""
    if not HOST.fullmatch(host):
        print(
            f"host: {host!r} is no host name. The app may call one host only, so name that of your Casebridge, "
            "without https:// and without a port: make app HOST=bridge.example.com",
            file=sys.stderr,
        )
        return 2
    target = Path(arguments[1]) if len(arguments) > 1 else TARGET
    write(packed(host), target)
    print(f"{target}: calls https://{host}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Zendesk around the app, in headless Chromium: the page it stands in, and the proxy that signs what it asks.

The app talks to the page through the SDK of npm, an independent client of the same protocol. The clock of the
browser runs ahead whenever nothing is under way, so that waiting costs no time.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
import stub
import zaf_app
from stub import Call, Said

PAGE = Path(__file__).with_name("zaf_host.html").read_text(encoding="utf-8")
SDK_ADDRESS = b"https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")
PATIENCE = 400_000  #: milliseconds on the browser's clock
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "png": "image/png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zendesk:
    """An account in which the app is installed."""

    app: Mapping[str, bytes]
    sdk: bytes
    settings: Mapping[str, str]  #: what the admin entered, the secure ones too

    @property
    def manifest(self) -> dict[str, Any]:
        """The app's."""
        return dict(json.loads(self.app["manifest.json"]))

    @property
    def scopes(self) -> Mapping[str, list[str]]:
        """Where each secure setting may stand."""
        return {one["name"]: one["scopes"] for one in self.manifest["parameters"] if one.get("secure")}

    def show(self, scenario: str, profile: Path) -> Any:
        """Run the scenario in a browser, and return what it told.

        It is the body of an async function, on the page that zaf_host.html is.
        """
        with stub.running(lambda call: self._answer(call, scenario)) as host:
            return told(_browsed(host.url, profile))

    def _answer(self, call: Call, scenario: str) -> Said:
        if call.path == "/proxy":
            return self.proxied(call.json)
        if call.path == "/":
            return _file(self._page(scenario).encode(), "html")
        if call.path == "/sdk.js":
            return _file(self.sdk, "js")
        if call.path == "/axe.js":
            return _file((zaf_app.PLUGIN / "node_modules/axe-core/axe.min.js").read_bytes(), "js")
        name = call.path.removeprefix("/app/")
        if name not in self.app:
            return Said(status=404)
        return _file(self.app[name].replace(SDK_ADDRESS, b"/sdk.js"), name.rsplit(".", 1)[1])

    def _page(self, scenario: str) -> str:
        plain = {name: value for name, value in self.settings.items() if name not in self.scopes}
        return PAGE.replace("$SETTINGS", json.dumps(plain)).replace("$SCENARIO", scenario)

    def proxied(self, options: Mapping[str, Any]) -> Said:
        """What Zendesk's proxy answers the app: the other host's answer, if the app may call it.

        https://developer.zendesk.com/documentation/apps/app-developer-guide/making-api-requests-from-a-zendesk-app/
        """
        if not options.get("secure") or urlsplit(options["url"]).hostname not in self.manifest["domainWhitelist"]:
            return Said(status=400, body={"error": "the proxy calls hosts of domainWhitelist only"})
        token = self._signed(options["jwt"])
        headers = {
            name: self._filled(value, "header").replace("{{jwt.token}}", token)
            for name, value in options["headers"].items()
        }
        answer = requests.request(
            options["type"],
            self._filled(options["url"], "url"),
            headers={**headers, "Content-Type": options["contentType"]},
            data=options.get("data"),
            timeout=20,
        )
        return Said(status=answer.status_code, body=answer.content)

    def _signed(self, asked: Mapping[str, Any]) -> str:
        """The claims with their end. Nothing else of the proxy's is documented, so nothing else is there."""
        claims = {name: self._filled(value, "jwt_claim") for name, value in asked["claims"].items()}
        key = self._filled(asked["secret_key"], "jwt_secret_key")
        return jwt.encode({**claims, "exp": int(time.time()) + asked["expiry"]}, key, asked["algorithm"])

    def _filled(self, text: str, place: str) -> str:
        """The text with the settings that may stand in this place; a secure one stays out of all others."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            allowed = place in self.scopes.get(name, [place])
            return self.settings[name] if allowed else found[0]

        return re.sub(r"\{\{setting\.(\w+)\}\}", value, text)


def _file(content: bytes, kind: str) -> Said:
    return Said(body=content, headers={"Content-Type": f"{TYPES[kind]}; charset=utf-8"})


def installed(**settings: str) -> Zendesk:
    """An account with the app that may call this machine."""
    app, library = _parts()
    return Zendesk(app=app, sdk=library, settings=settings)


@cache
def _parts() -> tuple[Mapping[str, bytes], bytes]:
    """The app, and the SDK of npm as one script that makes `ZAFClient`."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "sdk.js"
        ran = zaf_app.run(
            *(
                "node_modules/esbuild/bin/esbuild",
                "node_modules/zendesk_app_framework_sdk/lib/index.js",
                "--bundle",
            ),
            *("--format=iife", "--global-name=ZAFClient", "--log-level=error", f"--outfile={script}"),
        )
        assert ran.returncode == 0, ran.stderr
        return zaf_app.built("127.0.0.1", Path(folder) / "app.zip"), script.read_bytes()


def told(page: str) -> Any:
    """What the scenario said."""
    found = re.search(r'<pre id="told">(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    assert found[1], "the scenario did not end"
    return json.loads(html.unescape(found[1]))


def _browsed(url: str, profile: Path) -> str:
    chromium = shutil.which("chromium")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is missing: `make debian` installs it")
    command = [chromium, "--headless", "--no-sandbox", *QUIET, f"--user-data-dir={profile}"]
    return subprocess.run(
        [*command, f"--virtual-time-budget={PATIENCE}", "--dump-dom", f"{url}/"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    ).stdout

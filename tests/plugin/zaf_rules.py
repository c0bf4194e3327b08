"""Zendesk's own rules for an app that is uploaded, as its server applies them to a private or public v2 app.

Written after the rules that Zendesk publishes (zendesk_apps_support, Apache-2.0) and
https://developer.zendesk.com/documentation/apps/app-developer-guide/manifest; of the places an app can stand in,
those of Support alone are known here.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Files = Mapping[str, bytes]
Json = Mapping[str, Any]

FRAMEWORK = "2.0"
HOSTS = {"support", "chat", "sell"}
PLACES = {
    *("ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar", "top_bar", "nav_bar"),
    *("background", "modal", "ticket_editor", "system_top_bar", "custom_object_record_sidebar"),
}
KINDS = {"text", "checkbox", "url", "number", "multiline", "hidden", "oauth", "mtls"}
SCOPES = {
    *("header", "body", "url", "jwt_secret_key", "jwt_claim"),
    *("basic_auth_username", "basic_auth_password"),
}
STRINGS = ("defaultLocale", "version", "frameworkVersion", "remoteInstallationURL", "termsConditionsURL")
BOOLEANS = ("private", "singleInstall", "signedUrls", "requirementsOnly", "marketingOnly")
LOCALE = re.compile(r"[a-z]{2,3}(-\w{2,3})?")
HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
PUBLIC = ("name", "short_description", "long_description", "installation_instructions")
BANNER = (830, 200)
SECRETS = re.compile("password|secret|auth_key|authKey|auth_pass|username|api_key")
SECURABLE = re.compile("token|key|pwd|password", re.IGNORECASE)
TEXTS = (".css", ".html", ".js", ".json", ".md", ".svg", ".txt")


class Twice(ValueError):
    """A key stands twice in one object."""


class NoObject(ValueError):
    """It is JSON of another kind."""


def faults(files: Files) -> list[str]:
    """Why Zendesk refuses the app, a sentence each; [] = it takes it."""
    if "manifest.json" not in files:
        nested = [name for name in files if re.fullmatch(r"[^/]+/manifest\.json", name)]
        return [f"the manifest stands in a folder: {nested[0]}" if nested else "there is no manifest.json"]
    try:
        manifest = read(files["manifest.json"])
    except Twice as error:
        return [f"manifest.json: key twice: {error}"]
    except ValueError as error:
        return [f"manifest.json: {error}"]
    return [
        *_shape(manifest),
        *_language(manifest, files),
        *_places(manifest, files),
        *_parameters(manifest),
        *_translations(manifest, files),
        *_banner(files),
    ]


def warnings(files: Files) -> list[str]:
    """What Zendesk only warns of, once the app has no faults."""
    told = []
    for one in read(files["manifest.json"]).get("parameters", []):
        name, kind, secure = one["name"], one.get("type", "text"), one.get("secure", False)
        if secure and not one.get("scopes"):
            told.append(f"{name}: secure, but for use everywhere: name its scopes")
        if kind == "text" and not secure and SECURABLE.search(name):
            told.append(f"{name}: sounds secret and is not secure")
        if "default" in one and (secure or kind == "hidden"):
            told.append(f"{name}: a default, although nobody may see it")
    suspicious = [
        name
        for name, content in sorted(files.items())
        if name.endswith(TEXTS) and SECRETS.search(content.decode())
    ]
    return [*told, *(f"{name}: speaks of secrets" for name in suspicious)]


def read(content: bytes) -> Json:
    """The object. Raises Twice, NoObject, or ValueError where it is no JSON."""
    found = json.loads(content, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise NoObject("no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Twice(name)
    return dict(pairs)


def _shape(manifest: Json) -> Iterator[str]:
    for key in ("author", "defaultLocale"):
        if key not in manifest:
            yield f"{key} is missing"
    for key in STRINGS:
        if not isinstance(manifest.get(key, ""), str):
            yield f"{key} must be a text"
    for key in BOOLEANS:
        if manifest.get(key, False) not in (True, False):
            yield f"{key} must be true or false"
    if manifest.get("frameworkVersion") != FRAMEWORK:
        yield f"frameworkVersion must be {FRAMEWORK!r}"
    yield from _author(manifest.get("author", {}))
    hosts = manifest.get("domainWhitelist", [])
    if not isinstance(hosts, list) or not all(isinstance(one, str) and HOSTNAME.fullmatch(one) for one in hosts):
        yield "domainWhitelist must be a list of host names"


def _author(author: Any) -> Iterator[str]:
    if not isinstance(author, dict):
        yield "author must be an object"
        return
    for key in ("name", "email", "url"):
        if not isinstance(author.get(key, ""), str):
            yield f"author.{key} must be a text"
    url = author.get("url", "https://none")
    if isinstance(url, str) and urlsplit(url).scheme not in ("http", "https"):
        yield "author.url must be an address"


def _language(manifest: Json, files: Files) -> Iterator[str]:
    locale = manifest.get("defaultLocale", "en")
    if not isinstance(locale, str) or not LOCALE.fullmatch(locale):
        yield f"defaultLocale is no locale: {locale!r}"
    elif f"translations/{locale}.json" not in files:
        yield f"defaultLocale has no file: translations/{locale}.json"


def _places(manifest: Json, files: Files) -> Iterator[str]:
    location = manifest.get("location")
    if not isinstance(location, dict) or not location:
        yield "location is missing"
        return
    for host, places in location.items():
        if host not in HOSTS:
            yield f"location: no such product: {host}"
            continue
        for place, how in places.items():
            if host == "support" and place not in PLACES:
                yield f"location: no such place: {place}"
            yield from _place(place, {"url": how} if isinstance(how, str) else how, files)


def _place(place: str, how: Json, files: Files) -> Iterator[str]:
    if not isinstance(how.get("flexible", False), bool):
        yield f"location: {place}: flexible must be true or false"
    url = how.get("url", "")
    if not url and how.get("autoLoad", True):
        yield f"location: {place}: has no url"
    elif url and "{{setting." not in url and not _servable(url, files):
        yield f"location: {place}: url must be https or an existing file in assets/: {url!r}"


def _servable(url: str, files: Files) -> bool:
    parts = urlsplit(url)
    if parts.scheme:
        return parts.scheme == "https" or parts.hostname == "localhost"
    return parts.path.startswith("assets/") and parts.path in files


def _parameters(manifest: Json) -> Iterator[str]:
    parameters = manifest.get("parameters", [])
    if not isinstance(parameters, list):
        yield "parameters must be a list"
        return
    names = [one.get("name", "") for one in parameters]
    yield from (f"parameter twice: {name}" for name in sorted({n for n in names if names.count(n) > 1}))
    if "name" in names:
        yield "no parameter may be called name"
    if sum(one.get("type") == "oauth" for one in parameters) > 1:
        yield "only one parameter may be oauth"
    for one in parameters:
        yield from (f"parameter {one.get('name')}: {fault}" for fault in _parameter(one))


def _parameter(one: Json) -> Iterator[str]:
    kind, secure, scopes = one.get("type", "text"), one.get("secure", False), one.get("scopes")
    if kind not in KINDS:
        yield f"no such type: {kind}"
    for key in ("required", "secure"):
        if not isinstance(one.get(key, False), bool):
            yield f"{key} must be true or false"
    if kind == "hidden" and one.get("required"):
        yield "hidden cannot be required"
    if kind == "oauth" and secure:
        yield "oauth cannot be secure"
    if scopes is None:
        return
    if secure is not True:
        yield "only a secure one has scopes"
    if not isinstance(scopes, list) or not SCOPES.issuperset(scopes):
        yield f"scopes must be among {', '.join(sorted(SCOPES))}"


def _translations(manifest: Json, files: Files) -> Iterator[str]:
    for path, content in files.items():
        found = re.fullmatch(r"translations/(.*)\.json", path)
        if not found:
            continue
        if not LOCALE.fullmatch(found[1]):
            yield f"{path}: is called after no locale"
        try:
            words = read(content)
        except ValueError:
            yield f"{path}: no JSON object"
            continue
        if found[1] == "en":
            yield from (f"{path}: {name} is missing" for name in _missing(manifest, words))


def _missing(manifest: Json, words: Json) -> Iterator[str]:
    app = words.get("app", {})
    needed: Sequence[str] = ("name",) if manifest.get("private", True) else PUBLIC
    yield from (f"app.{key}" for key in needed if key not in app)
    parameters: Any = manifest.get("parameters", [])
    names: Iterable[str] = (one.get("name", "") for one in parameters) if isinstance(parameters, list) else ()
    labelled = app.get("parameters", {})
    yield from (f"app.parameters.{one}.label" for one in names if "label" not in labelled.get(one, {}))


def _banner(files: Files) -> Iterator[str]:
    banner = files.get("assets/banner.png")
    if banner is not None and size_of(banner) != BANNER:
        yield f"assets/banner.png must be a PNG of {BANNER[0]} by {BANNER[1]}"


def size_of(picture: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG in pixels; None = it is none."""
    if not picture.startswith(b"\x89PNG\r\n\x1a\n") or picture[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", picture[16:24])
    return width, height

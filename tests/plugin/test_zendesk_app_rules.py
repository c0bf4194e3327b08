"""The Zendesk app before Zendesk's own rules: the built one passes, and whatever is wrong is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zaf_app
import zaf_rules

HOST = "bridge.example.com"
SETTINGS = ("bridge_url", "bridge_connection", "bridge_secret")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return zaf_app.built(HOST, tmp_path_factory.mktemp("app") / "casebridge.zip")


def changed(app: dict[str, bytes], change: Change, path: str = "manifest.json") -> dict[str, bytes]:
    document = json.loads(app[path])
    change(document)
    return {**app, path: json.dumps(document).encode()}


def parameter(**keys: object) -> Change:
    """Change the last parameter, the secret."""
    return lambda manifest: manifest["parameters"][-1].update(keys)


def another(**keys: object) -> Change:
    """Add a parameter, labelled like the secret one so that nothing else is wrong."""
    return lambda manifest: manifest["parameters"].append({"name": "bridge_url", **keys})


def sidebar(**keys: object) -> Change:
    return lambda manifest: manifest["location"]["support"]["ticket_sidebar"].update(keys)


def key(name: str, value: object) -> Change:
    return lambda manifest: manifest.update({name: value})


def without(name: str) -> Change:
    return lambda document: document.pop(name)


def test_the_app_passes_and_speaks_of_secrets_only_where_it_names_its_setting(app: dict[str, bytes]) -> None:
    found = zaf_rules.faults(app), zaf_rules.warnings(app)

    speaking = ("assets/calling.js", "manifest.json", "translations/de.json", "translations/en.json")
    assert found == ([], [f"{name}: speaks of secrets" for name in speaking])


def test_it_may_call_the_host_it_was_built_for_and_no_other(app: dict[str, bytes]) -> None:
    assert json.loads(app["manifest.json"])["domainWhitelist"] == [HOST]


def test_its_logos_have_the_sizes_that_zendesk_shows(app: dict[str, bytes]) -> None:
    sizes = {name: zaf_rules.size_of(app[f"assets/{name}"]) for name in ("logo.png", "logo-small.png")}

    assert sizes == {"logo.png": (320, 320), "logo-small.png": (128, 128)}


def test_the_same_app_is_the_same_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"

    zaf_app.built(HOST, one)
    zaf_app.built(HOST, other)

    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("host", ["", "https://bridge.example.com", "bridge.example.com:8443", "a..b", "-a", "b/"])
def test_what_is_no_host_is_refused_before_zendesk_sees_it(host: str, tmp_path: Path) -> None:
    target = tmp_path / "app.zip"

    ran = zaf_app.build(host, str(target))

    assert (ran.returncode, ran.stdout, target.exists()) == (2, "", False)
    assert ran.stderr.startswith(f"host: {host!r} is no host name.")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without("author"), "author is missing"),
        (without("defaultLocale"), "defaultLocale is missing"),
        (key("author", "us"), "author must be an object"),
        (key("author", {"name": 1}), "author.name must be a text"),
        (key("author", {"url": "nowhere"}), "author.url must be an address"),
        (key("version", 1), "version must be a text"),
        (key("private", "yes"), "private must be true or false"),
        (key("frameworkVersion", "2"), "frameworkVersion must be '2.0'"),
        (without("frameworkVersion"), "frameworkVersion must be '2.0'"),
        (key("domainWhitelist", "bridge.example.com"), "domainWhitelist must be a list of host names"),
        (key("domainWhitelist", ["https://bridge"]), "domainWhitelist must be a list of host names"),
        (key("defaultLocale", "english"), "defaultLocale is no locale: 'english'"),
        (key("defaultLocale", "fr"), "defaultLocale has no file: translations/fr.json"),
        (without("location"), "location is missing"),
        (key("location", {"desk": {}}), "location: no such product: desk"),
        (
            key("location", {"support": {"sidebar": "https://bridge.example.com/"}}),
            "location: no such place: sidebar",
        ),
        (sidebar(flexible="yes"), "location: ticket_sidebar: flexible must be true or false"),
        (sidebar(url=""), "location: ticket_sidebar: has no url"),
        *(
            (
                sidebar(url=url),
                f"location: ticket_sidebar: url must be https or an existing file in assets/: {url!r}",
            )
            for url in ("assets/gone.html", "manifest.json", "http://bridge.example.com/")
        ),
        (key("parameters", {}), "parameters must be a list"),
        (another(type="url"), "parameter twice: bridge_url"),
        (parameter(type="password"), "parameter bridge_secret: no such type: password"),
        (parameter(required="yes"), "parameter bridge_secret: required must be true or false"),
        (parameter(type="hidden"), "parameter bridge_secret: hidden cannot be required"),
        (parameter(type="oauth"), "parameter bridge_secret: oauth cannot be secure"),
        (parameter(secure=False), "parameter bridge_secret: only a secure one has scopes"),
        (
            parameter(scopes=["cookie"]),
            f"parameter bridge_secret: scopes must be among {', '.join(sorted(zaf_rules.SCOPES))}",
        ),
    ],
)
def test_a_wrong_manifest_is_refused(app: dict[str, bytes], change: Change, fault: str) -> None:
    assert zaf_rules.faults(changed(app, change)) == [fault]


def test_other_wrong_parameters_are_refused(app: dict[str, bytes]) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["parameters"] += [{"name": "name", "type": "oauth"}, {"name": "o", "type": "oauth", "secure": 1}]

    assert zaf_rules.faults(changed(app, change)) == [
        "no parameter may be called name",
        "only one parameter may be oauth",
        "parameter o: secure must be true or false",
        "parameter o: oauth cannot be secure",
        "translations/en.json: app.parameters.name.label is missing",
        "translations/en.json: app.parameters.o.label is missing",
    ]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (lambda words: words["app"].pop("name"), ["app.name"]),
        (lambda words: words["app"]["parameters"].pop("bridge_url"), ["app.parameters.bridge_url.label"]),
        (without("app"), ["app.name", *(f"app.parameters.{name}.label" for name in SETTINGS)]),
    ],
)
def test_words_that_zendesk_needs_are_missed(app: dict[str, bytes], change: Change, missing: list[str]) -> None:
    found = zaf_rules.faults(changed(app, change, "translations/en.json"))

    assert found == [f"translations/en.json: {name} is missing" for name in missing]


def test_an_app_for_everybody_describes_itself(app: dict[str, bytes]) -> None:
    public = changed(app, key("private", False))

    silent = changed(public, lambda words: words["app"].pop("long_description"), "translations/en.json")

    assert zaf_rules.faults(public) == []
    assert zaf_rules.faults(silent) == ["translations/en.json: app.long_description is missing"]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"manifest.json": None}, "there is no manifest.json"),
        (
            {"manifest.json": None, "app/manifest.json": b"{}"},
            "the manifest stands in a folder: app/manifest.json",
        ),
        ({"manifest.json": b"[]"}, "manifest.json: no object"),
        ({"manifest.json": b'{"author": {}, "author": {}}'}, "manifest.json: key twice: author"),
        ({"translations/english.json": b"{}"}, "translations/english.json: is called after no locale"),
        ({"translations/fr.json": b"[]"}, "translations/fr.json: no JSON object"),
        ({"translations/fr.json": b"{"}, "translations/fr.json: no JSON object"),
        ({"assets/banner.png": b"GIF89a"}, "assets/banner.png must be a PNG of 830 by 200"),
    ],
)
def test_wrong_files_are_refused(app: dict[str, bytes], files: dict[str, bytes | None], fault: str) -> None:
    whole: dict[str, bytes | None] = {**app, **files}

    assert zaf_rules.faults({name: content for name, content in whole.items() if content is not None}) == [fault]


def test_a_manifest_that_is_no_json_is_refused(app: dict[str, bytes]) -> None:
    [fault] = zaf_rules.faults({**app, "manifest.json": b"{"})

    assert fault.startswith("manifest.json: Expecting property name")


def test_a_banner_of_the_right_size_is_taken(app: dict[str, bytes]) -> None:
    banner = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">II", 830, 200)

    assert zaf_rules.faults({**app, "assets/banner.png": banner}) == []


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            lambda m: m["parameters"][-1].pop("scopes"),
            "bridge_secret: secure, but for use everywhere: name its scopes",
        ),
        (parameter(default="s3"), "bridge_secret: a default, although nobody may see it"),
        (another(name="api_token"), "api_token: sounds secret and is not secure"),
    ],
)
def test_a_secret_that_is_kept_badly_is_warned_of(app: dict[str, bytes], change: Change, warning: str) -> None:
    assert warning in zaf_rules.warnings(changed(app, change))

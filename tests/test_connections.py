"""connections.yaml: what it gives, how variables fill it, and that no fault shows what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, field_validator, model_validator

from adapters import meta, salesforce, webhook, x, zendesk
from bridge.connections import Connection, Connections, load
from bridge.errors import ConfigError
from bridge.message import Account
from bridge.ports import Credentials

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
PRODUCT: Mapping[str, type[BaseModel]] = {
    "meta": meta.Settings,
    "salesforce": salesforce.Settings,
    "webhook": webhook.Settings,
    "x": x.Settings,
    "zendesk": zendesk.Settings,
}


Secrets = Annotated[
    tuple[SecretStr, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]


class Shop(BaseModel):
    """The settings of an adapter as an adapter's author would write them, too talkative about a value."""

    model_config = ConfigDict(extra="forbid")

    secret: Secrets
    domain: str = "shop.example"
    most: int = 5

    @field_validator("domain")
    @classmethod
    def _no_address(cls, value: str) -> str:
        if "/" in value:
            raise ValueError(f"{value!r} is an address, not a domain ({value})")
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_password(cls, data: object) -> object:
        if isinstance(data, dict) and "password" in data:
            raise ValueError(f"a password ({data['password']}) is not needed")
        return data


ENV = {
    "SECRET": "s3cret-one",
    "OLD": "s3cret-old",
    "TOKEN": "t0ken",
    "QUEUE": "Social DE",
    "DOMAIN": "acme.example",
    "ON": "yes",
}
TAIL = "mappings: [care]\n"
WHOLE = """
version: 1
connections:
  acme:
    adapter: shop
    enabled: env:ON
    secret: [env:SECRET, env:OLD]
    domain: env:DOMAIN
    accounts:
      10150001: {token: env:TOKEN, about: {brand: NO, queue: env:QUEUE}}
      "10150002": {}
  beta: {adapter: shop, secret: written out, enabled: no}
mappings: [care, rest]
"""


def loaded(folder: Path, text: str, env: Mapping[str, str] | None = ENV) -> Connections:
    models: dict[str, type[BaseModel]] = {"shop": Shop, **PRODUCT}
    (folder / "connections.yaml").write_text(text, encoding="utf-8")
    return load(folder, env, models.get, adapters=models)


def faults(folder: Path, text: str, env: Mapping[str, str] | None = ENV) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, env)
    return list(caught.value.faults)


def one(entry: str) -> str:
    """A file with one connection, whose keys begin on line 4, column 5."""
    lines = "".join(f"    {line}\n" for line in entry.splitlines())
    return f"version: 1\nconnections:\n  acme:\n{lines}{TAIL}"


# --- what it gives ----------------------------------------------------------------------------------------------


def test_a_whole_file_becomes_connections(tmp_path: Path) -> None:
    found = loaded(tmp_path, WHOLE)

    assert found == Connections(
        connections={
            "acme": Connection(
                name="acme",
                adapter="shop",
                enabled=True,
                accounts={
                    "10150001": Account(id="10150001", about={"brand": "NO", "queue": "Social DE"}),
                    "10150002": Account(id="10150002"),
                },
                credentials={"10150001": Credentials(token=SecretStr("t0ken")), "10150002": Credentials()},
                settings=Shop(secret=(SecretStr("s3cret-one"), SecretStr("s3cret-old")), domain="acme.example"),
            ),
            "beta": Connection(
                name="beta",
                adapter="shop",
                enabled=False,
                accounts={},
                credentials={},
                settings=Shop(secret=(SecretStr("written out"),)),
            ),
        },
        mappings=("care", "rest"),
    )


def test_no_variable_shows_in_a_repr(tmp_path: Path) -> None:
    shown = repr(loaded(tmp_path, WHOLE))

    assert [value for value in ENV.values() if value in shown] == []


def test_a_value_that_looks_like_a_reference_is_not_looked_at_again(tmp_path: Path) -> None:
    found = loaded(tmp_path, one("adapter: shop\nsecret: env:SECRET"), {"SECRET": "env:OLD", "OLD": "wrong"})

    assert found.connections["acme"].settings == Shop(secret=(SecretStr("env:OLD"),))


def test_the_shipped_file_needs_only_its_variables() -> None:
    text = (ROOT / "mappings" / "connections.yaml").read_text(encoding="utf-8")
    names = set(re.findall("env:([A-Z_]+)", "\n".join(line.split("#")[0] for line in text.splitlines())))
    env = dict.fromkeys(names - {"META_APP_SECRET_OLD"}, "acme.my")

    found = load(ROOT / "mappings", env, PRODUCT.get)

    assert {name: c.adapter for name, c in found.connections.items()} == {
        "acme-meta": "meta",
        "salesforce": "salesforce",
    }
    assert found.mappings == ("meta-to-salesforce",)


def test_every_example_of_the_documentation_loads(tmp_path: Path) -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    (tmp_path / "lists").mkdir()
    for name in ("vip.txt", "holidays.txt"):
        (tmp_path / "lists" / name).write_text("12-25\n", encoding="utf-8")

    found = [
        loaded(tmp_path, text, dict.fromkeys(re.findall("env:([A-Z_]+)", text), "some-value")) for text in examples
    ]

    assert [list(connections.connections) for connections in found] == [
        ["acme-meta", "salesforce"],
        ["acme-x", "salesforce"],
        ["acme-meta"],
    ]


def test_the_documentation_lists_every_key() -> None:
    tables = [re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE) for part in DOCS.split("| Key |")[1:]]

    assert tables == [
        ["version", "connections", "mappings", "lists", "hours", "signals"],
        ["adapter", "enabled", "accounts"],
        ["token", "token_secret", "refresh_token", "about"],
        list(salesforce.Settings.model_fields),
        list(zendesk.Settings.model_fields),
    ]


# --- variables --------------------------------------------------------------------------------------------------


def test_all_missing_variables_are_named_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, WHOLE, {"QUEUE": "", "OLD": ""})

    assert [fault.splitlines()[0] for fault in found] == [
        "connections.yaml:6:14 error: ON is not set (enabled of acme) [variable-not-set]",
        "connections.yaml:7:14 error: SECRET is not set (secret of acme) [variable-not-set]",
        "connections.yaml:8:13 error: DOMAIN is not set (domain of acme) [variable-not-set]",
        "connections.yaml:10:25 error: TOKEN is not set (accounts.10150001.token of acme) [variable-not-set]",
        (
            "connections.yaml:10:62 error: QUEUE is not set (accounts.10150001.about.queue of acme) "
            "[variable-not-set]"
        ),
    ]


def test_a_fault_says_what_to_do(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, one("adapter: shop\nsecret: env:SECRET"), {})

    assert fault == (
        "connections.yaml:5:13 error: SECRET is not set (secret of acme) [variable-not-set]\n"
        "    -> set this environment variable for the receiver and the workers"
    )


@pytest.mark.parametrize("name", ["SECRET", "OLD"])
def test_one_secret_of_a_list_is_enough(tmp_path: Path, name: str) -> None:
    found = loaded(tmp_path, one("adapter: shop\nsecret: [env:SECRET, env:OLD]"), {name: "s3cret"})

    assert found.connections["acme"].settings == Shop(secret=(SecretStr("s3cret"),))


def test_a_missing_variable_hides_no_other_fault_and_makes_none(tmp_path: Path) -> None:
    entry = "adapter: shop\nenbled: env:NOT\nsecret: env:SECRET\nmost: env:MOST\ndomain: a/b"

    found = faults(tmp_path, one(entry), {})

    assert [fault.splitlines()[0].split(" error: ")[1] for fault in found] == [
        "unknown key 'enbled' [unknown-key]",
        "NOT is not set (enbled of acme) [variable-not-set]",
        "SECRET is not set (secret of acme) [variable-not-set]",
        "MOST is not set (most of acme) [variable-not-set]",
        "'a/b' is an address, not a domain (a/b) [wrong-setting]",
    ]


@pytest.mark.parametrize("value", ["s3cret\n", " s3cret", " ", "s3cret\udcff"])
def test_a_variable_that_cannot_be_meant_is_refused(tmp_path: Path, value: str) -> None:
    (fault,) = faults(tmp_path, one("adapter: shop\nsecret: env:SECRET"), {"SECRET": value})

    assert fault == (
        "connections.yaml:5:13 error: SECRET is not UTF-8 text, or has white space around it (secret of acme) "
        "[white-space-around]\n"
        "    -> set it again; often a line end was copied too"
    )


def test_hostile_keys_are_shown_as_they_are(tmp_path: Path) -> None:
    entry = 'adapter: shop\nsecret: x\naccounts: {"{0}": {about: {"{a.b}": env:NOT}}}'

    first, second = faults(tmp_path, one(entry))

    assert "error: '{a.b}' cannot stand under about" in first
    assert "error: NOT is not set (accounts.{0}.about.{a.b} of acme)" in second


@pytest.mark.parametrize("text", ['"env:"', "env:A-B", "env:1A", '"env: A"', "env:A.B"])
def test_a_reference_without_a_name_is_a_fault_even_without_variables(tmp_path: Path, text: str) -> None:
    reason = "after env: stands the name of a variable, as in env:META_APP_SECRET"
    expected = [f"connections.yaml:5:13 error: {reason} [not-a-variable]"]

    entry = one(f"adapter: shop\nsecret: {text}")

    assert faults(tmp_path, entry) == faults(tmp_path, entry, None) == expected


def test_what_an_adapter_says_of_a_value_names_the_variable_instead(tmp_path: Path) -> None:
    entry = one("adapter: shop\nsecret: env:SECRET\ndomain: env:DOMAIN")

    found = faults(tmp_path, entry, {**ENV, "DOMAIN": "hun/ter'2\\"})

    assert found == ["connections.yaml:6:13 error: DOMAIN is an address, not a domain (DOMAIN) [wrong-setting]"]


def test_what_an_adapter_says_of_the_whole_names_variables_too(tmp_path: Path) -> None:
    found = faults(tmp_path, one("adapter: shop\nsecret: env:SECRET\npassword: env:OLD"))

    assert found == ["connections.yaml:4:5 error: a password (OLD) is not needed [wrong-setting]"]


@given(st.text(alphabet="abcß'\"\\{}/ \t\u2028é🙂xyz_", min_size=4, max_size=20))
@example("'/'\"")
@example("{name}/")
def test_no_fault_shows_a_value(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    entry = one("adapter: shop\nsecret: env:V\ndomain: env:V\nmost: env:V\nenabled: env:V")

    found = faults(folder, entry, {"V": value})

    assert [fault for fault in found if value in fault] == []


# --- without variables ------------------------------------------------------------------------------------------


def test_check_needs_no_variables(tmp_path: Path) -> None:
    found = loaded(tmp_path, WHOLE, None)

    acme, beta = found.connections["acme"], found.connections["beta"]
    assert (acme.adapter, acme.enabled, list(acme.accounts)) == ("shop", True, ["10150001", "10150002"])
    assert beta == loaded(tmp_path, WHOLE).connections["beta"]
    assert found.mappings == ("care", "rest")


def test_without_variables_no_reference_becomes_a_secret(tmp_path: Path) -> None:
    acme = loaded(tmp_path, WHOLE, None).connections["acme"]

    assert acme.settings.model_dump() == {"domain": "shop.example", "most": 5}


def test_without_variables_all_else_is_checked(tmp_path: Path) -> None:
    entry = "adapter: shop\nsecrets: env:SECRET\nmost: many\ndomain: env:DOMAIN"

    found = faults(tmp_path, one(entry), None)

    assert found == [
        "connections.yaml:3:3 error: 'secret' is missing [missing-key]",
        (
            "connections.yaml:5:5 error: unknown key 'secrets' [unknown-key]\n"
            "    -> allowed: adapter, enabled, accounts, secret, domain, most\n"
            "    -> did you mean 'secret'?"
        ),
        "connections.yaml:6:11 error: write a whole number [not-a-whole-number]",
    ]


# --- faults -----------------------------------------------------------------------------------------------------


def test_all_faults_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = """version: 2
lists: {vip: vip.txt}
hours: {}
connections:
  Acme_Shop: {adapter: shop, secret: x}
  beta: {adapter: shpo}
  gamma: {secret: x}
  delta: text
  eps:
    adapter: shop
    secret: x
    enabled: flase
    accounts: {"1": {about: {my brand: x}, colour: red, token: ""}}
mappings: [care, rest, care]
"""

    found = faults(tmp_path, text)

    assert found == [
        "connections.yaml:1:10 error: this value is not possible here [not-possible]\n    -> allowed: 1",
        "connections.yaml:2:14 error: the folder of connections.yaml has no 'vip.txt' [no-such-list-file]",
        (
            "connections.yaml:5:3 error: 'Acme_Shop' cannot name a connection: it stands in the URL, "
            "so it has at most 63 of a-z, 0-9 and -, and no - at its beginning [not-a-connection-name]"
        ),
        (
            "connections.yaml:6:19 error: there is no adapter 'shpo' [no-such-adapter]\n"
            "    -> allowed: meta, salesforce, shop, webhook, x, zendesk\n    -> did you mean 'shop'?"
        ),
        "connections.yaml:7:3 error: 'adapter' is missing [missing-key]",
        "connections.yaml:8:10 error: a map (key: value) is expected here [not-a-map]",
        "connections.yaml:12:14 error: write true or false [not-true-or-false]",
        (
            "connections.yaml:13:30 error: 'my brand' cannot stand under about: "
            "mappings read it as account.NAME, so it has letters, digits and _ [not-an-about-name]"
        ),
        (
            "connections.yaml:13:44 error: unknown key 'colour' [unknown-key]\n"
            "    -> allowed: token, token_secret, refresh_token, about"
        ),
        "connections.yaml:13:64 error: this is empty: fill it in or remove it [empty]",
        "connections.yaml:14:11 error: 'care' stands here twice [listed-twice]",
    ]


@pytest.mark.parametrize("token", ["t0ken\\r", "a t0ken", "t0ken…"])
def test_a_token_that_no_header_can_hold_is_a_fault_and_not_shown(tmp_path: Path, token: str) -> None:
    accounts = f'adapter: shop\nsecret: x\naccounts: {{"1": {{token: "{token}"}}}}'

    (found,) = faults(tmp_path, one(accounts))

    assert "no token holds spaces, line ends or other letters than a-z: copy it anew" in found
    assert "t0ken" not in found.splitlines()[0]


def test_what_a_file_must_hold_is_named(tmp_path: Path) -> None:
    assert [fault.split(" error: ")[1] for fault in faults(tmp_path, "x: 1")] == [
        "'version' is missing [missing-key]",
        "'connections' is missing [missing-key]",
        "'mappings' is missing [missing-key]",
        "unknown key 'x' [unknown-key]\n    -> allowed: version, connections, mappings, lists, hours, signals",
    ]


def test_no_connection_and_no_mapping_are_faults(tmp_path: Path) -> None:
    assert [
        fault.split(" error: ")[1] for fault in faults(tmp_path, "version: 1\nconnections: {}\nmappings: []")
    ] == [
        "this is empty: fill it in or remove it [empty]",
        "this is empty: fill it in or remove it [empty]",
    ]


def test_an_adapter_is_always_written_out(tmp_path: Path) -> None:
    found = faults(tmp_path, one("adapter: env:SECRET\nsecret: x"))

    assert found == [
        (
            "connections.yaml:4:14 error: there is no adapter 'env:SECRET' [no-such-adapter]\n"
            "    -> allowed: meta, salesforce, shop, webhook, x, zendesk"
        )
    ]


@pytest.mark.parametrize("name", ["a", "0", "acme-meta", "a" * 63, "a-"])
def test_a_name_that_can_stand_in_a_url_is_taken(tmp_path: Path, name: str) -> None:
    found = loaded(tmp_path, f"version: 1\nconnections: {{'{name}': {{adapter: shop, secret: x}}}}\n{TAIL}")

    assert list(found.connections) == [name]


@pytest.mark.parametrize("name", ["-a", "A", "a_b", "a b", "a/b", "../a", "a" * 64, "ä", "a\n"])
def test_a_name_that_cannot_is_a_fault(tmp_path: Path, name: str) -> None:
    quoted = name.replace("\n", "\\n")

    (fault,) = faults(tmp_path, f'version: 1\nconnections: {{"{quoted}": {{adapter: shop, secret: x}}}}\n{TAIL}')

    assert fault.startswith(f"connections.yaml:2:15 error: {name[:80]!r} cannot name a connection")


@pytest.mark.parametrize("text", ["connections: [hunter2", "app_secret: hunter2\napp_secret: x", "a: &hunter2 b"])
def test_yaml_faults_show_no_line_of_the_file(tmp_path: Path, text: str) -> None:
    shown = "\n".join(faults(tmp_path, text)).replace("'&hunter2'", "")

    assert "hunter2" not in shown


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "nowhere", {}, PRODUCT.get)

    path = tmp_path / "nowhere" / "connections.yaml"
    assert caught.value.faults == (
        (
            f"{path} error: there is no such file; CASEBRIDGE_CONFIG names the folder that holds connections.yaml "
            "[no-such-file]"
        ),
    )


def test_a_file_in_another_encoding_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_bytes(b"version: 1\n# f\xfcr uns\n")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {}, PRODUCT.get)

    assert caught.value.faults == (
        f"{path} error: this is not UTF-8 text: byte 15 is none; save the file as UTF-8 [not-utf-8]",
    )


def test_a_folder_in_the_place_of_the_file_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.mkdir()

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {}, PRODUCT.get)

    assert caught.value.faults == (f"{path} error: it cannot be read: Is a directory [unreadable-file]",)

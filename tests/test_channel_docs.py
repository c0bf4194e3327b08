"""README.md and docs/channels are true: every channel has its row, and every key and example is a real one."""

from __future__ import annotations

import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from adapters import ADAPTERS, webhook
from adapters.webhook.password import Basic, Bearer
from adapters.webhook.signature import Hmac
from adapters.webhook.standard import StandardWebhooks
from adapters.x import envelope
from bridge import connections, mapping
from bridge.configuration import settings_model
from bridge.errors import ConfigError
from bridge.mapping.payload_compile import read_payload
from bridge.ports import Channel

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDER = ROOT / "docs" / "channels"
PAGES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}


def channels() -> list[str]:
    """The adapters that platforms call."""
    parts = {name: path.partition(":") for name, path in ADAPTERS.items()}
    classes = {name: getattr(import_module(module), cls) for name, (module, _, cls) in parts.items()}
    return [name for name, cls in classes.items() if issubclass(cls, Channel)]


def blocks(page: str, info: str) -> list[str]:
    """The boxes of a page that are of this kind."""
    return re.findall(rf"^```{info}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def keys(page: str) -> list[list[str]]:
    """The keys of each table of a page that begins with Key."""
    tables = [part.partition("\n\n")[0] for part in re.split(r"^\| Key \|", page, flags=re.MULTILINE)[1:]]
    return [re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE) for table in tables]


def test_every_channel_has_its_page_and_every_page_its_channel() -> None:
    assert sorted(PAGES) == sorted(channels())


def test_every_channel_has_its_row_and_every_row_its_channel() -> None:
    table = README[README.index("| `adapter` |") :].partition("\n\n")[0]

    assert sorted(re.findall(r"^\| \[`(\w+)`\]\(\S+\) \|", table, re.MULTILINE)) == sorted(channels())


@pytest.mark.parametrize("page", PAGES)
def test_the_connection_of_a_page_loads(tmp_path: Path, page: str) -> None:
    (text,) = blocks(page, "yaml")
    (tmp_path / "connections.yaml").write_text(text, encoding="utf-8")
    env = dict.fromkeys(re.findall("env:([A-Z_]+)", text), "some-value-of-an-admin")

    found = connections.load(tmp_path, env, settings_model, adapters=ADAPTERS)

    assert [one.adapter for one in found.connections.values()] == [page, "salesforce"]


@pytest.mark.parametrize("page", PAGES)
def test_the_first_table_of_keys_has_every_key_of_the_connection_and_no_other(page: str) -> None:
    settings = settings_model(page)

    assert settings is not None
    assert keys(PAGES[page])[0] == list(settings.model_fields)


def test_every_scheme_has_a_table_of_all_its_keys() -> None:
    schemes: list[type[BaseModel]] = [Hmac, StandardWebhooks, Bearer, Basic]

    assert keys(PAGES["webhook"])[1:] == [list(scheme.model_fields) for scheme in schemes]
    assert re.findall(r"^\| `scheme` \| `(\w+)` \|", PAGES["webhook"], re.MULTILINE) == list(webhook.SCHEMES)


def test_the_ways_to_sign_on_the_page_can_be_written_so() -> None:
    examples = blocks("webhook", "yaml verify")

    settings = [webhook.Settings.model_validate({"payload": "reviews", "verify": read(text)}) for text in examples]

    assert [one.verify.scheme for one in settings] == ["hmac", "hmac"]


def read(text: str) -> dict[str, str]:
    """The keys and values of a flat box."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return TypeAdapter(dict[str, str]).validate_python({key: value.strip('"') for key, _, value in pairs})


def test_the_payload_map_of_the_page_loads_and_proves_itself() -> None:
    (text,) = blocks("webhook", "yaml payload")

    assert read_payload(text, "payloads/reviews.yaml").name == "reviews"


def test_every_shipped_payload_map_has_its_row() -> None:
    shipped = [file.stem for file in sorted((ROOT / "mappings" / "payloads").glob("*.yaml"))]

    table = PAGES["webhook"][PAGES["webhook"].index("| Payload map |") :].partition("\n\n")[0]

    assert sorted(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == shipped


def test_every_event_of_x_that_brings_a_message_has_its_row() -> None:
    table = PAGES["x"][PAGES["x"].index("| Event |") :].partition("\n\n")[0]
    rows = "\n".join(row.split(" | ")[0] for row in table.splitlines()[2:])

    assert set(re.findall(r"`([\w.]+)`", rows)) == envelope.POSTS | envelope.DIRECT | envelope.CHAT | {
        "post.delete"
    }


def test_the_first_change_of_the_readme_holds_and_a_slip_in_it_is_answered_as_shown() -> None:
    shipped = (ROOT / "mappings" / "meta-to-salesforce.yaml").read_text(encoding="utf-8")
    steps = README[README.index("## Your own mapping in ten minutes") :]
    rule, example = (textwrap.dedent(box) for box in re.findall(r"```yaml\n(.*?)   ```", steps, re.DOTALL))
    (answer,) = (textwrap.dedent(box) for box in re.findall(r"```\n(   meta-.*?)   ```", steps, re.DOTALL))
    (words,) = re.findall(r"text: .*", rule)
    changed = shipped.replace(words.replace(", burned", ""), words) + textwrap.indent(example, "  ")

    assert mapping.read(changed, "meta-to-salesforce.yaml").name == "meta-to-salesforce"
    with pytest.raises(ConfigError) as caught:
        mapping.read(changed.replace(words, words.replace("has_any", "has_some")), "meta-to-salesforce.yaml")
    assert f"{caught.value.faults[0]}\n" == answer

"""docs/salesforce.md is true: its examples load, and it names every refused login that has advice.

So is what docs/settings.md says of both CRMs.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.salesforce import classify
from bridge import connections
from bridge.configuration import settings_model

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "salesforce.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def pem() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_makes_a_connection(tmp_path: Path, pem: str, example: str) -> None:
    (tmp_path / "connections.yaml").write_text(example, encoding="utf-8")
    env = dict.fromkeys(re.findall("env:([A-Z_]+)", example), "some-value") | {"SF_PRIVATE_KEY": pem}

    found = connections.load(tmp_path, env, settings_model)

    assert list(found.connections) == ["salesforce"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_can_be_checked_without_its_variables(tmp_path: Path, example: str) -> None:
    (tmp_path / "connections.yaml").write_text(example, encoding="utf-8")

    found = connections.load(tmp_path, None, settings_model)

    assert list(found.connections) == ["salesforce"]


def test_every_refused_login_stands_in_the_table() -> None:
    assert re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE) == list(classify.ADVICE)


@pytest.mark.parametrize("crm", ["salesforce", "zendesk"])
def test_the_settings_page_has_every_key_of_a_crm_and_no_other(crm: str) -> None:
    table = (DOCS / "settings.md").read_text(encoding="utf-8").partition(f"\n`{crm}`:\n\n")[2].partition("\n\n")[0]
    settings = settings_model(crm)

    assert settings is not None
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(settings.model_fields)

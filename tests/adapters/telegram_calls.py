"""Updates of Telegram for the tests: our own bot, channel, groups and people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Specimen

from adapters.telegram import HEADER, Settings, Telegram
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "telegram"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "secret-token_of-acme"
ACME = Account(id="7500000001", about={"brand": "Acme DE"})
ANA = "810000901"
BEN = "810000902"
KIM = "810000777"  #: a colleague
CHANNEL = "-1001555000001"
GROUP = "-1001555000002"
FORUM = "-1001555000003"


def telegram(
    account: Account = ACME,
    *,
    secrets: tuple[str, ...] = (SECRET,),
    team: tuple[str, ...] = (KIM, CHANNEL),
    reactions: bool = True,
) -> Telegram:
    settings = {"secret_token": secrets, "team": team, "reactions": reactions}
    return Telegram(Settings.model_validate(settings), {account.id: account})


def post(body: bytes, token: str = SECRET) -> Callback:
    return Callback(
        connection="acme-telegram",
        method="POST",
        url="https://hooks.example.com/in/acme-telegram",
        query={},
        headers={HEADER: token},
        body=body,
        received_at=RECEIVED,
    )


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object, channel: Telegram | None = None) -> list[Event]:
    return (channel or telegram()).parse(post(written(document)))


def message(document: object, channel: Telegram | None = None) -> Message:
    """The one message that an update comes to."""
    (event,) = parse(document, channel)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def item(name: str) -> Any:
    """What stands beside the number in a fixture."""
    ((_, found),) = ((key, held) for key, held in fixture(name).items() if key != "update_id")
    return found


def changed(name: str, **fields: object) -> Any:
    """A fixture with other fields in its one item; None = without."""
    return {key: held if key == "update_id" else {**held, **fields} for key, held in fixture(name).items()}


def said(**fields: object) -> Any:
    """A private message of Ana's that holds these fields and no other words."""
    return changed("unsupported", **fields)


def compact(held: object) -> bytes:
    return json.dumps(held, separators=(",", ":")).encode()


def beside(document: Any) -> Any | None:
    """The same with one more deleted message behind the others; None = an update holds one thing only."""
    name = "deleted_business_messages"
    if name not in document:
        return None
    return {**document, name: {**document[name], "message_ids": [*document[name]["message_ids"], 14]}}


SPECIMENS = (
    Specimen(
        name="telegram",
        channel=telegram(),
        fixtures=FIXTURES,
        call=post,
        read=json.loads,
        write=written,
        beside=beside,
    ),
)

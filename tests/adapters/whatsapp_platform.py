"""WhatsApp's half of the Graph API for the tests, over real HTTP: two numbers, their business account, the app."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from meta_calls import SECRET
from stub import Call, Said, Stub, running
from whatsapp_calls import NUMBER, OTHER_NUMBER, value

from adapters.meta import Meta, Settings

VERSION = "/v25.0/"
TOKEN = "EAAG-system-user"
VERIFY_TOKEN = "our-verify-token"
APP = "880000000000001"
BUSINESS = "215000000000001"
CALLBACK = "https://hooks.example.com/in/acme-meta"
PICTURE = b"\xff\xd8\xff\xe0 a picture"
NEEDED = ("whatsapp_business_messaging", "whatsapp_business_management")
ACCEPTS = {"messaging_product", "recipient_type", "to", "recipient", "type", "text", "context"} | {
    "biz_opaque_callback_data"
}


def refused(code: int, status: int = 400, **more: object) -> Said:
    """An error as the Graph API says it."""
    error = {"message": f"(#{code}) no", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return Said(status=status, body={"error": error | more})


DEAD = refused(190, 401, error_subcode=463)
UNKNOWN = refused(100, 400, error_subcode=33)


@dataclass(slots=True)
class WhatsApp:
    """What stands there. Tests change it before they look, or look at what was written."""

    tokens: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            TOKEN: {"app_id": APP, "is_valid": True, "expires_at": 0, "data_access_expires_at": 0}
            | {"scopes": list(NEEDED), "type": "SYSTEM_USER"}
        }
    )
    numbers: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            number.id: {
                "id": number.id,
                "display_phone_number": "+49 30 555010",
                "verified_name": "Acme",
                "quality_rating": "GREEN",
                "code_verification_status": "VERIFIED",
                "status": "CONNECTED",
                "webhook_configuration": {"application": CALLBACK},
            }
            for number in (NUMBER, OTHER_NUMBER)
        }
    )
    businesses: dict[str, list[str]] = field(
        default_factory=lambda: {BUSINESS: [APP, "880000000000777"]}
    )  #: id -> the apps that get its callbacks
    belongs: dict[str, str] = field(default_factory=lambda: dict.fromkeys((NUMBER.id, OTHER_NUMBER.id), BUSINESS))
    subscriptions: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "whatsapp_business_account": {
                "object": "whatsapp_business_account",
                "callback_url": CALLBACK,
                "active": True,
                "fields": [{"name": one, "version": "v25.0"} for one in ("messages", "smb_message_echoes")],
            }
        }
    )
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, Said] = field(default_factory=dict)  #: path at lookaside.fbsbx.com -> what is there
    sent: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, call: Call) -> Said:
        if call.host == "lookaside.fbsbx.com":
            return self.files.get(call.path, Said(status=404)) if call.token in self.tokens else Said(status=401)
        assert call.host == "graph.facebook.com", call.host
        assert call.path.startswith(VERSION), call.path
        path = call.path.removeprefix(VERSION)
        if call.token == f"{APP}|{SECRET}":
            return self._of_the_app(call, path)
        if call.token not in self.tokens or not self.tokens[call.token]["is_valid"]:
            return DEAD
        for pattern, answer in ROUTES:
            found = re.fullmatch(pattern, f"{call.method} {path}")
            if found:
                return answer(self, call, *found.groups())
        return UNKNOWN

    def _of_the_app(self, call: Call, path: str) -> Said:
        """What only the app's own token opens."""
        if path == "debug_token":
            known = self.tokens.get(call.query["input_token"])
            return Said(body={"data": known or {"is_valid": False, "scopes": []}})
        assert path == f"{APP}/subscriptions", path
        if call.method == "GET":
            return Said(body={"data": list(self.subscriptions.values())})
        given = call.form or call.query
        self.subscriptions[given["object"]] = {
            "object": given["object"],
            "callback_url": given["callback_url"],
            "active": True,
            "fields": [{"name": one, "version": "v25.0"} for one in given["fields"].split(",")],
        }
        return Said(body={"success": True})

    def _message(self, call: Call, number: str) -> Said:
        if number not in self.numbers:
            return UNKNOWN
        given = call.json
        if set(given) - ACCEPTS or given.get("messaging_product") != "whatsapp":
            return refused(131009)
        if len(given["text"]["body"]) > 4096 or not ({"to", "recipient"} & set(given)):
            return refused(100)
        self.sent.append({"number": number, **given})
        id_ = f"wamid.Sent{len(self.sent)}"
        whom = given.get("to") or given["recipient"]
        return Said(
            body={
                "messaging_product": "whatsapp",
                "contacts": [{"input": whom}],
                "messages": [{"id": id_, "message_status": "accepted"}],
            }
        )

    def _number(self, call: Call, id_: str) -> Said:
        known = self.numbers.get(id_) or self.media.get(id_)
        if known is None or call.query.get("phone_number_id", NUMBER.id) != NUMBER.id:
            return UNKNOWN
        return Said(body=known)

    def _subscribed(self, call: Call, business: str) -> Said:
        if business not in self.businesses:
            return UNKNOWN
        apps = self.businesses[business]
        if call.method == "POST":
            apps.append(self.tokens[call.token]["app_id"])
            return Said(body={"success": True})
        return Said(body={"data": [{"whatsapp_business_api_data": {"id": one, "name": "An app"}} for one in apps]})

    def _numbers_of(self, call: Call, business: str) -> Said:
        if business not in self.businesses:
            return UNKNOWN
        return Said(body={"data": [{"id": one} for one, of in self.belongs.items() if of == business]})

    def keeps(self, id_: str, content: bytes = PICTURE, **changed: object) -> None:
        """Keep a file that a customer sent."""
        path = f"/whatsapp_business/attachments/{id_}"
        self.media[id_] = {
            "messaging_product": "whatsapp",
            "id": id_,
            "url": f"https://lookaside.fbsbx.com{path}?mid={id_}&ext=1793000300",
            "mime_type": "image/jpeg",
            "sha256": hashlib.sha256(content).hexdigest(),
            "file_size": len(content),
        } | changed
        self.files[path] = Said(body=content, headers={"Content-Type": "image/jpeg"})

    def status(self, n: int, status: str = "sent") -> Any:
        """The callback about the message that was sent as the nth."""
        mark = self.sent[n - 1]["biz_opaque_callback_data"]
        one = {
            "id": f"wamid.Sent{n}",
            "status": status,
            "timestamp": "1793000070",
            "biz_opaque_callback_data": mark,
        }
        return value(statuses=[one])


ROUTES: tuple[tuple[str, Callable[..., Said]], ...] = (
    (r"POST (\d+)/messages", WhatsApp._message),
    (r"(?:GET|POST) (\d+)/subscribed_apps", WhatsApp._subscribed),
    (r"GET (\d+)/phone_numbers", WhatsApp._numbers_of),
    (r"GET (\d+)", WhatsApp._number),
)


@contextmanager
def platform() -> Iterator[tuple[WhatsApp, Stub]]:
    """Run the platform until the end of the block."""
    there = WhatsApp()
    with running(there.answer) as stub:
        yield there, stub


def adapter(stub: Stub, **changed: object) -> Meta:
    """The adapter of an app that has both numbers, before this platform."""
    settings = {
        "app_id": APP,
        "app_secret": SECRET,
        "verify_token": VERIFY_TOKEN,
        "url": stub.url,
        "timeout": 2.5,
        "whatsapp_business_accounts": [BUSINESS],
        "products": {NUMBER.id: "whatsapp", OTHER_NUMBER.id: "whatsapp"},
    }
    known = {one.id: one for one in (NUMBER, OTHER_NUMBER)}
    return Meta(Settings.model_validate(settings | changed), known)

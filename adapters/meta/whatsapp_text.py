"""What a message of WhatsApp says, by its type: its words, its files, or a line that tells what it is. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bridge.message import Attachment, clean
from bridge.reading import (
    Json,
    Unfit,
    compact,
    digits,
    document,
    fit,
    ident,
    need,
    ornament,
    part,
    parts,
    words,
)

UNSUPPORTED = "a message that WhatsApp cannot deliver to apps"

UNDELIVERABLE = frozenset({"unsupported", "unknown", "errors"})
"""Types of messages that come without what was written: polls, view-once pictures, what failed at WhatsApp."""

ORIGINS = {"ad": "through an advertisement", "post": "through a post"}

FORM = "nfm_reply"

AROUND_FORM = frozenset({"flow_token"})
"""What stands among the answers of a form and is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a message says."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    pressed: bool = False  #: it is a button or a line of a list, which we had sent


def read(item: Json, *, troubled: bool = False) -> Said:
    """Return what a message says; never nothing at all. Raises Unfit if it is not what its type tells.

    troubled: WhatsApp says beside the item that it could not deliver something: the body may be left out.
    """
    return _with_origin(_said(item, need(words(item, "type"), "type"), troubled=troubled), item)


def _said(item: Json, kind: str, *, troubled: bool) -> Said:
    if kind in UNDELIVERABLE:
        inner = item.get(kind)
        meant = ornament(inner, "type") if isinstance(inner, dict) else ""
        return Said(text=_line(UNSUPPORTED, meant))
    if kind not in READERS:
        return Said(text=_line("a message of a kind that only WhatsApp shows", kind))
    if item.get(kind) is None:
        if troubled or item.get("errors"):
            return Said(text=_line(UNSUPPORTED, kind))
        raise Unfit(f"{kind} is missing")
    return READERS[kind](item)


def failure(status: Json) -> str:
    """Return why something of ours was not delivered, as a sentence for the agent with WhatsApp's codes."""
    errors = status.get("errors")
    reasons = [_reason(one) for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    told = "; ".join(one for one in reasons if one)
    return (
        f"WhatsApp did not deliver this: {told}." if told else "WhatsApp did not deliver this, without a reason."
    )


def _reason(error: Json) -> str:
    data = error.get("error_data")
    title = ornament(error, "title") or ornament(error, "message")
    details = (ornament(data, "details") if isinstance(data, dict) else "") or ornament(error, "details")
    told = ": ".join(dict.fromkeys(one.rstrip(".") for one in (title, details) if one))
    code = digits(error, "code")
    return f"{told} (code {code})" if told and code else told or (f"code {code}" if code else "")


def _with_origin(said: Said, item: Json) -> Said:
    """Return it with a link to the advertisement or post that the customer came from, where there is one.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/text
    """
    referral = item.get("referral")
    if not isinstance(referral, dict) or not referral:
        return said
    name, url = ornament(referral, "headline") or ornament(referral, "body"), ornament(referral, "source_url")
    text = said.text or _line(ORIGINS.get(ornament(referral, "source_type"), ORIGINS["ad"]), name)
    link = (Attachment(kind="link", url=url, name=name),) if url else ()
    return replace(said, text=text, attachments=said.attachments + link)


# --- by type --------------------------------------------------------------------------------------------------


def _text(item: Json) -> Said:
    return Said(text=need(words(part(item, "text"), "body"), "text.body"))


def _media(item: Json, *, kind: str) -> Said:
    """Return a file. Its address holds for five minutes and opens with our token only: the id is worth more.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
    """
    body = part(item, kind)
    number, url, caption = ident(body, "id"), words(body, "url"), words(body, "caption")
    if not (number or url or caption):
        raise Unfit(f"{kind} has neither id nor url nor caption")
    file = Attachment(kind=kind, url="" if number else url, name=ornament(body, "filename"), id=number)
    return Said(text=caption, attachments=(file,) if number or url else ())


def _location(item: Json) -> Said:
    body = part(item, "location")
    point = [_number(body, name) for name in ("latitude", "longitude")]
    if not all(point):
        raise Unfit("a location's latitude and longitude are not two numbers")
    place = ", ".join(filter(None, (ornament(body, "name"), ornament(body, "address"))))
    shown = Attachment(kind="location", url=ornament(body, "url"), name=",".join(point))
    return Said(text=_line("location", place), attachments=(shown,))


def _contacts(item: Json) -> Said:
    cards = [_card(_object(one, "contacts")) for one in parts(item, "contacts")]
    return Said(text=need("\n".join(cards), "contacts"))


def _card(contact: Json) -> str:
    name, firm = contact.get("name"), contact.get("org")
    shown = [ornament(name, "formatted_name")] if isinstance(name, dict) else []
    shown += [ornament(firm, "company")] if isinstance(firm, dict) else []
    for section, field in (("phones", "phone"), ("emails", "email")):
        held = contact.get(section)
        shown += [ornament(one, field) for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    return _line("contact", ", ".join(filter(None, shown)))


def _button(item: Json) -> Said:
    button = part(item, "button")
    return Said(text=need(words(button, "text") or words(button, "payload"), "button.text"), pressed=True)


def _interactive(item: Json) -> Said:
    body = part(item, "interactive")
    kind = need(words(body, "type"), "interactive.type")
    if kind == FORM:
        return Said(text=_form(part(body, FORM)))
    if kind not in ("button_reply", "list_reply"):
        return Said(text=_line("an answer of a kind that only WhatsApp shows", kind))
    reply = part(body, kind)
    return Said(text=need(words(reply, "title") or words(reply, "id"), f"{kind}.title"), pressed=True)


def _form(reply: Json) -> str:
    """Return a filled-in form: its answers, a line each."""
    try:
        answers = fit(document(words(reply, "response_json").encode()))
    except (ValueError, RecursionError):  # JSON in JSON: what the customer filled in is still worth a line
        answers = {}
    lines = [f"{clean(name)}: {_answer(value)}" for name, value in answers.items() if name not in AROUND_FORM]
    body = ornament(reply, "body")
    return "\n".join([_line("form", ornament(reply, "name")), *([body] if body else []), *lines])


def _answer(value: object) -> str:
    return clean(value) if isinstance(value, str) else compact(value).decode()


def _order(item: Json) -> Said:
    order = part(item, "order")
    products = [_product(_object(one, "product_items")) for one in parts(order, "product_items")]
    text = words(order, "text")
    return Said(text="\n".join([_line("order", ", ".join(products)), *([text] if text else [])]))


def _product(product: Json) -> str:
    count, price = _count(product, "quantity"), _count(product, "item_price")
    cost = f"at {price} {ornament(product, 'currency')}".rstrip() if price else ""
    article = f"{count or '?'} × {ornament(product, 'product_retailer_id') or '?'}"
    return f"{article} {cost}".rstrip()


READERS: dict[str, Callable[[Json], Said]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    **{kind: partial(_media, kind=kind) for kind in ("image", "video", "audio", "document", "sticker")},
}


def _line(what: str, which: str = "") -> str:
    """Return a line that stands where a message has no words of its own."""
    return f"[{what}: {which}]" if which else f"[{what}]"


def _number(of: Json, name: str) -> str:
    """Return a number as it is written; "" = absent or none."""
    value = of.get(name)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _count(of: Json, name: str) -> str:
    """Return a count or price, which comes as a number or as text; "" = absent or of no use."""
    return _number(of, name) or ornament(of, name)


def _object(one: object, name: str) -> Json:
    if not isinstance(one, dict):
        raise Unfit(f"{name} holds something that is not an object")
    return one

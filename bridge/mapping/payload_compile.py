"""A payload map made ready to run: every fault of the file found at once, its examples tried. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from bridge.errors import ConfigError
from bridge.mapping.conditions import all_of
from bridge.mapping.document import Node, near, parse, plain
from bridge.mapping.fields import unnamed
from bridge.mapping.findings import faults_of
from bridge.mapping.item import ItemNames
from bridge.mapping.payload import CHANNEL, CLOSED, SHOWN, Payload, Skip
from bridge.mapping.payload_examples import failures
from bridge.mapping.payload_form import PayloadForm
from bridge.mapping.payload_values import Attachments
from bridge.mapping.placeholders import Check, Template, template

DEFAULTS = {"change": Template(("created",))}


def read_payload(text: str, file: str) -> Payload:
    """Check, compile and try out one payload map.

    file: how faults call it. Raises ConfigError with every fault, those of its tests too.
    """
    document = parse(text, file)
    check = Check(document)
    form, made = _form(check), _compiled(document.root.entries, check)
    if form is not None and f"{form.payload}.yaml" != file.rpartition("/")[2]:
        reason = f"the file is called {file!r}: name it alike"
        check.refuse(document.root.entries["payload"], "other-name", reason)
    if form is not None and not check.faults:
        check.faults += failures(made, document)
    if form is None or check.faults:
        faults = sorted(check.faults, key=lambda f: (f.line, f.column, f.reason))
        raise ConfigError(faults)
    return made


def _form(check: Check) -> PayloadForm | None:
    try:
        return PayloadForm.model_validate(plain(check.document.root))
    except ValidationError as error:
        check.faults += faults_of(error, check.document, PayloadForm)
        return None


def _compiled(root: Mapping[str, Node], check: Check) -> Payload:
    names = ItemNames(around="items" in root)
    message = dict(root["message"].entries) if "message" in root else {}
    files = message.pop("attachments", None)
    filled = {**message, "channel": root["channel"]} if "channel" in root else message
    _refuse_impossible(filled, check)
    _refuse_unnumbered(filled, check)
    if "message" in root and files is None and not {"text", "rating"} & message.keys():
        reason = "a message needs text, rating or attachments: say where they stand"
        check.refuse(root["message"], "missing-key", reason, key=True)
    return Payload(
        name=_text(root, "payload"),
        items=_text(root, "items") or None,
        event=template(root["event"], names, check) if "event" in root else None,
        skips=tuple(
            Skip(all_of(line, names, check), check.document.where(line))
            for line in (root["skip"].items if "skip" in root else ())
        ),
        fields={**DEFAULTS, **unnamed(filled, names, check)},
        attachments=_attachments(files, names, check),
    )


def _text(entries: Mapping[str, Node], key: str) -> str:
    return (entries[key].text or "") if key in entries else ""


def _attachments(node: Node | None, names: ItemNames, check: Check) -> Attachments | None:
    if node is None:
        return None
    fields = {name: value for name, value in node.entries.items() if name != "each"}
    return Attachments(_text(node.entries, "each"), unnamed(fields, names, check))


def _refuse_impossible(filled: Mapping[str, Node], check: Check) -> None:
    """Refuse what kind, change or channel can never be."""
    for name in (*CLOSED, "channel"):
        for node in _results(filled[name]) if name in filled else ():
            text = node.text or ""
            if name == "channel":
                if "{" not in text and not CHANNEL.fullmatch(text):
                    reason = f"{text!r} cannot name a channel: write at most 40 of a-z, 0-9, - and _"
                    check.refuse(node, "not-a-channel", reason)
            elif text not in CLOSED[name]:
                known, close = ", ".join(CLOSED[name]), near(text, CLOSED[name])
                reason = f"{name!r} can never be {text!r}"
                check.refuse(node, "not-possible", reason, allowed=known, suggestion=close)


def _refuse_unnumbered(filled: Mapping[str, Node], check: Check) -> None:
    """Refuse hidings that nothing would tell apart: hidden, shown and hidden again must end hidden."""
    changes = _results(filled["change"]) if "change" in filled else []
    hiding = next((node for node in changes if node.text in SHOWN), None)
    if hiding is not None and not {"version", "sent_at"} & filled.keys():
        reason = f"nothing would tell one {hiding.text!r} of a message from the next: add version or sent_at"
        check.refuse(hiding, "no-version", reason)


def _results(node: Node) -> list[Node]:
    """What a field can become: its text, or what its translation gives."""
    entries = node.entries
    if not entries:
        return [node]
    table = list(entries["translate"].entries.values()) if "translate" in entries else []
    return [*table, *([entries["otherwise"]] if "otherwise" in entries else [])]

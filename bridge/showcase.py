"""The examples of `make run`, and how each must stand in its CRM once all of them were sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SALESFORCE, ZENDESK = "salesforce", "zendesk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as an agent reads it."""

    id: str
    number: str
    opening: str
    comments: tuple[str, ...]  #: each later message, whatever kind of record it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """Everything that stands in one CRM."""

    cases: Sequence[Case]
    whole: str  #: all of its sandbox's state, to search for what must be nowhere


def salesforce(state: Mapping[str, Any]) -> Crm:
    """Read what GET /sandbox/state of the sandbox Salesforce with the plugin answers."""
    messages: dict[str, list[Mapping[str, Any]]] = {case["Id"]: [] for case in state["cases"]}
    for one in state["messages"]:
        messages[one["fields"]["Case__c"]].append(one["fields"])
    cases = [_with_plugin(case, messages[case["Id"]]) for case in state["cases"]]
    return Crm(cases=cases, whole=json.dumps(state, ensure_ascii=False))


def _with_plugin(case: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Case:
    """A case with its messages: what opened it must be the first of them and stand in the description."""
    description = case["fields"]["Description"] or ""
    opened = bool(messages) and (messages[0]["Body__c"] or "") in description
    return Case(
        id=case["Id"],
        number=case["CaseNumber"],
        opening=description if opened else "",
        comments=tuple(f"{one['Body__c']}\n{one['Attachments__c']}" for one in messages[1:]),
    )


def zendesk(state: Mapping[str, Any]) -> Crm:
    """Read what GET /sandbox/state of the sandbox Zendesk answers: a ticket's first comment is what opened it."""
    cases = []
    for ticket in state["tickets"]:
        opening, *later = [comment["plain_body"] for comment in ticket["comments"]]
        number = str(ticket["id"])
        cases.append(Case(id=number, number=f"#{number}", opening=opening, comments=tuple(later)))
    return Crm(cases=cases, whole=json.dumps(state, ensure_ascii=False))


READERS: Mapping[str, Callable[[Mapping[str, Any]], Crm]] = {SALESFORCE: salesforce, ZENDESK: zendesk}


Check = Callable[[Crm], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One webhook, and how it must have ended once all of them were sent."""

    name: str
    file: str
    message: str  #: the platform's id, by which the bridge tells its story
    check: Check
    connection: str = "acme-meta"
    crm: str = SALESFORCE
    forged: bool = False
    change: str = "created"
    twist: Mapping[str, str] | None = None  #: text to replace in the file


def _opened(text: str) -> Check:
    """The text stands in one case as what opened it, and nowhere else."""
    return lambda crm: _openings(crm, text) == 1 and _comments(crm, text) == 0


def _commented(text: str) -> Check:
    """The text stands in one comment, and nowhere else."""
    return lambda crm: _openings(crm, text) == 0 and _comments(crm, text) == 1


def _nowhere(text: str) -> Check:
    return lambda crm: text not in crm.whole


def _openings(crm: Crm, text: str) -> int:
    return sum(text in case.opening for case in crm.cases)


def _comments(crm: Crm, text: str) -> int:
    return sum(text in comment for case in crm.cases for comment in case.comments)


FORGED = "Nobody at the platform ever signed this one"
CARD = "4111 1111 1111 1111"
FRENCH: Mapping[str, Any] = {"connection": "acme-meta-fr", "crm": ZENDESK}
EXAMPLES = (
    Example(
        name="comment under our post",
        file="01-comment.json",
        message="900410_77101",
        check=_opened("Order AC-20417. Who can help?"),
    ),
    Example(
        name="comment by a stranger, same post",
        file="02-comment-by-another-customer.json",
        message="900410_77102",
        check=lambda crm: len(crm.cases) == 9,
    ),
    Example(
        name="reply by the first customer",
        file="03-reply-by-the-first-customer.json",
        message="900410_77103",
        check=_commented("I have photos of the damage"),
    ),
    Example(
        name="the first comment is edited",
        file="04-first-comment-edited.json",
        message="900410_77101",
        change="edited",
        check=_commented("Order AC-20471 (not 20417, sorry)"),
    ),
    Example(
        name="the stranger's comment is removed",
        file="05-other-comment-removed.json",
        message="900410_77102",
        change="deleted",
        check=_nowhere("Two weeks of waiting for a spare lid"),
    ),
    Example(
        name="Messenger: a question",
        file="06-messenger-text.json",
        message="m_Kd81TqX0aVfNn3RzW5uYcA",
        check=_opened("I ordered a grinder on Monday"),
    ),
    Example(
        name="Messenger: a picture",
        file="07-messenger-picture.json",
        message="m_Kd81TqX0bWgPp4SzX6vZdB",
        check=_commented("delivery-note-20533.jpg"),
    ),
    Example(
        name="Messenger: the question again",
        file="06-messenger-text.json",
        message="m_Kd81TqX0aVfNn3RzW5uYcA",
        check=_opened("I ordered a grinder on Monday"),
    ),
    Example(
        name="forged: a wrong signature",
        file="01-comment.json",
        message="900410_66666",
        forged=True,
        twist={"900410_77101": "900410_66666", "My espresso machine arrived": FORGED},
        check=_nowhere(FORGED),
    ),
    Example(
        name="a giveaway, which a rule drops",
        file="09-giveaway-comment.json",
        message="900410_77109",
        check=_nowhere("Giveaway entry"),
    ),
    Example(
        name="X: a mention",
        file="15-x-mention.json",
        message="2080000000000004101",
        check=_opened("the lid of my kettle does not close"),
        connection="acme-x",
    ),
    Example(
        name="X: the same post, called a reply",
        file="16-x-the-same-as-reply.json",
        message="2080000000000004101",
        check=_opened("the lid of my kettle does not close"),
        connection="acme-x",
    ),
    Example(
        name="X: a direct message",
        file="17-x-direct-message.json",
        message="dm:1900000000000004102",
        check=_opened("12 Mill Lane"),
        connection="acme-x",
    ),
    Example(
        name="our mobile app",
        file="18-app-feedback.json",
        message="f-20611",
        check=_opened("The voucher from your letter is refused"),
        connection="acme-app",
    ),
    Example(
        name="Instagram: a comment",
        file="19-instagram-comment.json",
        message="18000000000020711",
        check=_opened("The blue mug in your video is sold out again"),
    ),
    Example(
        name="WhatsApp: a message",
        file="20-whatsapp-text.json",
        message="wamid.HBgNNDkxNzAwMDAyMDcyMg==",
        check=_opened("My parcel AC-20722 lies at the wrong shop"),
    ),
    Example(
        name="Telegram: a message to the bot",
        file="21-telegram-message.json",
        message="9000020733:61",
        check=_opened("Can I change the address of order AC-20733?"),
        connection="acme-telegram",
    ),
    Example(
        name="comment under the French page's post",
        file="11-french-comment.json",
        message="700380_55201",
        check=_opened("le moulin livré hier est en panne"),
        **FRENCH,
    ),
    Example(
        name="the same customer again",
        file="12-french-comment-again.json",
        message="700380_55202",
        check=lambda crm: _openings(crm, "Toujours pas") == 0,
        **FRENCH,
    ),
    Example(
        name="which is removed",
        file="13-french-comment-removed.json",
        message="700380_55202",
        change="deleted",
        check=_nowhere("Toujours pas de réponse"),
        **FRENCH,
    ),
    Example(
        name="Messenger: a card number, which is masked",
        file="14-french-messenger-card.json",
        message="m_Pz27WqY4cXhQr6TzY7wAeF",
        check=lambda crm: _nowhere(CARD)(crm) and _opened("rembourser sur ma carte [")(crm),
        **FRENCH,
    ),
)

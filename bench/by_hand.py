"""The same rules as somebody would write them in Python: the yardstick for bench/decide.py.

Its words are found by plain regular expressions, so it knows less: no accents, no scripts without spaces.
"""

from __future__ import annotations

import json
import re
from datetime import time
from zoneinfo import ZoneInfo

from bridge.message import Message

Result = dict[str, object]

SPAM = re.compile(r"\b(giveaway|free followers|follow me back|crypto signals)\b", re.IGNORECASE)
URGENT = re.compile(r"\b(fraud|scam|hacked|stolen|lawyer|police|unsafe|emergency)\b", re.IGNORECASE)
ANGRY = re.compile(
    r"\b(refund|charged twice|cancel|complaint|not working|broken|outage|no signal)\b", re.IGNORECASE
)
PLACES = {"messenger": "Messenger", "facebook": "Facebook"}


def shipped(message: Message) -> Result | None:
    """mappings/meta-to-salesforce.yaml. None: dropped, or for another mapping."""
    if message.kind not in ("comment", "post", "mention", "direct") or SPAM.search(message.text):
        return None
    if URGENT.search(message.text):
        priority = "High"
    elif ANGRY.search(message.text) or message.kind == "direct":
        priority = "Medium"
    else:
        priority = "Low"
    place = PLACES.get(message.channel, message.channel)
    author = message.author.name or message.author.handle
    title = " ".join(message.text.split()) or "(no text)"
    urls = "\n".join(attachment.url for attachment in message.attachments)
    return {
        "key": f"{message.channel}:{message.account.id}:{message.thread}:{message.author.id}",
        "Subject": f"{(author or 'Somebody')[:60]} on {place}: {title[:140]}",
        "Description": f"{message.text}\n{message.url}\n{urls}",
        "Status": "New",
        "Origin": "Web",
        "Priority": priority,
        "SuppliedName": author[:80],
        "comment": f"{author or 'The customer'}: {message.text}\n{urls}",
    }


LANGUAGES = {"de": "German", "fr": "French", "ja": "Japanese"}
SPOKEN = ("de", "fr", "en", "es", "pt", "ja", "th", "ar", "ru")
EMPLOYEES = {"customer3", "customer40"}
VIPS = {"customer5", "customer77"}
DROPPED = re.compile(r"\b(giveaway|follow me back)\b", re.IGNORECASE)
BILLING = re.compile(r"\b(invoice|bill|charged twice|rechnung|facture)\b|請求", re.IGNORECASE)
COVERAGE = re.compile(r"\b(outage|no signal|störung|panne)\b|つながらない", re.IGNORECASE)
ORDER = re.compile(r"order #?[0-9]{6,10}", re.IGNORECASE)
FRAUD = re.compile(r"\b(fraud|hacked|betrug|fraude)\b", re.IGNORECASE)
BERLIN = ZoneInfo("Europe/Berlin")


def care(message: Message) -> Result | None:
    """bench/care.yaml. None: dropped, or for another mapping."""
    author, text = message.author, message.text
    if message.kind not in ("mention", "reply", "direct") or message.language not in SPOKEN:
        return None
    if author.is_self or author.handle in EMPLOYEES or DROPPED.search(text):
        return None
    topic, followers = _topic(text), author.followers or 0
    known = followers >= (5000 if topic == "Coverage" else 50_000)
    if known or author.handle in VIPS or FRAUD.search(text):
        priority = "High"
    else:
        priority = "Low" if topic == "General" else "Medium"
    return {
        "key": f"{message.channel}:{message.account.id}:{message.thread}:{author.id}",
        "match": [{"X_User_Id__c": author.id}, {"X_Handle__c": author.handle}],
        "Subject": f"@{author.handle} on X: {' '.join(text.split())[:80]}",
        "Description": f"{text}\n{message.url}",
        "Origin": "Social",
        "Priority": priority,
        "OwnerId": _queue(message, topic),
        "Followers__c": followers,
        "Language__c": LANGUAGES.get(message.language, "Other"),
        "Campaign__c": json.loads(message.raw)["campaign"]["name"],
        "comment": f"@{author.handle}: {text}\n{message.url}",
    }


def _topic(text: str) -> str:
    if BILLING.search(text):
        return "Billing"
    if COVERAGE.search(text):
        return "Coverage"
    return "Order" if ORDER.search(text) else "General"


def _queue(message: Message, topic: str) -> str:
    assert message.sent_at is not None
    local = message.sent_at.astimezone(BERLIN)
    if local.weekday() > 4 or not time(8) <= local.time() < time(20):
        return "Social Night Desk"
    return "Social Billing" if topic == "Billing" else message.account.about["queue"]

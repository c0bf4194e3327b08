"""Two hundred messages as they come: short and long, in ten languages, each with the platform's 10 kB."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

from bridge.message import Account, Attachment, Kind, Message, Person

TEXTS = {
    "en": "Hello, my parcel has still not arrived and nobody picks up. Order #12345678. Can I get a refund?",
    "de": "Guten Tag, seit gestern kein Empfang: eine Störung in Köln? Die Rechnung war natürlich pünktlich da.",
    "fr": "Bonjour, j’ai été débité deux fois, où est ma facture ? C’est de la fraude… ça suffit, déjà énervé !",
    "es": "¿Cuándo llega mi pedido? El técnico no vino el miércoles y mañana ya no estaré en casa, señores.",
    "pt": "Não consigo entrar na aplicação desde sábado; a opção de recuperação também não funciona. Obrigado!",
    "ru": "Здравствуйте! Уже третий день нет связи, а счёт пришёл как обычно. Когда ёлки-палки всё починят?",
    "ar": "مرحبًا، لم تصل الفاتورة بعد، والخدمة مقطوعة منذ أمس. متى تعودون للعمل؟ شُكْرًا لكم على المساعدة.",
    "ja": "昨日からスマホがつながらないのですが、いつ直りますか。先月の請求も二重でした。よろしくお願いします。",
    "th": "สวัสดีค่ะ อินเทอร์เน็ตใช้ไม่ได้ตั้งแต่เมื่อวาน รบกวนช่วยตรวจสอบให้หน่อยนะคะ ขอบคุณมากค่ะ",
    "zh": "你好,昨天开始手机没有信号,账单却照样来了。请问什么时候可以修好?谢谢🙏🏽",
}
URGENT = ("This is FRAUD", "I was hacked", "outage again", "no signal", "charged twice", "giveaway", "lovely shop")
KINDS: tuple[Kind, ...] = ("mention", "reply", "direct", "comment", "post")
LENGTHS = (20, 60, 100, 140, 280, 280, 600, 1000, 2000, 5000)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def messages(count: int = 200) -> list[Message]:
    """The same ones at every call. One in ten has 5,000 characters."""
    dice = Random(20261123)  # noqa: S311 - the same dice every time
    return [_message(number, dice) for number in range(count)]


def _message(number: int, dice: Random) -> Message:
    language = list(TEXTS)[number % len(TEXTS)]
    text = _text(language, LENGTHS[number // len(TEXTS) % len(LENGTHS)], dice)
    name = f"customer{number}"
    return Message(
        channel=("x", "facebook", "messenger")[number % 3],
        connection="acme-x",
        account=Account(id="900100", about={"queue": "Social DE"}),
        id=f"m{number}",
        kind=KINDS[number % len(KINDS)],
        author=Person(
            id=f"7{number:07}", name=name.title(), handle=name, followers=dice.choice((12, 900, 60_000))
        ),
        thread=f"t{number // 3}",
        text=text,
        language=language,
        url=f"https://social.example/{name}/status/{number}",
        attachments=(Attachment(kind="image", url="https://cdn.example/1.jpg"),) if number % 4 == 0 else (),
        sent_at=NOON + timedelta(minutes=37 * number),
        received_at=NOON + timedelta(minutes=37 * number, seconds=2),
        public=number % 5 != 2,
        raw=_raw(text, dice),
    )


def _text(language: str, length: int, dice: Random) -> str:
    """A text of that length; in every other one something for a rule, somewhere."""
    words = (TEXTS[language] + " ") * (length // len(TEXTS[language]) + 1)
    if dice.random() < 0.5:
        at = dice.randrange(length)
        words = f"{words[:at]} {dice.choice(URGENT)} {words[at:]}"
    return words[:length]


def _raw(text: str, dice: Random) -> bytes:
    """The item's JSON as a platform sends it: 10 kB, mostly about things that no rule asks for."""
    entry = {
        "id": str(dice.getrandbits(60)),
        "tags": ["a", "b"],
        "metrics": {"likes": 3, "ratio": 0.25, "ok": True},
    }
    item = {"text": text[:1000], "campaign": {"name": "Winter"}, "entities": [entry] * 20}
    size = len(json.dumps(item))
    item["entities"] = [entry] * (20 + (10_000 - size) // len(json.dumps(entry)))
    return json.dumps(item).encode()

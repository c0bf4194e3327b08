"""SOQL, the subset that a bridge needs: text in, a tree out. Pure.

Grammar: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
Escapes in string literals: sforce_api_calls_soql_select_quotedstringescapes.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import NoReturn

from bridge.sandbox.salesforce.dates import SPANS
from bridge.sandbox.salesforce.refusals import Refusal

TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\\n\r]|\\.)*')
    | (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<literal>[A-Za-z]\w*:\d{1,9})
    | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.ASCII,
)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
BLANK = " \t\n\r\f\v"  # what \s is in TOKEN
DEEPEST = 50  # brackets and NOTs within one another
COMPARISONS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">="})

Kind = OneOf["string", "number", "boolean", "null", "time", "date", "span", "list"]
LITERALS: dict[str, Kind] = {"number": "number", "time": "time", "date": "date", "literal": "span"}
WORDS: dict[str, Kind] = {"TRUE": "boolean", "FALSE": "boolean", "NULL": "null"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int  #: offset in the query

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind in ("name", "sign") else ""


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. `text` of a string is still escaped: LIKE reads \\% and \\_ in its own way."""

    kind: Kind
    text: str
    at: int
    items: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Compare:
    field: str
    sign: str  #: = != < > <= >= LIKE IN NOT IN
    value: Value
    at: int


@dataclass(frozen=True, slots=True)
class Joined:
    word: str  #: AND, OR
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    part: Condition


Condition = Compare | Joined | Negated


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    at: int
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    text: str
    fields: tuple[Token, ...]  #: () = COUNT()
    sobject: Token
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    """Read a query. Raises Refusal MALFORMED_QUERY with the place at fault."""
    return _Parser(text).query()


def pointed(query: str, at: int, refusal: Refusal) -> Refusal:
    """The same refusal with the place in the query shown above it, as the vendor does."""
    before, after = query[max(0, at - 40) : at], query[at : at + 40]
    row, column = query.count("\n", 0, at) + 1, at - query.rfind("\n", 0, at)
    line = (before + after).replace("\n", " ").replace("\r", " ")
    text = f"\n{line}\n{' ' * len(before)}^\nERROR at Row:{row}:Column:{column}\n{refusal.message}"
    return Refusal(refusal.code, text, status=refusal.status)


def unescape(text: str, *, query: str, at: int) -> str:
    """The characters that a string literal stands for. Raises Refusal at an escape that does not exist."""

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        known = ESCAPES.get(match[2]) or ESCAPES.get(match[2].lower())
        if known is None:
            _malformed(query, at, f"Illegal character sequence '{match[0]}' in string literal")
        return known

    # two \u escapes may be the halves of one character
    return ESCAPE.sub(one, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _malformed(query: str, at: int, message: str) -> NoReturn:
    raise pointed(query, at, Refusal("MALFORMED_QUERY", message))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split()
        self.here = 0
        self.depth = 0

    def _split(self) -> list[Token]:
        tokens: list[Token] = []
        at = 0
        while not tokens or tokens[-1].kind not in ("end", "broken"):
            match = TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip(BLANK))
                tokens.append(Token("broken", self.text[at], at))
            else:
                tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
                at = match.end()
        return tokens

    # --- single tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.here]

    def take(self) -> Token:
        token = self.token
        self.here += 1
        return token

    def skip(self, *words: str) -> bool:
        """Pass these words if they come next; say whether they did."""
        coming = [token.word for token in self.tokens[self.here : self.here + len(words)]]
        if coming != list(words):
            return False
        self.here += len(words)
        return True

    def need(self, word: str) -> None:
        if not self.skip(word):
            self.unexpected()

    def name(self) -> Token:
        if self.token.kind != "name":
            self.unexpected()
        return self.take()

    def unexpected(self) -> NoReturn:
        if self.token.kind == "broken" and self.token.text == "'":
            _malformed(self.text, self.token.at, "mismatched character '<EOF>' expecting '''")
        shown = "<EOF>" if self.token.kind == "end" else self.token.text
        _malformed(self.text, self.token.at, f"unexpected token: '{shown}'")

    # --- clauses

    def query(self) -> Query:
        self.need("SELECT")
        fields: tuple[Token, ...] = () if self.skip("COUNT", "(", ")") else self.names()
        self.need("FROM")
        sobject = self.name()
        where = self.condition() if self.skip("WHERE") else None
        order = self.orders() if self.skip("ORDER", "BY") else ()
        limit = self.whole() if self.skip("LIMIT") else None
        offset = self.whole() if self.skip("OFFSET") else 0
        if self.token.kind != "end":
            self.unexpected()
        return Query(
            text=self.text, fields=fields, sobject=sobject, where=where, order=order, limit=limit, offset=offset
        )

    def names(self) -> tuple[Token, ...]:
        names = [self.name()]
        while self.skip(","):
            names.append(self.name())
        return tuple(names)

    def orders(self) -> tuple[Order, ...]:
        orders = [self.order()]
        while self.skip(","):
            orders.append(self.order())
        return tuple(orders)

    def order(self) -> Order:
        field = self.name()
        descending = self.skip("DESC") or (self.skip("ASC") and False)
        nulls_last = self.skip("NULLS", "LAST") or (self.skip("NULLS", "FIRST") and False)
        return Order(field.text, field.at, descending, nulls_last)

    def whole(self) -> int:
        if self.token.kind != "number" or not self.token.text.isdigit() or len(self.token.text) > 9:
            self.unexpected()
        return int(self.take().text)

    # --- conditions

    def condition(self) -> Condition:
        """One condition, or several joined by AND or by OR: the two are never mixed without brackets."""
        parts = [self.simple()]
        word = self.token.word
        if word not in ("AND", "OR"):
            return parts[0]
        while self.skip(word):
            parts.append(self.simple())
        if self.token.word in ("AND", "OR"):
            self.unexpected()
        return Joined(word, tuple(parts))

    def simple(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            _malformed(self.text, self.token.at, "the condition is nested too deeply")
        part = self.nested()
        self.depth -= 1
        return part

    def nested(self) -> Condition:
        if self.skip("NOT"):
            return Negated(self.simple())
        if self.skip("("):
            inner = self.condition()
            self.need(")")
            return inner
        field = self.name()
        sign = self.sign()
        value = self.values() if sign in ("IN", "NOT IN") else self.value()
        return Compare(field.text, sign, value, field.at)

    def sign(self) -> str:
        if self.skip("NOT", "IN"):
            return "NOT IN"
        word = self.token.word
        if word not in COMPARISONS and word not in ("LIKE", "IN"):
            self.unexpected()
        self.take()
        return "!=" if word == "<>" else word

    def values(self) -> Value:
        at = self.token.at
        self.need("(")
        items = [self.value()]
        while self.skip(","):
            items.append(self.value())
        self.need(")")
        return Value("list", "", at, tuple(items))

    def value(self) -> Value:
        token = self.token
        if token.kind == "string":
            value = Value("string", token.text[1:-1], token.at)
        elif token.kind in LITERALS:
            value = Value(LITERALS[token.kind], token.text, token.at)
        elif token.word in SPANS:
            value = Value("span", token.word, token.at)
        elif token.word in WORDS:
            value = Value(WORDS[token.word], token.word, token.at)
        else:
            self.unexpected()
        self.take()
        return value

"""A small real CRM for the tests of the heart: a durable SQLite file, shared by processes, faults on order.

It has two modes. With keys, a part is unique by its key and a repeat is harmless (Salesforce's way). Without,
it knows no parts again: it remembers an op with its answer, and repeats the answer to whoever repeats the op
(the way of an Idempotency-Key). Faults are rows in a table of its own, so any process can arm them; each is
met by the first filing that it fits, once.

Everything that was applied is kept in order, so that a judge can read it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Crm, Filing, Known, Named, Outcome, Part, PersonFound, PersonMatch, Receipt, Shape

Fault = Literal["lost", "late", "refused", "locked", "partial", "hole", "silent", "paused", "throttled", "crash"]
OF_A_CALL = ("paused", "throttled", "crash")
SOON = timedelta(milliseconds=1)
REFUSE = "REFUSE"  #: a text with this word is one that the CRM never takes

_FILING = TypeAdapter(Filing)
_TABLES = """
create table if not exists cases(n integer primary key, key text unique not null, fields text not null);
create table if not exists part(n integer primary key, key text not null, case_n integer not null,
  text text not null, opening integer not null, act text not null, op text not null);
create table if not exists answer(op text primary key, body text not null);
create table if not exists seen(n integer primary key, op text not null, body text not null);
create table if not exists looked(n integer primary key, op text not null);
create table if not exists asked(n integer primary key, author text not null);
create table if not exists person(author text primary key, ids text not null);
create table if not exists named(name text primary key, id text not null);
create table if not exists file(n integer primary key, part text unique not null, urls text not null);
create table if not exists late(n integer primary key, filing text not null, calls integer not null);
create table if not exists fault(n integer primary key, kind text not null, case_key text not null,
  size integer not null);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of one filing: part key -> refs, what failed and why, what was dropped."""

    case_id: str
    refs: Mapping[str, str]
    later: tuple[str, ...]
    refused: tuple[str, ...]
    dropped: tuple[str, ...]


_APPLIED = TypeAdapter(Applied)


class Logbook(Crm):
    """The CRM. `per_call` filings go into one of its calls, which is one answer."""

    objects = (
        Shape(object="Case", named=frozenset({"OwnerId"}), owner=frozenset({"OwnerId"}), text="Description"),
        Shape(object="ticket"),
    )

    def __init__(
        self, file: Path, *, keys: bool = True, per_call: int = 200, patience: timedelta = timedelta(seconds=1)
    ) -> None:
        self.file_at, self.keys, self.per_call, self.patience = file, keys, per_call, patience
        with closing(self._connect()) as db:
            db.executescript(_TABLES)

    # --- what the bridge calls ---

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        """Whom `knows` told of."""
        with self._call() as db:
            self._break_off(db)
            db.executemany("insert into asked(author) values(?)", [(one.author,) for one in people])
            told = dict(db.execute("select author, ids from person").fetchall())
        found = [tuple(filter(None, told.get(one.author, "").split(","))) for one in people]
        return [
            PersonFound(several=ids) if len(ids) > 1 else PersonFound(id=ids[0] if ids else "") for ids in found
        ]

    def identify(self, records: Sequence[Named]) -> list[str | RetryLater | Rejected]:
        """What `name` told of."""
        with self._call() as db:
            self._break_off(db)
            told = dict(db.execute("select name, id from named").fetchall())
            db.executemany("insert into asked(author) values(?)", [(one.name,) for one in records])
        return [told.get(one.name) or Rejected(f"there is no record called {one.name!r}") for one in records]

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        """File `per_call` filings in each call; every call is one transaction and one answer."""
        numbered = list(enumerate(filings))
        for start in range(0, len(numbered), self.per_call):
            with self._call() as db:
                self._break_off(db)
                answer = [
                    (i, outcome)
                    for i, filing in numbered[start : start + self.per_call]
                    if (outcome := self._file(db, filing)) is not None
                ]
            yield answer

    def look(self, filings: Sequence[Filing]) -> list[Mapping[str, str]]:
        """With keys: every part that is here. Without: what the same op was answered."""
        with self._call() as db:
            db.executemany("insert into looked(op) values(?)", [(one.op,) for one in filings])
            return [self._there(db, one) for one in filings]

    # --- what the tests arm and read ---

    def arm(self, kind: Fault, *, case: str = "", size: int = 0, times: int = 1) -> None:
        """Let the next filing (of this case key, if one is named) meet a fault.

        size: partial, hole: how many parts come before the one that fails; late: after how many more calls
        it is applied.
        """
        with closing(self._connect()) as db:
            db.executemany("insert into fault(kind, case_key, size) values(?, ?, ?)", [(kind, case, size)] * times)

    def disarm(self) -> None:
        """Take back the faults that nobody met, and apply what is late."""
        with self._call() as db:
            db.execute("delete from fault")
            db.execute("update late set calls = 0")
            self._land(db)

    def knows(self, author: str, *ids: str) -> None:
        """From now on the author (channel:id) is found as these records."""
        with closing(self._connect()) as db:
            db.execute("insert or replace into person values(?, ?)", (author, ",".join(ids)))

    def name(self, name: str, record: str) -> None:
        """From now on the name stands for this record."""
        with closing(self._connect()) as db:
            db.execute("insert or replace into named values(?, ?)", (name, record))

    def files(self) -> dict[str, list[str]]:
        """Part key -> the addresses of the files that were copied with it."""
        with closing(self._connect()) as db:
            return {key: json.loads(urls) for key, urls in db.execute("select part, urls from file order by n")}

    def cases(self) -> dict[str, dict[str, object]]:
        """Case key -> fields, in the order in which they were made."""
        with closing(self._connect()) as db:
            rows = db.execute("select key, fields from cases order by n").fetchall()
        return {key: json.loads(fields) for key, fields in rows}

    def texts(self, case: str = "") -> list[str]:
        """The texts of a case, or of all of them, in the order in which they were applied."""
        with closing(self._connect()) as db:
            rows = db.execute(
                "select part.text from part join cases on cases.n = part.case_n"
                " where part.act = 'add' and ? in ('', cases.key) order by part.n",
                (case,),
            ).fetchall()
        return [text for (text,) in rows]

    def applied(self) -> list[tuple[str, str]]:
        """(case key, part key) of everything that was applied, in order; deletions too."""
        with closing(self._connect()) as db:
            return db.execute(
                "select cases.key, part.key from part join cases on cases.n = part.case_n order by part.n"
            ).fetchall()

    def seen(self) -> list[Filing]:
        """Every filing that reached a call, as it was sent."""
        with closing(self._connect()) as db:
            return [_FILING.validate_json(body) for (body,) in db.execute("select body from seen order by n")]

    def looked(self) -> list[str]:
        """The ops that it was asked for."""
        with closing(self._connect()) as db:
            return [op for (op,) in db.execute("select op from looked order by n")]

    def asked(self) -> list[str]:
        """The authors that it was asked for."""
        with closing(self._connect()) as db:
            return [author for (author,) in db.execute("select author from asked order by n")]

    # --- how it works ---

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.file_at, timeout=10, isolation_level=None)
        db.execute("pragma journal_mode=wal")
        return db

    @contextmanager
    def _call(self) -> Iterator[sqlite3.Connection]:
        """One call on the wire. What was applied stays applied, also when the call then breaks off."""
        with closing(self._connect()) as db:
            db.execute("begin immediate")
            try:
                self._land(db)
                yield db
            finally:
                db.execute("commit")

    def _break_off(self, db: sqlite3.Connection) -> None:
        """Meet a fault that concerns the whole call."""
        for kind in OF_A_CALL:
            if _met(db, kind, "") is None:
                continue
            if kind == "paused":
                raise Paused("maintenance")
            if kind == "throttled":
                raise RetryLater("too many calls", after=SOON)
            raise RuntimeError("the connection broke")

    def _file(self, db: sqlite3.Connection, filing: Filing) -> Outcome | None:
        db.execute("insert into seen(op, body) values(?, ?)", (filing.op, _FILING.dump_json(filing).decode()))
        for kind, refusal in _NOTHING_APPLIED.items():
            if _met(db, kind, filing.key) is not None:
                return refusal
        if _met(db, "silent", filing.key) is not None:
            return None
        calls = _met(db, "late", filing.key)
        if calls is not None:
            body = _FILING.dump_json(filing).decode()
            db.execute("insert into late(filing, calls) values(?, ?)", (body, calls))
            return Unsure("no answer in time", after=SOON)
        outcome = self._once(db, filing)
        if _met(db, "lost", filing.key) is not None:
            return Unsure("the connection was cut", after=SOON)
        return outcome

    def _once(self, db: sqlite3.Connection, filing: Filing) -> Outcome:
        """Apply a filing; without keys, answer a repeated op as it was answered before."""
        if _opening(db, filing) and any(p.key == filing.opener and REFUSE in p.text for p in filing.parts):
            return Rejected("the text is not allowed", field="Subject")
        old = db.execute("select body from answer where op = ?", (filing.op,)).fetchone()
        if old and not self.keys:
            return _receipt(_APPLIED.validate_json(old[0]), filing)
        done = self._apply(db, filing)
        db.execute("insert or replace into answer values(?, ?)", (filing.op, _APPLIED.dump_json(done).decode()))
        return _receipt(done, filing)

    def _apply(self, db: sqlite3.Connection, filing: Filing) -> Applied:
        reached = _reached(db, filing)
        made = _opening(db, filing) and filing.opener in reached
        if made:
            fields = json.dumps(dict(filing.create))
            db.execute("insert into cases(key, fields) values(?, ?)", (_key(filing), fields))
        case_n = _case_n(db, filing)
        if case_n is not None and not made:
            _change(db, filing, case_n)
        refs, later, refused, dropped = {}, [], [], []
        for part in filing.parts:
            if part.key not in reached:
                later.append(part.key)
            elif REFUSE in part.text:
                refused.append(part.key)
            elif case_n is None:
                dropped.append(part.key)
            else:
                refs[part.key] = self._write(db, filing, part, case_n, opening=made and part.key == filing.opener)
        case_id = "" if case_n is None else f"c{case_n}"
        return Applied(
            case_id=case_id,
            refs=refs,
            later=tuple(later),
            refused=tuple(refused),
            dropped=tuple(dropped),
        )

    def _write(self, db: sqlite3.Connection, filing: Filing, part: Part, case_n: int, *, opening: bool) -> str:
        old = db.execute("select n, case_n, opening from part where key = ?", (part.key,)).fetchone()
        if old and self.keys:
            return _ref(*old)
        into = int(part.case_id.removeprefix("c")) if part.case_id else case_n
        row = (part.key, into, part.text, opening, part.act, filing.op)
        n = db.execute(
            "insert into part(key, case_n, text, opening, act, op) values(?, ?, ?, ?, ?, ?)", row
        ).lastrowid
        assert n is not None
        if part.act == "delete":
            _redact(db, part)
        if part.act == "edit":
            db.execute("update part set act = 'edited' where n = ?", (n,))
            return _rewrite(db, part)
        if part.files:
            urls = json.dumps([one.url for one in part.files])
            db.execute("insert or ignore into file(part, urls) values(?, ?)", (part.key, urls))
        return _ref(n, into, opening)

    def _there(self, db: sqlite3.Connection, filing: Filing) -> Mapping[str, str]:
        if not self.keys:
            old = db.execute("select body from answer where op = ?", (filing.op,)).fetchone()
            return _APPLIED.validate_json(old[0]).refs if old else {}
        rows = {key: _ref(*row) for key, *row in db.execute("select key, n, case_n, opening from part")}
        return {part.key: rows[part.key] for part in filing.parts if part.key in rows}

    def _land(self, db: sqlite3.Connection) -> None:
        """Apply what is late and due: a call that nobody waits for any more."""
        for n, body in db.execute("select n, filing from late where calls <= 0 order by n").fetchall():
            self._once(db, _FILING.validate_json(body))
            db.execute("delete from late where n = ?", (n,))
        db.execute("update late set calls = calls - 1")


_NOTHING_APPLIED: Mapping[str, RetryLater] = {
    "refused": RetryLater("busy", after=SOON),
    "locked": RetryLater("the row is locked", after=SOON, counts=True),
}


def _met(db: sqlite3.Connection, kind: str, case: str) -> int | None:
    """Meet an armed fault: its size; None = there is none."""
    row = db.execute(
        "delete from fault where n = (select min(n) from fault where kind = ? and case_key in ('', ?))"
        " returning size",
        (kind, case),
    ).fetchone()
    return None if row is None else int(row[0])


def _reached(db: sqlite3.Connection, filing: Filing) -> set[str]:
    """The keys of the parts that are applied now; a fault may keep the others for later."""
    keys = [part.key for part in filing.parts]
    stop, hole = _met(db, "partial", filing.key), _met(db, "hole", filing.key)
    return {k for i, k in enumerate(keys) if (stop is None or i < stop) and i != hole}


def _opening(db: sqlite3.Connection, filing: Filing) -> bool:
    """Whether this filing makes a new case."""
    if not filing.opener or filing.opener not in {part.key for part in filing.parts}:
        return False
    return db.execute("select 1 from cases where key = ?", (_key(filing),)).fetchone() is None


def _case_n(db: sqlite3.Connection, filing: Filing) -> int | None:
    row = db.execute("select n from cases where key = ?", (_key(filing),)).fetchone()
    return None if row is None else int(row[0])


def _key(filing: Filing) -> str:
    return filing.key_at(filing.known.episode)


def _change(db: sqlite3.Connection, filing: Filing, case_n: int) -> None:
    """Raise and reassign a case that is there, for new messages of customers."""
    if not any(part.opens and part.act == "add" for part in filing.parts):
        return
    fields = json.loads(db.execute("select fields from cases where n = ?", (case_n,)).fetchone()[0])
    raised = {name: one.value for name, one in filing.raises.items() if one.over(fields.get(name))}
    fresh = json.dumps({**fields, **raised, **filing.assign})
    db.execute("update cases set fields = ? where n = ?", (fresh, case_n))


def _rewrite(db: sqlite3.Connection, part: Part) -> str:
    for ref in part.ref.split(","):
        if ref.startswith("c"):
            fields = json.loads(db.execute("select fields from cases where n = ?", (ref[1:],)).fetchone()[0])
            fresh = json.dumps({**fields, **dict(part.row)})
            db.execute("update cases set fields = ? where n = ?", (fresh, ref[1:]))
            db.execute("update part set text = ? where case_n = ? and opening", (part.text, ref[1:]))
        else:
            db.execute("update part set text = ? where n = ?", (part.text, ref[1:]))
    return part.ref


def _ref(n: int, case_n: int, opening: bool) -> str:
    """An opening text is the case itself; every other is a comment."""
    return f"c{case_n}" if opening else f"p{n}"


def _redact(db: sqlite3.Connection, part: Part) -> None:
    gone = "[redacted]"
    for ref in filter(None, part.ref.split(",")):
        if ref.startswith("c"):
            fields = json.loads(db.execute("select fields from cases where n = ?", (ref[1:],)).fetchone()[0])
            db.execute(
                "update cases set fields = ? where n = ?", (json.dumps({**fields, **dict(part.row)}), ref[1:])
            )
            db.execute("update part set text = ? where case_n = ? and opening", (gone, ref[1:]))
        else:
            db.execute("update part set text = ? where n = ?", (gone, ref[1:]))


def _receipt(done: Applied, filing: Filing) -> Receipt:
    failed: dict[str, RetryLater | Unsure | Rejected] = {
        **{key: RetryLater("later", after=SOON) for key in done.later},
        **{key: Rejected("the text is not allowed", field="CommentBody") for key in done.refused},
    }
    return Receipt(
        known=Known(case_id=done.case_id, episode=filing.known.episode),
        link=f"logbook:{done.case_id}" if done.case_id else "",
        refs=done.refs,
        failed=failed,
        dropped=dict.fromkeys(done.dropped, "echo"),
    )

"""How many calls each limit of a CRM has left in its window: one count for all workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from bridge.ports import Bucket, Reading, Spent, Usage
from bridge.store.engine import now, upsert
from bridge.store.queues import milliseconds
from bridge.store.tables import bucket

SAME = timedelta(seconds=2)  #: two windows that end so close to each other are one: CRMs count whole seconds
LONGEST = timedelta(minutes=15)  #: that a window may last, whatever a CRM says
FORGOTTEN = timedelta(days=1)  #: so long after its window a limit is no longer known
RESERVE = 10  #: one call in so many is kept for replies and urgent cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One limit as it stood at some time, both on the database's clock in milliseconds."""

    most: int
    used: int
    resets_at: int  #: when nothing of it is used any more
    at: int

    @property
    def left(self) -> timedelta:
        """How long its window still lasts; 0 = it is over, or the clock was set back."""
        span = timedelta(milliseconds=self.resets_at - self.at)
        return span if timedelta(0) < span <= LONGEST else timedelta(0)

    def room(self, *, reserve: bool) -> bool:
        """Whether one more call fits."""
        return not self.left or self.used < self.most - (0 if reserve else self.most // RESERVE)

    def with_one(self, span: timedelta) -> Count:
        """With one call more, which begins a window of this span where there is none."""
        if self.left:
            return replace(self, used=self.used + 1)
        return replace(self, used=1, resets_at=self.at + milliseconds(span))

    def told(self, said: Reading) -> Count:
        """As the CRM says. Within one window the higher count is right: calls of ours are on their way to it."""
        used, resets = max(0, said.most - said.left), min(said.resets, LONGEST)
        if self.left and abs(self.left - resets) <= SAME:
            return replace(self, most=said.most, used=max(used, self.used))
        return replace(self, most=said.most, used=used, resets_at=self.at + milliseconds(resets))


Counts = Mapping[str, Count]


def take(c: Connection, crm: str, wanted: Sequence[Bucket], *, reserve: bool) -> tuple[Spent | None, Counts]:
    """Take one call from each of these limits, or from none; the first that is spent, and how all stand now."""
    there = _locked(c, crm, {one.name: one.most for one in wanted})
    for one in wanted:
        count = there[one.name]
        if not count.room(reserve=reserve):
            return Spent(name=one.name, after=count.left), there
    taken = {one.name: there[one.name].with_one(one.span) for one in wanted}
    _keep(c, crm, taken)
    return None, taken


def tell(c: Connection, crm: str, readings: Sequence[Reading]) -> None:
    """Note what the CRM says of its limits."""
    said = {one.name: one for one in readings}
    there = _locked(c, crm, {name: one.most for name, one in said.items()})
    _keep(c, crm, {name: there[name].told(one) for name, one in said.items()})


def known(c: Connection, crm: str) -> dict[str, int]:
    """How much each limit allows, by name."""
    rows = c.execute(select(bucket.c.name, bucket.c.most).where(bucket.c.crm == crm))
    return {row.name: row.most for row in rows}


def shown(c: Connection) -> dict[tuple[str, str], Usage]:
    """How limits stand, by CRM and name; those of one record, which have a / in their names, are not in it."""
    whole = select(bucket, now().label("now")).where(bucket.c.name.not_like("%/%"))
    rows = c.execute(whole.order_by(bucket.c.crm, bucket.c.name))
    return {
        (row.crm, row.name): Usage(used=row.used if row.resets_at > row.now else 0, most=row.most) for row in rows
    }


def tidy(c: Connection) -> None:
    """Forget the limits that nobody has used for a day."""
    key = (bucket.c.crm, bucket.c.name)
    old = select(*key).where(bucket.c.resets_at < now() - milliseconds(FORGOTTEN))
    c.execute(delete(bucket).where(tuple_(*key).in_(old.with_for_update(skip_locked=True))))


def _locked(c: Connection, crm: str, mosts: Mapping[str, int]) -> dict[str, Count]:
    """Hold these limits, in sorted order, so that two workers never wait for each other; new ones are made."""
    rows = [{"crm": crm, "name": name, "most": mosts[name], "used": 0, "resets_at": 0} for name in sorted(mosts)]
    insert = upsert(c, bucket).values(rows)
    held = insert.on_conflict_do_update(index_elements=["crm", "name"], set_={"used": bucket.c.used})
    found = c.execute(held.returning(bucket, now().label("now")))
    return {r.name: Count(most=r.most, used=r.used, resets_at=r.resets_at, at=r.now) for r in found}


def _keep(c: Connection, crm: str, counts: Counts) -> None:
    values = [
        {"its_name": name, "most": one.most, "used": one.used, "resets_at": one.resets_at}
        for name, one in counts.items()
    ]
    c.execute(update(bucket).where(bucket.c.crm == crm, bucket.c.name == bindparam("its_name")), values)

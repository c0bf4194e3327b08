"""The tables: two queues of the same shape, the items that pass through them, and what is kept beside.

    lane      one customer on one of our accounts: orders items that no mapping has decided yet
    case_row  one case of one CRM: orders items that are decided and not yet filed
    item      one message, or what happened to one; its state is the ledger
    filing    what is being sent for a case: stored before it is sent, repeated exactly until a receipt
    target    a CRM connection that rests
    person    who an author is in a CRM, remembered for a while
    record    which records a CRM has under the names that mappings use, remembered for a while
    talk      one conversation that agents answer: orders their replies
    reply     one reply of an agent; its state is what the agent is told
    piece     one text of a reply, as the platform gets it
    undone    what a platform says never arrived, of replies that are not known as sent yet
    profile   who an author is at a platform, remembered for a while
    cursor    how far the replies of a CRM have been read
    learned   what handshakes told, and when a CRM called us
    rung      cases of a CRM in which agents have written, until they have been read
    bucket    how much of each of its limits a CRM has left that counts by the minute
    meter     how much of its API a CRM has let us use
    token     what the credentials of an account were renewed to, encrypted
    alarm     what is wrong and somebody was told of
    chore     what the clock does now and then
    skipped   what was no message, counted per connection and day
    revision  a mapping set as it was published, by its number
    text      the files of mapping sets, each once, by its digest
    shadow    what mappings that only watch would have decided otherwise
    shadowed  how many messages they have watched
    emptied   how far raw payloads were removed that are not to be kept
    beat      written by /readyz to show that a commit works

A queue row has one clock, `due_at` (milliseconds, the database's clock): null = idle; past = due; future with
an owner = leased until then; future without one = backing off.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

#: Stands behind the Reply.id of an attempt that failed and was asked for anew, and then its number.
RETRIED = "~"

#: Every state of an item, and the states of the two halves of the ledger.
WAITING = ("ready", "sending", "unknown")
SETTLED = ("filed", "dropped", "dead")
STATES = WAITING + SETTLED
OPEN = ("ready", "sending")  #: of a reply: its talk counts it

metadata = MetaData()
BIG = BigInteger().with_variant(Integer, "sqlite")


def _queue(name: str, group: str, *more: Column[object]) -> Table:
    table = Table(
        name,
        metadata,
        Column("id", Text, primary_key=True),
        Column(group, Text, nullable=False),
        Column("due_at", BIG),
        Column("owner", Text),
        Column("open", Integer, nullable=False, server_default="0"),
        Column("crashes", Integer, nullable=False, server_default="0"),
        *more,
    )
    waiting = table.c.due_at.isnot(None)
    Index(f"{name}_due", table.c[group], table.c.due_at, postgresql_where=waiting, sqlite_where=waiting)
    return table


#: `received` counts distinct messages at ingest, apart from their state: the ledger's other side.
lane = _queue("lane", "connection", Column("received", Integer, nullable=False, server_default="0"))

#: id = crm/object/key. `known` is a ports.Known as JSON.
case_row = _queue(
    "case_row",
    "target",
    Column("known", Text, nullable=False, server_default="{}"),
    Column("heard_at", BIG),  #: received_at of the latest message of a customer; null = none yet
    Column("opened_at", BIG),  #: when its case was opened
    Column("replied_at", BIG),  #: our first answer on it
    Column("status", Text, nullable=False, server_default=""),  #: open, closed; "" = nobody can tell
    Column("status_at", BIG),  #: of the change that the CRM told last, on its own clock; null = none
)

item = Table(
    "item",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("lane", Text, ForeignKey("lane.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("message_id", Text, nullable=False),  #: of the message itself, for its edits and deletion too
    Column("change", Text, nullable=False),
    Column("ingested_at", BIG, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),  #: message.Message as JSON, without raw
    Column("raw", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),  #: unreadable: what came, encrypted; null = not kept, or no longer
    Column("masked", Boolean, nullable=False, server_default=false()),  #: as protect.mask said when it settled
    Column("deleted", Boolean, nullable=False, server_default=false()),  #: by its author: text and raw are blank
    Column("mapping", Text, nullable=False, server_default=""),
    Column("decision", Text, nullable=False, server_default="{}"),  #: what was decided and the deciding lines
    Column("case_id", Text, ForeignKey("case_row.id")),  #: null = not decided yet
    Column("reason", Text, nullable=False, server_default=""),  #: dropped: reason or line; dead, undecided: why
    Column("crm_case", Text, nullable=False, server_default=""),  #: the CRM's id of the case it was filed in
    Column("crm_ref", Text, nullable=False, server_default=""),  #: of its comments, or of the case it opened
    Column("crm_notes", Text, nullable=False, server_default=""),  #: JSON, of what opened a case: Known.notes
    Column("link", Text, nullable=False, server_default=""),
    Column("warnings", Text, nullable=False, server_default=""),  #: one a line
    Column("unsure_since", BIG),  #: a dead or thawed item that may have been applied: it is asked for first
    Column("unsure_last", BIG),
    Column("revision", Integer, nullable=False, server_default="0"),  #: that decided it; 0 = nobody knows
    Column("fetched", Boolean, nullable=False, server_default=false()),  #: by us; else the platform called
    Column("placed_at", BIG),  #: when it was handed to its case row
    Column("frozen_at", BIG),  #: when the filing that it is sent with was stored
    Column("url_digest", Text, nullable=False, server_default=""),  #: of the address where people read it
    Column("settled_at", BIG),
    sqlite_autoincrement=True,
)
_ready = item.c.state == "ready"
_undecided = _ready & item.c.case_id.is_(None)
Index("item_lane", item.c.lane, item.c.id, postgresql_where=_undecided, sqlite_where=_undecided)
Index("item_case", item.c.case_id, item.c.id, postgresql_where=_ready, sqlite_where=_ready)
Index("item_author", item.c.lane, item.c.ingested_at)
Index("item_message", item.c.message_id)
_addressed = item.c.url_digest != ""
Index("item_url", item.c.url_digest, postgresql_where=_addressed, sqlite_where=_addressed)
_in_case = item.c.crm_case != ""
Index("item_crm_case", item.c.crm_case, item.c.id, postgresql_where=_in_case, sqlite_where=_in_case)
Index("item_dead", item.c.id, postgresql_where=item.c.state == "dead", sqlite_where=item.c.state == "dead")

filing = Table(
    "filing",
    metadata,
    Column("case_id", Text, ForeignKey("case_row.id"), primary_key=True),
    Column("body", Text, nullable=False),  #: frozen.Frozen as JSON
    Column("op", Text, nullable=False),
    Column("op_at", BIG, nullable=False),  #: when the op was stored: nothing of it was sent before
    Column("unsure_since", BIG),  #: the first attempt that may have been applied
    Column("unsure_last", BIG),  #: the latest one
    Column("attempts", Integer, nullable=False, server_default="0"),  #: those that were this row's own fault
    Column("failed_at", BIG),  #: the first of them
    Column("job", Text, nullable=False, server_default=""),  #: Unsure.job of the latest unsure attempt
    Column("why", Text, nullable=False, server_default=""),  #: what kept it from the CRM at the latest attempt
)

target = Table(
    "target",
    metadata,
    Column("id", Text, primary_key=True),
    Column("paused_until", BIG, nullable=False),
    Column("probe_at", BIG, nullable=False),  #: when one filing may be tried again before the pause ends
    Column("reason", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("rules", Text, primary_key=True),  #: hash of the match: object, rules, fetched fields
    Column("author", Text, primary_key=True),  #: channel:author.id
    Column("found", Text, nullable=False),  #: ports.PersonFound or Pending as JSON
    Column("until", BIG, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("named", Text, primary_key=True),  #: hash of object, field and name
    Column("found", Text, nullable=False),  #: its id; "" = none, or several
    Column("reason", Text, nullable=False),  #: why there is no id
    Column("until", BIG, nullable=False),
)

#: id = the lane of the message that is answered; account = connection/account.
talk = _queue("talk", "account")

reply = Table(
    "reply",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("crm", Text, nullable=False),
    Column("crm_id", Text, nullable=False),  #: Reply.id; of an attempt that made way for another, with RETRIED
    Column("crm_case", Text, nullable=False),
    Column("talk", Text, ForeignKey("talk.id")),  #: null = there is nothing to answer
    Column("answers", BIG, ForeignKey("item.id")),  #: the customer's message
    Column("agent", Text, nullable=False),
    Column("text", Text, nullable=False),  #: blank once it has ended: the CRM has it
    Column("private", Boolean, nullable=False),
    Column("taken_at", BIG, nullable=False),
    Column("state", Text, nullable=False),  #: ready, sending, sent, failed, unsure
    Column("reason", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("report_at", BIG),  #: when the CRM is told; null = it knows
    UniqueConstraint("crm", "crm_id"),
    sqlite_autoincrement=True,
)
LATEST = reply.c.crm_id.not_like(f"%{RETRIED}%")  #: no attempt that has made way for another
_open = reply.c.state.in_(OPEN)
Index("reply_talk", reply.c.talk, reply.c.id, postgresql_where=_open, sqlite_where=_open)
Index("reply_case", reply.c.crm_case, reply.c.id)
Index("reply_answers", reply.c.answers)
_untold = reply.c.report_at.isnot(None)
Index("reply_report", reply.c.crm, reply.c.report_at, postgresql_where=_untold, sqlite_where=_untold)

piece = Table(
    "piece",
    metadata,
    Column("reply", BIG, ForeignKey("reply.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("mark", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),  #: blank once it has been sent
    Column("digest", Text, nullable=False),  #: of the text, by which an echo without a mark is known
    Column("state", Text, nullable=False),  #: ready, sending, doubt, sent
    Column("tried_at", BIG),  #: the first attempt whose answer is not known
    Column("tried_last", BIG),  #: the latest attempt
    Column("sent_id", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
)
Index("piece_sent", piece.c.sent_id)
Index("piece_digest", piece.c.digest)

undone = Table(
    "undone",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("sent_id", Text, primary_key=True),
    Column("mark", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BIG, nullable=False),
)

profile = Table(
    "profile",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("author", Text, primary_key=True),
    Column("found", Text, nullable=False),  #: message.Person as JSON; "" = the platform does not tell
    Column("reason", Text, nullable=False),  #: why not
    Column("until", BIG, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("due_at", BIG, nullable=False),
)

learned = Table(
    "learned",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", BIG, nullable=False),
)

rung = Table(
    "rung",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("crm_case", Text, primary_key=True),
    Column("reply", Text, primary_key=True),  #: Reply.id to be read again; "" = what is new
    Column("at", BIG, nullable=False),  #: when the CRM called, or an agent asked for it
)

bucket = Table(
    "bucket",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("most", BIG, nullable=False),
    Column("used", BIG, nullable=False),
    Column("resets_at", BIG, nullable=False),  #: when nothing of it is used any more
)

meter = Table(
    "meter",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("used", BIG, nullable=False),
    Column("most", BIG, nullable=False),
    Column("at", BIG, nullable=False),  #: when the CRM said so, on our clock
)

token = Table(
    "token",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("origin", Text, primary_key=True),  #: hash of the credentials in connections.yaml that they come from
    Column("sealed", LargeBinary, nullable=False),  #: the renewed credentials, encrypted; empty = there are none
    Column("until", BIG),  #: when they end; null = they do not, or nobody knows
    Column("renewed_at", BIG),
    Column("reason", Text, nullable=False),  #: why they could not be renewed; "" = they could
    Column("put_off_at", BIG),  #: since when the platform renews them not yet; null = it does, or never will
    Column("due_at", BIG, nullable=False),  #: when they are looked at again
)

alarm = Table(
    "alarm",
    metadata,
    Column("name", Text, primary_key=True),  #: connection/account: what it is about
    Column("says", Text, nullable=False),
    Column("do", Text, nullable=False),
    Column("state", Text, nullable=False),  #: begins, lasts, over
    Column("since", BIG, nullable=False),
    Column("told_at", BIG, nullable=False),  #: when the log was told last
    Column("post_at", BIG),  #: when ALERT_URL is told; null = it knows
    Column("over_at", BIG),
)

chore = Table(
    "chore",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due_at", BIG, nullable=False),
)

skipped = Table(
    "skipped",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("day", Text, primary_key=True),  #: 2026-11-21, UTC
    Column("reason", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("n", Integer, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),  #: of all its files: two alike are the same set
    Column("origin", Text, nullable=False),  #: files, or: rollback to 3
    Column("files", Text, nullable=False),  #: JSON: name -> digest of its text
    Column("published_at", BIG, nullable=False),
)

text = Table(
    "text",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("text", Text, nullable=False),
)

shadow = Table(
    "shadow",
    metadata,
    Column("mapping", Text, primary_key=True),
    Column("item", BIG, ForeignKey("item.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("differs", Text, nullable=False),  #: the names of what is decided otherwise, with commas between
)

shadowed = Table(
    "shadowed",
    metadata,
    Column("mapping", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("same", BIG, nullable=False),
    Column("differs", BIG, nullable=False),
    Column("unasked", BIG, nullable=False),  #: of both: it would have asked otherwise who the author is
)

emptied = Table(
    "emptied",
    metadata,
    Column("sources", Text, primary_key=True),  #: the connections whose raw is not kept, as JSON
    Column("upto", BIG, nullable=False),  #: the latest item that was looked at
)

beat = Table("beat", metadata, Column("id", Integer, primary_key=True), Column("at", BIG, nullable=False))

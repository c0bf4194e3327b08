"""The REST API under /api/v2: who may call, and which path does what."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk import (
    apps,
    comment_calls,
    exports,
    field_calls,
    idempotency,
    job_calls,
    record_calls,
    records,
    refusals,
    search_calls,
    ticket_calls,
    triggers,
    user_calls,
    webhooks,
)
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.jobs import NO_HARM, Harm
from bridge.sandbox.zendesk.refusals import Refusal
from bridge.sandbox.zendesk.request import Request, kind, rest, root


class Api:
    """The API of one account. Safe to call from several threads."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls: Counter[str] = Counter()  #: "PUT tickets/{id}" -> how often
        self.refused: Counter[str] = Counter()  #: status of a refusal -> how often, since the start
        self.keys = idempotency.Keys()
        self._lock = threading.Lock()

    def count(self, call: Call) -> None:
        """Count a call under its method and kind of path."""
        with self._lock:
            self.calls[f"{call.method} {kind(call)}"] += 1

    def count_refusal(self, status: int) -> None:
        """Count an answer that refuses."""
        with self._lock:
            self.refused[str(status)] += 1

    def begin(self, call: Call, scopes: frozenset[str], harm: Harm = NO_HARM) -> Callable[[], Answer]:
        """Take a call in; what comes back carries it out, committed to disk when it returns.

        From now until then its Idempotency-Key is busy. Raises Refusal where it is already.
        harm: what befalls the job that it makes.
        """
        key = key_of(call)
        self.keys.enter(key)

        def act() -> Answer:
            try:
                return self._route(call, scopes, harm)
            except Refusal as refusal:
                return refusal.answer()
            except RecursionError:  # what was just readable may be nested too deeply to be stored
                return refusals.bad_json().answer()
            finally:
                self.keys.leave(key)

        return act

    def _route(self, call: Call, scopes: frozenset[str], harm: Harm) -> Answer:
        asked = rest(call)
        for pattern, methods in ROUTES:
            found = re.fullmatch(pattern, asked)
            if found and call.method in methods:
                handler, needed = methods[call.method]
                if not scopes & set(needed):
                    raise refusals.forbidden()
                given = Request(account=self.account, call=call, root=root(call), names=found.groups(), harm=harm)
                return handler(given)
        raise refusals.no_endpoint()


READ_TICKETS, READ_USERS = ("read", "tickets:read"), ("read", "users:read")
WRITE_TICKETS, WRITE_USERS = ("write", "tickets:write"), ("write", "users:write")
READ_JOBS = (*READ_TICKETS, "users:read", *WRITE_TICKETS, "users:write")  # unsure: no scope is documented
READ_WEBHOOKS, WRITE_WEBHOOKS = ("read", "webhooks:read"), ("write", "webhooks:write")
READ_TRIGGERS, WRITE_TRIGGERS = ("read", "triggers:read"), ("write", "triggers:write")
Handler = Callable[[Request], Answer]
ID = r"(\d{1,18})"
ULID = "([0-9A-Z]{26})"
ROUTES: tuple[tuple[str, Mapping[str, tuple[Handler, Sequence[str]]]], ...] = (
    ("tickets", {"POST": (ticket_calls.create, WRITE_TICKETS), "GET": (ticket_calls.index, READ_TICKETS)}),
    ("tickets/create_many", {"POST": (job_calls.create_tickets, WRITE_TICKETS)}),
    ("tickets/update_many", {"PUT": (job_calls.update_tickets, WRITE_TICKETS)}),
    (f"tickets/{ID}/merge", {"POST": (job_calls.merge, WRITE_TICKETS)}),
    ("job_statuses", {"GET": (job_calls.index, READ_JOBS)}),
    ("job_statuses/show_many", {"GET": (job_calls.show_many, READ_JOBS)}),
    ("job_statuses/([A-Za-z0-9-]{1,64})", {"GET": (job_calls.show, READ_JOBS)}),
    ("tickets/show_many", {"GET": (ticket_calls.show_many, READ_TICKETS)}),
    (
        f"tickets/{ID}",
        {
            "GET": (ticket_calls.show, READ_TICKETS),
            "PUT": (ticket_calls.update, WRITE_TICKETS),
            "DELETE": (ticket_calls.delete, WRITE_TICKETS),
        },
    ),
    (f"tickets/{ID}/audits", {"GET": (comment_calls.audits, ("read",))}),
    (f"tickets/{ID}/comments", {"GET": (comment_calls.index, READ_TICKETS)}),
    (f"tickets/{ID}/comments/{ID}/make_private", {"PUT": (comment_calls.make_private, WRITE_TICKETS)}),
    (f"comment_redactions/{ID}", {"PUT": (comment_calls.redact, WRITE_TICKETS)}),
    (
        f"tickets/{ID}/comments/{ID}/attachments/{ID}/redact",
        {"PUT": (comment_calls.redact_file, WRITE_TICKETS)},
    ),
    (
        f"tickets/{ID}/tags",
        {
            "GET": (field_calls.tags, READ_TICKETS),
            "POST": (field_calls.set_tags, WRITE_TICKETS),
            "PUT": (field_calls.add_tags, WRITE_TICKETS),
            "DELETE": (field_calls.remove_tags, WRITE_TICKETS),
        },
    ),
    ("uploads", {"POST": (comment_calls.upload, WRITE_TICKETS)}),
    ("uploads/([A-Za-z0-9_-]{1,64})", {"DELETE": (comment_calls.delete_upload, WRITE_TICKETS)}),
    ("search", {"GET": (search_calls.results, ("read",))}),
    ("search/count", {"GET": (search_calls.count, ("read",))}),
    ("ticket_fields", {"GET": (field_calls.index, READ_TICKETS), "POST": (field_calls.create, WRITE_TICKETS)}),
    (
        f"ticket_fields/{ID}",
        {"GET": (field_calls.show, READ_TICKETS), "PUT": (field_calls.update, WRITE_TICKETS)},
    ),
    ("custom_statuses", {"GET": (field_calls.list_statuses, READ_TICKETS)}),
    *((name, {"GET": (record_calls.index, ("read",))}) for name in records.SEEDED),
    ("users", {"POST": (user_calls.create, WRITE_USERS), "GET": (user_calls.index, READ_USERS)}),
    ("user_fields", {"GET": (user_calls.list_fields, READ_USERS)}),
    ("users/create_many", {"POST": (job_calls.create_users, WRITE_USERS)}),
    ("users/create_or_update_many", {"POST": (job_calls.create_or_update_users, WRITE_USERS)}),
    ("users/update_many", {"PUT": (job_calls.update_users, WRITE_USERS)}),
    ("users/me", {"GET": (user_calls.show_me, READ_USERS)}),
    ("users/search", {"GET": (search_calls.users, READ_USERS)}),
    ("users/show_many", {"GET": (user_calls.show_many, READ_USERS)}),
    ("users/create_or_update", {"POST": (user_calls.create_or_update, WRITE_USERS)}),
    (
        f"users/{ID}/identities",
        {
            "GET": (user_calls.list_identities, READ_USERS),
            "POST": (user_calls.add_identity, WRITE_USERS),
        },
    ),
    (f"users/{ID}", {"GET": (user_calls.show, READ_USERS), "PUT": (user_calls.update, WRITE_USERS)}),
    ("webhooks", {"POST": (webhooks.create, WRITE_WEBHOOKS), "GET": (webhooks.index, READ_WEBHOOKS)}),
    ("webhooks/test", {"POST": (webhooks.test, WRITE_WEBHOOKS)}),
    (
        f"webhooks/{ULID}",
        {
            "GET": (webhooks.show, READ_WEBHOOKS),
            "PUT": (webhooks.update, WRITE_WEBHOOKS),
            "PATCH": (webhooks.patch, WRITE_WEBHOOKS),
            "DELETE": (webhooks.delete, WRITE_WEBHOOKS),
        },
    ),
    (
        f"webhooks/{ULID}/signing_secret",
        {"GET": (webhooks.show_secret, READ_WEBHOOKS), "POST": (webhooks.reset_secret, WRITE_WEBHOOKS)},
    ),
    (f"webhooks/{ULID}/invocations", {"GET": (webhooks.invocations, READ_WEBHOOKS)}),
    (f"webhooks/{ULID}/invocations/{ULID}/attempts", {"GET": (webhooks.attempts, READ_WEBHOOKS)}),
    ("triggers", {"POST": (triggers.create, WRITE_TRIGGERS), "GET": (triggers.index, READ_TRIGGERS)}),
    (
        f"triggers/{ID}",
        {
            "GET": (triggers.show, READ_TRIGGERS),
            "PUT": (triggers.update, WRITE_TRIGGERS),
            "DELETE": (triggers.delete, WRITE_TRIGGERS),
        },
    ),
    ("incremental/ticket_events", {"GET": (exports.ticket_events, ("read",))}),
    ("incremental/tickets/cursor", {"GET": (exports.tickets, READ_TICKETS)}),
    ("apps/validate", {"POST": (apps.validate, ("write", "apps:write"))}),
)


def key_of(call: Call) -> str:
    """The Idempotency-Key of a new ticket; "" = there is none, or nothing looks at it."""
    return call.headers.get("idempotency-key", "") if (call.method, rest(call)) == ("POST", "tickets") else ""

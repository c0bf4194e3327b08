"""What is answered about a ticket's comments: listed, redacted, hidden; their audits and files."""

from __future__ import annotations

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, comments, listing, refusals, rows, shapes, tickets, uploads
from bridge.sandbox.zendesk.refusals import JSON
from bridge.sandbox.zendesk.request import Request


def audits(request: Request) -> Answer:
    with request.reading() as work:
        number = tickets.living(work, request.numbers[0]).id
        found = rows.audits(work.tx, number)
    url = f"{request.root}/tickets/{number}/audits.json"
    return Answer(body=listing.paged("audits", found, url, request.call.query), type=JSON)


def index(request: Request) -> Answer:
    with request.reading() as work:
        number = tickets.living(work, request.numbers[0]).id
        found = [shapes.comment(*pair) for pair in rows.comments(rows.audits(work.tx, number))]
        url = f"{request.root}/tickets/{number}/comments.json"
        page = listing.paged("comments", found, url, request.call.query)
        if "users" in request.included():
            authors = rows.users(work.tx, "id", list({one["author_id"] for one in page["comments"]}))
            page["users"] = [shapes.user(request.root, one) for one in authors]
    return Answer(body=page, type=JSON)


def redact(request: Request) -> Answer:
    body = bodies.read(request.call)
    ticket_id, html = bodies.need(body, "ticket_id", int), bodies.need(body, "html_body", str)
    if not request.account.switches["redaction"]:
        raise refusals.forbidden()
    with request.writing() as work:
        comment = comments.redact(work, tickets.living(work, ticket_id), request.numbers[0], html)
    return Answer(body={"comment": comment}, type=JSON)


def make_private(request: Request) -> Answer:
    with request.writing() as work:
        comments.make_private(work, tickets.living(work, request.numbers[0]), request.numbers[1])
    return Answer(text="null", type=JSON)


def redact_file(request: Request) -> Answer:
    if not request.account.switches["redaction"]:
        raise refusals.forbidden()
    number, comment, file = request.numbers
    with request.writing() as work:
        found = comments.redact_file(work, tickets.living(work, number), comment, file)
    return Answer(body={"attachment": found}, type=JSON)


def upload(request: Request) -> Answer:
    call, now = request.call, request.account.now()
    given = {"name": call.query.get("filename", ""), "token": call.query.get("token", "")}
    with request.writing() as work:
        body = uploads.upload(work.tx, request.root, kind=call.media_type, content=call.body, now=now, **given)
    return Answer(status=201, body=body, type="text/plain; charset=utf-8")  # so it has been seen


def delete_upload(request: Request) -> Answer:
    now = request.account.now().timestamp()
    with request.writing() as work:
        found = rows.upload(work.tx, request.names[0])
        if found is None or found[0] <= now:
            raise refusals.not_found()
        rows.drop_upload(work.tx, request.names[0])
    return Answer(status=204, type=JSON)

"""The Zendesk app against the bridge itself, over HTTP: its real answers, and a reply that is sent again."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import zaf_app
import zaf_host
from flask import Flask, Response, request
from logbook import Logbook
from wall import Desk, Inkwell, desk, settle
from werkzeug.serving import make_server
from zaf_bridge import SECRET
from zaf_host import Zendesk

from adapters.zendesk import Settings
from adapters.zendesk import Zendesk as Adapter
from bridge.errors import Rejected
from bridge.ports import Polled, Rung
from bridge.store import connect
from bridge.web import Receiver, create_app

if zaf_app.missing():
    pytest.skip(f"app not shown: {zaf_app.missing()}", allow_module_level=True)


class Rereading(Inkwell):
    """A reply box that gives a reply once more where it is asked for that very one."""

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        fresh, wanted = super().poll(cursor, rung), {one.reply for one in rung}
        return replace(fresh, replies=[*fresh.replies, *(one for one in self.written if one.id in wanted)])


@pytest.fixture
def road(template: Path, tmp_path: Path) -> Iterator[Desk]:
    """A case of Ana's with a reply that the platform did not take."""
    store = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    found, ink = desk(store, Logbook(tmp_path / "logbook.db")), Rereading()
    found = replace(found, ink=ink, made=replace(found.made, desks={"crm": ink}))
    found.wall.plan.append(Rejected("The platform does not take these words."))
    found.answer("We look into it.")
    yield found
    store.engine.dispose()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def receiver(road: Desk, secret: str) -> Flask:
    given = {"subdomain": "acme", "client_id": "bridge", "client_secret": "s"}
    settings = Settings.model_validate(given | {"app_secret": secret, "app_installation": "4711"})
    return create_app(Receiver(store=road.store, channels=road.made.channels, crms={"crm": Adapter(settings)}))


def installed(address: str) -> Zendesk:
    return zaf_host.installed(bridge_url=address, bridge_connection="crm", bridge_secret=SECRET)


def test_an_agent_sees_the_thread_and_has_a_failed_reply_sent_again(road: Desk, tmp_path: Path) -> None:
    app, asked = receiver(road, SECRET), list[str]()

    @app.after_request
    def work(response: Response) -> Response:
        """The worker comes once the app has seen that the reply waits."""
        asked.append(request.method)
        if asked[-2:] == ["POST", "GET"]:
            settle(road.made)
        return response

    with serving(app) as address:
        told = installed(address).show(
            f"""
            const f = await shown(open("{road.case}"));
            const state = () => texts(f, ".reply .note")[0];
            const before = texts(f, ".who, .text, .note");
            button(f, "Retry").click();
            await until(() => state() === "Waiting to be sent");
            await until(() => state() === "Sent");
            const stranger = await shown(open("7"));
            return [before, button(f, "Retry") ?? null, texts(stranger, "li, [role=alert] p")];
            """,
            tmp_path / "profile",
        )

    assert told == [
        ["Ana", "Ana", "Help", "Reply by An agent", "Not sent: The platform does not take these words."],
        None,
        ["This ticket does not come from Casebridge.", "Casebridge has filed no message here."],
    ]
    assert road.wall.texts == ["We look into it."]


def test_an_app_with_another_secret_sees_nothing_and_is_told_why(road: Desk, tmp_path: Path) -> None:
    with serving(receiver(road, SECRET[::-1])) as address:
        told = installed(address).show(
            f'return texts(await shown(open("{road.case}")), "li, [role=alert] p");', tmp_path / "profile"
        )

    assert told == [
        "Casebridge does not let this app in.",
        "The app's token is signed with another secret: bridge_secret of the app must be app_secret here.",
    ]

"""Google's certificates over real HTTP: fetched once, kept as long as Google says, and never used beyond."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from google_calls import RECEIVED, ROBOT, SHOP, call, key, post, usual
from media_host import Host, said, serving

from adapters.google import Google, Settings
from adapters.google.certificates import AGAIN, LONGEST, PATH, PATIENCE, UNSAID, Certificates
from bridge.errors import Forged, Unready

FOUND = {key().id: "a certificate", "key-of-december": "another"}
SECOND = timedelta(seconds=1)


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(Host()) as found:
        found.says[PATH] = listed("Cache-Control: public, max-age=600, must-revalidate, no-transform")
        yield found


def listed(*headers: str, found: object = FOUND, status: str = "200 OK") -> bytes:
    return said(json.dumps(found).encode(), *headers, status=status, type="application/json")


def certificates(host: Host) -> Certificates:
    return Certificates(host.url("").rstrip("/"))


def asked(host: Host) -> int:
    return len(host.heard)


def lives(host: Host, *headers: str) -> timedelta:
    """How long certificates with these headers are kept, to the second."""
    host.says[PATH] = listed(*headers)
    found = certificates(host)
    found.at(RECEIVED)
    spans = (timedelta(0), SECOND, timedelta(minutes=10), UNSAID, timedelta(hours=5), LONGEST)
    return next((span for span in spans if again(found, host, RECEIVED + span)), timedelta.max)


def again(found: Certificates, host: Host, when: datetime) -> bool:
    before = asked(host)
    found.at(when)
    return asked(host) > before


def test_a_push_is_checked_with_what_the_server_says(host: Host) -> None:
    host.says[PATH] = listed(found={key().id: key().certificate})
    settings = Settings(service_account=ROBOT, url=host.url("").rstrip("/"))
    channel = Google(settings, {SHOP.id: SHOP})

    assert channel.verify(call(b"{}")) is None
    assert channel.verify(call(b"{}")) is None
    assert [heard.splitlines()[0] for heard in host.heard] == [f"GET {PATH} HTTP/1.1"]


def test_a_key_that_google_does_not_list_signs_nothing(host: Host) -> None:
    host.says[PATH] = listed(found={"key-of-december": key().certificate})
    channel = Google(Settings(service_account=ROBOT, url=host.url("").rstrip("/")), {})

    with pytest.raises(Forged):
        channel.verify(post(b"{}", authorization=usual()))


def test_certificates_are_kept_until_they_run_out(host: Host) -> None:
    found = certificates(host)

    assert found.at(RECEIVED) == found.at(RECEIVED + timedelta(seconds=599)) == FOUND
    assert asked(host) == 1
    assert found.at(RECEIVED + timedelta(seconds=600)) == FOUND
    assert asked(host) == 2


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        (["Cache-Control: max-age=600"], timedelta(minutes=10)),
        (["cache-control: Max-Age=600"], timedelta(minutes=10)),
        (["Cache-Control: max-age=601", "Age: 600"], SECOND),
        (["Cache-Control: max-age=600", "Age: 900"], timedelta(0)),
        (["Cache-Control: max-age=600", "Age: -1"], timedelta(minutes=10)),
        (["Cache-Control: max-age=0"], timedelta(0)),
        (["Cache-Control: max-age=18000"], timedelta(hours=5)),
        (["Cache-Control: max-age=999999999"], LONGEST),
        (["Cache-Control: max-age=99999999999999999999"], UNSAID),
        (["Cache-Control: no-transform"], UNSAID),
        ([], UNSAID),
    ],
)
def test_how_long_is_what_google_says_within_a_day(host: Host, headers: list[str], span: timedelta) -> None:
    assert lives(host, *headers) == span


@pytest.mark.parametrize(
    "answer",
    [
        listed(status="500 Internal Server Error"),
        listed("Location: /elsewhere", status="302 Found"),
        listed(found={}),
        listed(found=[]),
        listed(found={"keys": [{"kid": "a"}]}),
        said(b"<html>sign in to this network</html>"),
        said(b"\xff"),
        b"",
    ],
)
def test_without_certificates_nobody_can_tell_and_the_next_push_does_not_wait(host: Host, answer: bytes) -> None:
    host.says[PATH] = answer
    found = certificates(host)

    with pytest.raises(Unready, match=r"www\.googleapis\.com"):
        found.at(RECEIVED)
    with pytest.raises(Unready, match="a moment ago"):
        found.at(RECEIVED + AGAIN - SECOND)
    assert asked(host) == 1
    host.says[PATH] = listed()
    assert found.at(RECEIVED + AGAIN) == FOUND


def test_what_has_run_out_is_not_used_when_nothing_newer_comes(host: Host) -> None:
    found = certificates(host)
    found.at(RECEIVED)
    host.says[PATH] = said(b"", status="503 Service Unavailable")

    assert found.at(RECEIVED + timedelta(seconds=599)) == FOUND
    with pytest.raises(Unready):
        found.at(RECEIVED + timedelta(seconds=600))


def test_a_server_that_is_gone_is_named_and_not_waited_for() -> None:
    with Host() as gone:
        address = gone.url("").rstrip("/")

    with pytest.raises(Unready, match="ConnectionError"):
        Certificates(address).at(RECEIVED)


def test_pushes_that_come_at_once_fetch_once(host: Host) -> None:
    found, answers = certificates(host), list[object]()
    begin = threading.Barrier(8)

    def push() -> None:
        begin.wait()
        answers.append(found.at(RECEIVED))

    threads = [threading.Thread(target=push) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert answers == [FOUND] * 8
    assert asked(host) == 1


def test_a_fetch_ends_before_pub_sub_gives_up() -> None:
    assert timedelta(seconds=10) > PATIENCE

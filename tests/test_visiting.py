"""Pages and forms at addresses that a stranger chose: of any type and status, and a secret only under TLS."""

from __future__ import annotations

import socket
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from media_host import INSIDE, Host, Play, certificate, reach, said, serving

from bridge.visiting import PUBLIC, Page, Reach, Unfetchable, visit

SOON = timedelta(seconds=10)
FORM = {"hub.secret": "hub secret&", "hub.topic": "https://a.example/?b=c"}
WRITTEN = "hub.secret=hub+secret%26&hub.topic=https%3A%2F%2Fa.example%2F%3Fb%3Dc"


def refusal(url: str, allowed: Reach, form: dict[str, str] | None = None, most: int = 5_000_000) -> str:
    with pytest.raises(Unfetchable) as refused:
        visit(url, patience=SOON, reach=allowed, form=form, most=most)
    return str(refused.value)


def posted(bodies: list[str], answer: bytes) -> Play:
    """Reads the form that follows the head, and answers."""

    def play(line: socket.socket) -> None:
        line.settimeout(5)
        got = b""
        while len(got) < len(WRITTEN):
            got += line.recv(65536)
        bodies.append(got.decode())
        line.sendall(answer)

    return play


# --- pages ------------------------------------------------------------------------------------------------------


def test_a_page_is_read_whatever_its_type_and_status() -> None:
    with serving(Host()) as host:
        host.says["/feed"] = said(b"<gone/>", "Link: <a>", "Link: <b>", status="410 Gone", type="text/xml")
        found = visit(host.url("/feed"), patience=SOON, reach=reach())

    headers = {"content-length": "7", "content-type": "text/xml", "link": "<a>, <b>"}
    assert found == Page(status=410, headers=headers, content=b"<gone/>")


def test_an_empty_page_is_a_page() -> None:
    with serving(Host()) as host:
        host.says["/feed"] = said(b"")
        assert visit(host.url("/feed"), patience=SOON, reach=reach()).content == b""


def test_a_page_that_moved_is_followed_and_never_inside() -> None:
    with serving(Host()) as host:
        host.says["/old"] = said(b"", "Location: /new", status="302 Found")
        host.says["/new"] = said(b"here")
        host.says["/in"] = said(b"", "Location: http://10.0.0.7/feed", status="302 Found")
        found = visit(host.url("/old"), patience=SOON, reach=reach())
        inside = refusal(host.url("/in"), reach())

    assert found.content == b"here"
    assert inside == "'http://10.0.0.7/feed' was not fetched: 10.0.0.7 is no address on the public internet"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(b"x" * 101), "it is larger than 100 bytes"),
        (said(b"HTTP", "Content-Encoding: gzip"), "it is packed as 'gzip', which was not asked for"),
        (said(b"xx").replace(b"Content-Length: 2", b"Content-Length: 9"), "its content broke off"),
    ],
)
def test_a_page_that_is_not_whole_is_refused(answer: bytes, why: str) -> None:
    with serving(Host()) as host:
        host.says["/feed"] = answer
        found = refusal(host.url("/feed"), reach(), most=100)

    assert found.endswith(why)


# --- forms ------------------------------------------------------------------------------------------------------


def test_a_form_is_posted_under_tls_and_once_more_where_the_server_moved(tmp_path: Path) -> None:
    tls, authorities = certificate(tmp_path, "hub.example")
    bodies: list[str] = []
    with serving(Host(tls=tls)) as host:
        host.says["/old"] = posted(bodies, said(b"", "Location: /hub", status="307 Temporary Redirect"))
        host.says["/hub"] = posted(bodies, said(b"", status="202 Accepted"))
        allowed = reach(authorities=authorities, names={"hub.example": ["127.0.0.1"]})
        found = visit(host.url("/old", "hub.example"), patience=SOON, reach=allowed, form=FORM)

    assert (found.status, bodies) == (202, [WRITTEN, WRITTEN])
    assert [one.split(" HTTP")[0] for one in host.heard] == ["POST /old", "POST /hub"]
    assert all("application/x-www-form-urlencoded" in one for one in host.heard)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other"])
def test_a_form_does_not_follow_where_it_would_become_something_else(tmp_path: Path, status: str) -> None:
    tls, authorities = certificate(tmp_path, "hub.example")
    with serving(Host(tls=tls)) as host:
        host.says["/hub"] = posted([], said(b"", "Location: /new", status=status))
        allowed = reach(authorities=authorities, names={"hub.example": ["127.0.0.1"]})
        found = visit(host.url("/hub", "hub.example"), patience=SOON, reach=allowed, form=FORM)

    assert (found.status, len(host.heard)) == (int(status[:3]), 1)


def test_a_form_never_leaves_without_tls(tmp_path: Path) -> None:
    tls, authorities = certificate(tmp_path, "hub.example")
    with serving(Host()) as plain, serving(Host(tls=tls)) as host:
        host.says["/hub"] = posted(
            [], said(b"", f"Location: {plain.url('/hub')}", status="308 Permanent Redirect")
        )
        allowed = reach(authorities=authorities, names={"hub.example": ["127.0.0.1"]})
        moved = refusal(host.url("/hub", "hub.example"), allowed, FORM)
        direct = refusal(plain.url("/hub"), reach(), FORM)

    assert moved == direct
    assert direct == f"{plain.url('/hub')!r} was not fetched: only https addresses are fetched"
    assert plain.heard == []


# --- where a visit may go ---


def asked(url: str, allowed: Reach, *, posts: bool) -> str:
    return refusal(url, allowed, FORM if posts else None)


@pytest.mark.parametrize("posts", [False, True])
@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_to_us_is_not_visited(address: str, *, posts: bool) -> None:
    why = asked("https://hub.example/", Reach(resolve=lambda _: ["8.8.8.8", address]), posts=posts)

    says = f"{ip_address(address)} is no address on the public internet"
    assert why == f"'https://hub.example/' was not fetched: {says}"


@pytest.mark.parametrize("posts", [False, True])
@pytest.mark.parametrize("written", ["127.1", "0x7f000001", "2130706433", "017700000001", "localhost", "[::1]"])
def test_no_spelling_of_loopback_is_visited(written: str, *, posts: bool) -> None:
    assert asked(f"https://{written}/", PUBLIC, posts=posts).endswith("is no address on the public internet")


@pytest.mark.parametrize("posts", [False, True])
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "addresses are fetched"),
        ("https://ana:secret@hub.example/", "its address holds credentials"),
        ("https://hub.example:6379/", "port 6379 is not allowed"),
        ("https://hub.example\x00/", "its address cannot be read"),
    ],
)
def test_what_is_no_honest_address_is_not_visited(url: str, why: str, *, posts: bool) -> None:
    assert asked(url, Reach(resolve=lambda _: ["8.8.8.8"]), posts=posts).endswith(why)


def rebinding(authorities: str) -> Reach:
    """A name that leads out when it is first looked up, and inside from then on."""
    return reach("127.0.0.1", authorities=authorities, names={"hub.example": ["127.0.0.1", "127.0.0.2"]})


def test_a_form_goes_to_the_very_address_that_was_checked(tmp_path: Path) -> None:
    tls, authorities = certificate(tmp_path, "hub.example")
    with serving(Host(tls=tls)) as first, serving(Host("127.0.0.2", first.port, tls=tls)) as inside:
        first.says["/hub"] = inside.says["/hub"] = posted([], said(b"", status="202 Accepted"))

        found = visit(first.url("/hub", "hub.example"), patience=SOON, reach=rebinding(authorities), form=FORM)

    assert (found.status, len(first.heard), inside.heard) == (202, 1, [])


def test_a_form_is_not_sent_on_to_a_name_that_changed(tmp_path: Path) -> None:
    tls, authorities = certificate(tmp_path, "hub.example")
    with serving(Host(tls=tls)) as first, serving(Host("127.0.0.2", first.port, tls=tls)) as inside:
        first.says["/hub"] = posted([], said(b"", "Location: /in", status="307 Temporary Redirect"))

        why = refusal(first.url("/hub", "hub.example"), rebinding(authorities), FORM)

    assert why.endswith("/in' was not fetched: 127.0.0.2 is no address on the public internet")
    assert (len(first.heard), inside.heard) == (1, [])

"""Where a fetch may go, and that it goes nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_host import INSIDE, PICTURE, Host, certificate, reach, said, serving

from bridge.fetching import PUBLIC, File, Reach, Unfetchable, addresses, fetch, is_public

SOON = timedelta(seconds=10)
CAT = File(content=PICTURE, type="image/png", name="cat.png")

OUTSIDE = [
    *("1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.254"),
    *("2606:4700:4700::1111", "2a03:2880:f003::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(Host()) as one:
        one.says["/cat.png"] = said()
        yield one


def refusal(url: str, allowed: Reach = PUBLIC) -> str:
    with pytest.raises(Unfetchable) as refused:
        fetch(url, patience=SOON, reach=allowed)
    return str(refused.value)


# --- which addresses ---


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_ours_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_machine_on_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.integers(0, 2**32 - 1).map(ip_address))
def test_a_wrapped_address_is_as_public_as_what_it_wraps(address: object) -> None:
    mapped, nat64 = ip_address(f"::ffff:{address}"), ip_address(f"64:ff9b::{address}")

    plain = is_public(ip_address(str(address)))

    assert [is_public(mapped), is_public(nat64)] == [plain, plain]


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: object) -> None:
    known = ip_address(str(address))

    assert not (is_public(known) and known.is_private)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_to_us_is_refused(address: str) -> None:
    why = refusal("http://cdn.example/cat.png", Reach(resolve=lambda _: [address]))

    assert why == (
        f"'http://cdn.example/cat.png' was not fetched: {ip_address(address)} is no address on the public internet"
    )


def test_one_address_of_ours_among_public_ones_is_enough_to_refuse() -> None:
    why = refusal("http://cdn.example/cat.png", Reach(resolve=lambda _: ["8.8.8.8", "10.0.0.1"]))

    assert why.endswith("10.0.0.1 is no address on the public internet")


@pytest.mark.parametrize(
    "written",
    ["127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.01", "localhost"],
)
def test_no_spelling_of_loopback_gets_through(written: str, host: Host) -> None:
    allowed = Reach(ports=None, resolve=addresses)

    why = refusal(f"http://{written}:{host.port}/cat.png", allowed)

    assert why.endswith("is no address on the public internet")
    assert host.heard == []


@pytest.mark.parametrize("written", ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "0.0.0.0", "0"])
def test_no_literal_of_loopback_gets_through(written: str) -> None:
    assert refusal(f"http://{written}/cat.png").endswith("is no address on the public internet")


# --- which URLs ---


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "only http and https addresses are fetched"),
        ("ftp://cdn.example/cat.png", "only http and https addresses are fetched"),
        ("gopher://cdn.example/cat.png", "only http and https addresses are fetched"),
        ("data:image/png;base64,AAAA", "only http and https addresses are fetched"),
        ("//cdn.example/cat.png", "only http and https addresses are fetched"),
        ("http:///cat.png", "only http and https addresses are fetched"),
        ("", "only http and https addresses are fetched"),
        ("http://ana:secret@cdn.example/cat.png", "its address holds credentials"),
        ("http://cdn.example:22/cat.png", "port 22 is not allowed"),
        ("https://cdn.example:8443/cat.png", "port 8443 is not allowed"),
        ("http://cdn.example:99999/cat.png", "its address cannot be read"),
        ("http://cdn example/cat.png", "its address cannot be read"),
        ("http://[::1/cat.png", "its address cannot be read"),
        ("http://cdn.example\x00/cat.png", "its address cannot be read"),
    ],
)
def test_an_address_that_is_no_honest_link_is_refused(url: str, why: str) -> None:
    assert refusal(url, Reach(resolve=lambda _: ["127.0.0.1"])).endswith(f"was not fetched: {why}")


@pytest.mark.parametrize("name", ["a..b", "a" * 70])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert refusal(f"http://{name}/").endswith("its server's name has no address")


def test_a_name_without_addresses_is_refused() -> None:
    assert refusal("http://cdn.example/", Reach(resolve=lambda _: [])).endswith("its server has no address")


def test_a_refusal_shows_neither_query_nor_credentials() -> None:
    why = refusal("http://ana:geheim@127.0.0.1/cat\n.png?token=geheim#geheim")

    assert why == "'http://127.0.0.1/cat%0A.png' was not fetched: its address holds credentials"


@given(
    st.text() | st.text().map(lambda rest: f"http://{rest}") | st.text().map(lambda rest: f"https://127.1/{rest}")
)
def test_no_text_for_an_address_gets_anywhere(url: str) -> None:
    nowhere = Reach(resolve=lambda _: ["127.0.0.1"])

    with pytest.raises(Unfetchable, match="was not fetched: "):
        fetch(url, patience=SOON, reach=nowhere)


# --- the address that was checked is the one that is called ---


def test_a_name_is_looked_up_once_so_that_it_cannot_change_in_between() -> None:
    asked: list[str] = []
    with ExitStack() as stack:
        first = stack.enter_context(serving(Host("127.0.0.1")))
        inside = stack.enter_context(serving(Host("127.0.0.2", first.port)))
        first.says["/cat.png"] = inside.says["/cat.png"] = said()
        rebinding = reach("127.0.0.1", names={"cdn.example": ["127.0.0.1", "127.0.0.2"]}, asked=asked)

        found = fetch(first.url(name="cdn.example"), patience=SOON, reach=rebinding)

        assert found == CAT
        assert asked == ["cdn.example"]
        assert (len(first.heard), inside.heard) == (1, [])


def test_a_redirect_to_a_name_that_changed_is_checked_anew() -> None:
    with ExitStack() as stack:
        first = stack.enter_context(serving(Host("127.0.0.1")))
        inside = stack.enter_context(serving(Host("127.0.0.2", first.port)))
        inside.says["/secret.png"] = said()
        first.says["/cat.png"] = said(b"", "Location: /secret.png", status="302 Found")
        rebinding = reach("127.0.0.1", names={"cdn.example": ["127.0.0.1", "127.0.0.2"]})

        why = refusal(first.url(name="cdn.example"), rebinding)

        assert why == (
            f"'http://cdn.example:{first.port}/secret.png' was not fetched: "
            "127.0.0.2 is no address on the public internet"
        )
        assert (len(first.heard), inside.heard) == (1, [])


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is no address on the public internet"),
        ("http://[::ffff:a9fe:a9fe]/latest/", "::ffff:a9fe:a9fe is no address on the public internet"),
        ("//127.0.0.2/cat.png", "127.0.0.2 is no address on the public internet"),
        ("file:///etc/passwd", "only http and https addresses are fetched"),
        ("http://ana:secret@127.0.0.1/", "its address holds credentials"),
        ("http://[/", "its server's answer is no proper HTTP"),
        ("", "it was redirected to nowhere"),
    ],
)
def test_a_redirect_goes_nowhere_that_a_link_may_not(target: str, why: str, host: Host) -> None:
    host.says["/cat.png"] = said(b"", f"Location: {target}", status="301 Moved Permanently")

    assert refusal(host.url(), reach()).endswith(f"was not fetched: {why}")


def test_a_redirect_to_another_port_is_refused_on_the_public_internet() -> None:
    answer = said(b"", "Location: http://127.0.0.1:6379/", status="302 Found")
    with serving(Host()) as host:
        host.says["/cat.png"] = answer
        allowed = reach()
        narrow = Reach(also=allowed.also, ports={host.port}, resolve=allowed.resolve)

        assert refusal(host.url(), narrow).endswith("port 6379 is not allowed")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_five_redirects_are_followed_and_a_sixth_is_not(status: str, host: Host) -> None:
    for hop in range(1, 7):
        host.says[f"/{hop}"] = said(b"", f"Location: /{hop - 1}?é=1", status=status)
    host.says["/0"] = said()

    found = fetch(host.url("/5"), patience=SOON, reach=reach())
    why = refusal(host.url("/6"), reach())

    assert found == File(content=PICTURE, type="image/png", name="0.png")
    assert why.endswith("it was redirected more than 5 times")


def test_nothing_of_ours_goes_along(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    host.says["/first.png"] = said(b"", "Set-Cookie: a=b", "Location: /cat.png?sig=1", status="302 Found")

    fetch(host.url("/first.png?token=1"), patience=SOON, reach=reach())

    assert [request.split("\r\n") for request in host.heard] == [
        [
            f"GET {target} HTTP/1.1",
            f"Host: 127.0.0.1:{host.port}",
            "User-Agent: Casebridge",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
            *("", ""),
        ]
        for target in ("/first.png?token=1", "/cat.png?sig=1")
    ]


def test_the_next_address_is_tried_when_one_takes_no_connection(host: Host) -> None:
    both = Reach(
        also=reach("127.0.0.1", "127.0.0.3").also, ports=None, resolve=lambda _: ["127.0.0.3", "127.0.0.1"]
    )

    assert fetch(host.url(name="cdn.example"), patience=SOON, reach=both) == CAT


def test_a_server_that_is_down_is_told_as_such() -> None:
    with Host() as gone:
        url = gone.url()

    assert refusal(url, reach()) == f"{url!r} was not fetched: the connection failed (ConnectionRefusedError)"


# --- TLS ---


def test_the_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    tls, file = certificate(tmp_path, "cdn.example")
    names = {"cdn.example": ["127.0.0.1"], "evil.example": ["127.0.0.1"]}
    with serving(Host(tls=tls)) as host:
        host.says["/cat.png"] = said()

        found = fetch(host.url(name="cdn.example"), patience=SOON, reach=reach(authorities=file, names=names))
        other = refusal(host.url(name="evil.example"), reach(authorities=file, names=names))
        stranger = refusal(host.url(name="cdn.example"), reach(names=names))

        assert found == CAT
        assert "its server's certificate does not hold: Hostname mismatch" in other
        assert "its server's certificate does not hold: self-signed certificate" in stranger
        assert len(host.heard) == 1


def test_a_handshake_that_never_ends_cannot_hold_us(host: Host) -> None:
    url = host.url().replace("http:", "https:")  # it waits for words, and so do we

    with pytest.raises(Unfetchable, match=r"it took longer than 0\.2 s"):
        fetch(url, patience=timedelta(seconds=0.2), reach=reach())


# --- a slow resolver ---


def test_a_resolver_that_never_answers_cannot_hold_us() -> None:
    ended = threading.Event()

    def stuck(_: str) -> list[str]:
        ended.wait()
        return []

    with pytest.raises(Unfetchable) as refused:
        fetch("http://cdn.example/cat.png", patience=timedelta(seconds=0.1), reach=Reach(resolve=stuck))

    ended.set()
    assert str(refused.value) == "'http://cdn.example/cat.png' was not fetched: it took longer than 0.1 s"

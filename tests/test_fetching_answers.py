"""What becomes of a media server's answers, the hostile ones too."""

from __future__ import annotations

import socket
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_host import PICTURE, Host, Play, reach, said, serving, trickle

from bridge.fetching import MEDIA, File, Unfetchable, fetch, harmless

SOON = timedelta(seconds=10)
HERE = reach()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(Host()) as one:
        yield one


def fetched(host: Host, answer: bytes | Play, *, path: str = "/cat.png", most: int = 10_000) -> File:
    host.says = {path: answer}
    return fetch(host.url(path), patience=SOON, most=most, reach=HERE)


def refusal(host: Host, answer: bytes | Play, *, most: int = 10_000, patience: timedelta = SOON) -> str:
    host.says = {"/cat.png": answer}
    with pytest.raises(Unfetchable) as refused:
        fetch(host.url("/cat.png?token=geheim"), patience=patience, most=most, reach=HERE)
    place, why = str(refused.value).split(" was not fetched: ")
    assert place == repr(host.url())
    return why


UNTOLD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"
PROMISED = UNTOLD.replace(b"\r\n\r\n", b"\r\nContent-Length: 99999999999\r\n\r\n")
IN_CHUNKS = UNTOLD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def chunked(*chunks: bytes) -> bytes:
    return IN_CHUNKS + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


# --- the content ---


def test_a_picture_comes_whole(host: Host) -> None:
    assert fetched(host, said()) == File(content=PICTURE, type="image/png", name="cat.png")


def test_a_picture_in_chunks_comes_whole(host: Host) -> None:
    answer = chunked(PICTURE[:7], PICTURE[7:100], PICTURE[100:], b"")

    assert fetched(host, answer).content == PICTURE


def test_a_picture_of_untold_length_comes_whole(host: Host) -> None:
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: image/png\r\n\r\n" + PICTURE

    assert fetched(host, answer).content == PICTURE


@pytest.mark.parametrize("size", [1, 999, 1000])
def test_a_file_may_be_as_large_as_the_limit(size: int, host: Host) -> None:
    assert fetched(host, said(b"x" * size), most=1000).content == b"x" * size
    assert fetched(host, chunked(b"x" * size, b""), most=1000).content == b"x" * size


def endless(head: bytes, drop: bytes) -> Play:
    def play(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(drop)

    return play


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(b"x" * 1001), "it is larger than 1000 bytes"),
        (PROMISED, "it is larger than 1000 bytes"),
        (chunked(b"x" * 600, b"x" * 600, b""), "it is larger than 1000 bytes"),
        (UNTOLD + b"x" * 1001, "it is larger than 1000 bytes"),
        (endless(UNTOLD, b"x" * 9000), "it is larger than 1000 bytes"),
        (endless(IN_CHUNKS, b"2328\r\n" + b"x" * 9000 + b"\r\n"), "it is larger than 1000 bytes"),
        (endless(IN_CHUNKS + b"-1\r\n", b"x" * 9000), "its server sends without end"),
        (endless(IN_CHUNKS, b"1;" + b"x" * 9000 + b"\r\nx\r\n"), "its server sends without end"),
        (endless(b"", CONTINUE[:-2] + b"X: " + b"x" * 9000 + b"\r\n\r\n"), "its server sends without end"),
        (endless(b"HTTP/1.1 200 OK\r\n", b"x" * 9000), "its server's answer is no proper HTTP"),
    ],
)
def test_a_server_that_sends_too_much_is_cut_off(answer: bytes | Play, why: str, host: Host) -> None:
    assert refusal(host, answer, most=1000) == why


@pytest.mark.parametrize("packed", ["gzip", "br", "deflate, gzip", "GZIP"])
def test_a_packed_body_is_never_unpacked(packed: str, host: Host) -> None:
    why = refusal(host, said(b"\x1f\x8b" + bytes(50), f"Content-Encoding: {packed}"))

    assert why == f"it is packed as {packed.lower()!r}, which was not asked for"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said()[:-1], "its content broke off"),
        (chunked(PICTURE)[:-1], "its server's answer is no proper HTTP"),
        (said(b""), "it is empty"),
        (said(status="404 Not Found"), "its server answered 404"),
        (said(status="403 Forbidden"), "its server answered 403"),
        (said(status="500 Oh"), "its server answered 500"),
        (said(status="206 Partial Content"), "its server answered 206"),
        (said(status="304 Not Modified"), "its server answered 304"),
        (said(b"", status="302 Found"), "it was redirected to nowhere"),
        (b"", "the connection failed (RemoteDisconnected)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "its server's answer is no proper HTTP"),
        (b"+PONG\r\n\r\n", "its server's answer is no proper HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "its server's answer is no proper HTTP"),
        (IN_CHUNKS + b"zz\r\n", "its server's answer is no proper HTTP"),
        (IN_CHUNKS + b"-5\r\nabc", "its server's answer is no proper HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "its server's answer is no proper HTTP"),
    ],
)
def test_an_answer_that_is_no_file_is_told_as_such(answer: bytes, why: str, host: Host) -> None:
    assert refusal(host, answer) == why


# --- the time ---


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (CONTINUE, CONTINUE),
        (said(b"x" * 9000)[:-9000], b"x"),
        (UNTOLD, b"x"),
        (IN_CHUNKS, b"1\r\nx\r\n"),
        (IN_CHUNKS, b"0"),
        (IN_CHUNKS + b"1\r\nx\r\n0\r\n", b"X: y\r\n"),
    ],
    ids=["status", "header", "continue", "promised", "untold", "chunks", "size", "trailer"],
)
def test_a_trickling_server_does_not_outlast_the_fetch(head: bytes, drop: bytes, host: Host) -> None:
    host.left.clear()

    why = refusal(host, trickle(head, drop), patience=timedelta(seconds=0.5))

    assert why == "it took longer than 0.5 s"
    assert host.left.wait(10)  # and we hung up


def test_redirects_share_one_deadline(host: Host) -> None:
    host.says = {"/cat.png": trickle(b"", b"H"), "/1": said(b"", "Location: /cat.png", status="302 Found")}

    with pytest.raises(Unfetchable, match=r"it took longer than 0\.5 s"):
        fetch(host.url("/1"), patience=timedelta(seconds=0.5), reach=HERE)


def test_no_time_at_all_is_too_little(host: Host) -> None:
    assert refusal(host, said(), patience=timedelta(0)) == "it took longer than 0 s"


# --- the type ---


@pytest.mark.parametrize(
    "kind",
    [
        *("text/html", "text/html; charset=utf-8", "image/svg+xml", "application/xhtml+xml", "text/xml"),
        *("application/javascript", "application/octet-stream", "application/x-msdownload", "application/zip"),
        *("application/json", "multipart/form-data", "text/html,image/png", "image/", "nonsense", ""),
    ],
)
def test_only_media_is_copied(kind: str, host: Host) -> None:
    shown = kind.partition(";")[0]

    assert refusal(host, said(type=kind)) == f"{shown!r} is none of the types that are copied"


@pytest.mark.parametrize("kind", MEDIA)
def test_media_is_copied_whatever_stands_behind_its_type(kind: str, host: Host) -> None:
    found = fetched(host, said(type=f"{kind.upper()} ; charset=utf-8"), path="/a")

    assert found == File(content=PICTURE, type=kind, name=f"a.{MEDIA[kind][0]}")


def test_nothing_that_a_browser_runs_is_in_the_list() -> None:
    assert [kind for kind in MEDIA if any(word in kind for word in ("html", "svg", "script", "text/xml"))] == []


# --- the name ---


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="invoice 7.png"', "invoice 7.png"),
        ("attachment; filename=invoice.png", "invoice.png"),
        ("attachment; filename=x.png; filename*=UTF-8''Rechnung%20%C3%BC.png", "Rechnung ü.png"),
        ("attachment; filename*=utf-8'de'%E2%82%AC.png", "€.png"),
        ('inline; filename="Zoë.png"', "Zoë.png"),
        ('attachment; filename="../../etc/passwd"', "passwd.png"),
        ("attachment; filename*=UTF-8''..%2F..%5Cboot.ini", "boot.ini.png"),
        ('attachment; filename=""', "cat.png"),
        ("attachment", "cat.png"),
        ("attachment; filename*=UTF-8''%FF%FE", "\ufffd\ufffd.png"),
    ],
)
def test_the_server_may_say_the_name(disposition: str, name: str, host: Host) -> None:
    answer = said(PICTURE, f"Content-Disposition: {disposition}")

    assert fetched(host, answer).name == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b/cat.png", "cat.png"),
        ("/", "file.png"),
        ("/cat", "cat.png"),
        ("/cat.php", "cat.php.png"),
        ("/%D0%BA%D0%BE%D1%82.png", "кот.png"),
        ("/a%2Fb%5Cc.png", "c.png"),
    ],
)
def test_else_the_path_gives_the_name(path: str, name: str, host: Host) -> None:
    assert fetched(host, said(), path=path).name == name


@pytest.mark.parametrize(
    ("given_name", "kind", "name"),
    [
        ("cat.JPG", "image/jpeg", "cat.JPG"),
        ("cat.jpeg", "image/jpeg", "cat.jpeg"),
        ("letter.doc", DOCX, "letter.doc.docx"),
        ("page.html", "text/plain", "page.html.txt"),
        ("run.exe", "application/pdf", "run.exe.pdf"),
        ("a\u202egnp.exe", "image/png", "agnp.exe.png"),
        ("a\x00b\r\nc\t.png", "image/png", "abc.png"),
        ("a\u2028b\u00a0 c.png", "image/png", "a b c.png"),
        ('<a>:"b"|?*.png', "image/png", "_a___b____.png"),
        (" .hidden. ", "image/png", "hidden.png"),
        ("...", "image/png", "file.png"),
        ("C:\\pictures\\cat.png", "image/png", "cat.png"),
        ("e\u0301.png", "image/png", "é.png"),
        ("x" * 100 + ".png", "image/png", "x" * 76 + ".png"),
    ],
)
def test_a_name_is_made_harmless(given_name: str, kind: str, name: str) -> None:
    assert harmless(given_name, kind) == name


@pytest.mark.timeout(10)  # to put all these marks into order takes a minute
def test_a_name_with_very_many_marks_does_not_hold_the_worker_up() -> None:
    assert harmless("cat/a" + "\u0301\u0327" * 100_000 + ".png", "image/png").endswith(".png")


@given(st.text(), st.sampled_from(sorted(MEDIA)))
def test_no_name_stays_harmful(given_name: str, kind: str) -> None:
    name = harmless(given_name, kind)

    stem, _, ending = name.rpartition(".")
    assert stem == stem.strip(" .")
    assert stem
    assert ending.lower() in MEDIA[kind]
    assert len(name) <= 80
    assert not set(name) & set('/\\<>:"|?*')
    assert not [sign for sign in name if unicodedata.category(sign)[0] == "C"]
    assert harmless(name, kind) == name


# --- anything at all ---

LINES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 302 Found", b"Location: /cat.png", b"Location: \xff://["),
        *(b"Content-Type: image/png", b"Content-Type: \xe9", b"Content-Length: 3", b"Content-Length: -3"),
        *(b"Transfer-Encoding: chunked", b"Content-Disposition: attachment; filename*=utf-8''%", b"", b"abc"),
        *(b"3", b"-1", b"0", b"fffffffffffffffff", b" ", b":", b"\x00", b"\xff"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(answer=st.lists(LINES, max_size=9).map(b"\r\n".join) | st.binary())
def test_no_answer_gives_anything_but_a_file_or_a_reason(answer: bytes, host: Host) -> None:
    host.says = {"/cat.png": answer, "/": answer}

    try:
        found = fetch(host.url(), patience=SOON, most=1000, reach=HERE)
    except Unfetchable:
        return
    assert found.type == "image/png"
    assert 0 < len(found.content) <= 1000

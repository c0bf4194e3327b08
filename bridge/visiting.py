"""Asking an address that a stranger chose: safely, or not at all."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urljoin

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util import Url, parse_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
T = TypeVar("T")

CLOSED: Sequence[Network] = tuple(
    ip_network(network)
    for network in [
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # public by its number, but in Azure the machine's own host
        *("::/3", "4000::/2", "8000::/1"),  # all but 2000::/3, of which single machines get their addresses
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # with Teredo and 6to4, which wrap others
    ]
)
"""IANA's special-purpose registries, https://www.iana.org/assignments/iana-ipv4-special-registry, and -ipv6-.
`ipaddress.is_global` alone calls 64:ff9b::a9fe:a9fe, 2002:a9fe:a9fe::1 and 192.0.0.192 global."""

WRAPPING: Sequence[Network] = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
"""Mapped addresses and NAT64 (RFC 6052): the last 32 bits are the address that is meant."""

MOVED = frozenset({301, 302, 303, 307, 308})
KEPT = frozenset({307, 308})  #: where a form is to be sent again
HOPS = 5
OVERHEAD = 200_000  #: bytes of a head, and of a chunked body's own lines, besides as much again as the file


class Unfetchable(Exception):
    """The file cannot be had. The message is a whole sentence without the address's query, which may be secret."""


class Refused(Exception):
    """Why not, as half a sentence; `exchange` says of what."""


def addresses(name: str) -> list[str]:
    """What the machine's resolver says of a name; a number in any spelling (0x7f.1) is its address.

    Raises OSError, or UnicodeError for what is no name.
    """
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a fetch may go: the public internet, and what a sandbox or a test allows besides."""

    also: tuple[Network, ...] = ()  #: besides public addresses: a sandbox's, on this machine
    ports: Collection[int] | None = frozenset({80, 443})  #: None = any
    authorities: str = DEFAULT_CA_BUNDLE_PATH  #: file of the certificates that vouch for servers
    resolve: Callable[[str], Sequence[str]] = addresses

    def allows(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self.also)


PUBLIC = Reach()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands at an address, whatever the status. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def visit(
    url: str,
    *,
    patience: timedelta,
    form: Mapping[str, str] | None = None,
    most: int = 5_000_000,
    reach: Reach = PUBLIC,
) -> Page:
    """GET a page of any type, or POST a form, which may hold a secret and so goes over https only.

    Raises Unfetchable.
    """
    return exchange(url, _page, patience=patience, most=most, reach=reach, form=form)


def _page(answer: HTTPResponse, _: Url, most: int) -> Page:
    headers = {name.lower(): ", ".join(answer.headers.get_all(name, ())) for name in answer.headers}
    return Page(status=answer.status, headers=headers, content=whole(answer, most))


def whole(answer: HTTPResponse, most: int) -> bytes:
    """Return all that an answer holds. Raises Refused where that is too much, packed, or broke off."""
    packed = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packed != "identity":
        raise Refused(f"it is packed as {packed[:80]!r}, which was not asked for")
    if answer.length is not None and answer.length > most:
        raise Refused(f"it is larger than {most} bytes")
    content = answer.read(most + 1)
    if len(content) > most:
        raise Refused(f"it is larger than {most} bytes")
    if answer.length:  # what of a promised length did not come
        raise Refused("its content broke off")
    return content


def exchange(
    url: str,
    read: Callable[[HTTPResponse, Url, int], T],
    *,
    patience: timedelta,
    most: int,
    reach: Reach,
    form: Mapping[str, str] | None = None,
) -> T:
    """Ask, and return what `read` makes of the answer, which it is given with its address and `most`.

    Every hop goes to the very address that was checked, so a name that resolves anew cannot lead elsewhere; the
    certificate is checked against the name. No cookies, no credentials, no proxies, all in at most `patience`.
    read: may raise Refused. Raises Unfetchable, and nothing else, for whatever will not work.
    """
    until = time.monotonic() + patience.total_seconds()
    try:
        for _ in range(HOPS + 1):
            place = _place(url, reach, ("http", "https") if form is None else ("https",))
            with _connected(place, reach, until) as line, _secured(line, place, reach, until) as sock:
                answer = _answer(sock, place, until, most, form)
                if answer.status not in (MOVED if form is None else KEPT):
                    return read(answer, place, most)
                url = _moved(answer, place)
        why = f"it was redirected more than {HOPS} times"
    except Refused as refusal:
        why = str(refusal)
    except TimeoutError:
        why = f"it took longer than {patience.total_seconds():g} s"
    except ssl.SSLCertVerificationError as error:
        why = f"its server's certificate does not hold: {error.verify_message}"
    except OSError as error:
        why = f"the connection failed ({type(error).__name__})"
    except (HTTPException, ValueError):  # ValueError: http.client lets some through, for a chunk's size for one
        why = "its server's answer is no proper HTTP"
    raise Unfetchable(f"{_shown(url)} was not fetched: {why}")


def is_public(address: Address) -> bool:
    """Whether it is one machine's address on the public internet, and none of ours by another spelling."""
    if any(address in network for network in WRAPPING):
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    return not any(address in network for network in CLOSED)


# --- where to ---


def _place(url: str, reach: Reach, schemes: Collection[str]) -> Url:
    """The address taken apart and normalised: once, so that all below mean the same machine."""
    try:
        place = parse_url(url)
    except ValueError:
        raise Refused("its address cannot be read") from None
    if place.scheme not in schemes or not place.host:
        raise Refused(f"only {' and '.join(schemes)} addresses are fetched")
    if place.auth is not None:
        raise Refused("its address holds credentials")
    if reach.ports is not None and _port(place) not in reach.ports:
        raise Refused(f"port {_port(place)} is not allowed")
    return place


def _shown(url: str) -> str:
    """The address as a message may show it: without query, fragment and credentials."""
    try:
        place = parse_url(url)
    except ValueError:
        return "an attachment"
    return repr(Url(place.scheme, None, place.host, place.port, place.path).url[:300])


def _port(place: Url) -> int:
    return place.port or (443 if place.scheme == "https" else 80)


def _host(place: Url) -> str:
    return (place.host or "").strip("[]")


def _checked(place: Url, reach: Reach, until: float) -> list[str]:
    """The addresses of the place's name, all of them allowed; looked up once."""
    pool = ThreadPoolExecutor(1)  # a resolver keeps no deadline
    try:
        answer = pool.submit(reach.resolve, _host(place)).result(_left(until))
    except (socket.gaierror, UnicodeError):
        raise Refused("its server's name has no address") from None
    finally:
        pool.shutdown(wait=False)
    found = [ip_address(text) for text in answer]
    refused = next((address for address in found if not reach.allows(address)), None)
    if refused is not None or not found:
        raise Refused(f"{refused} is no address on the public internet" if found else "its server has no address")
    return [str(address) for address in found]


# --- the call ---


def _left(until: float) -> float:
    """Seconds until then. Raises TimeoutError when there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connected(place: Url, reach: Reach, until: float) -> socket.socket:
    """A connection to the first of the checked addresses that takes one; each gets its share of the time."""
    found = _checked(place, reach, until)
    failed = OSError()
    for rest, address in zip(range(len(found), 0, -1), found, strict=True):
        try:
            return socket.create_connection((address, _port(place)), timeout=_left(until) / rest)
        except OSError as error:
            failed = error
    raise failed


def _secured(line: socket.socket, place: Url, reach: Reach, until: float) -> socket.socket:
    """The connection under TLS for https, the certificate checked against the name; else as it is."""
    line.settimeout(_left(until))
    if place.scheme != "https":
        return line
    tls = ssl.create_default_context(cafile=reach.authorities)
    return tls.wrap_socket(line, server_hostname=_host(place))


class _Timed(io.RawIOBase):
    """What comes over a connection: a read gets what is left of the fetch's time, and all of them so many bytes.

    http.client by itself gives each read the same time anew, however many a trickling server makes it do, and
    takes a chunk of the size -1 for "all there is".
    """

    def __init__(self, sock: socket.socket, until: float, most: int) -> None:
        self.sock, self.until, self.most = sock, until, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self.sock.settimeout(_left(self.until))
        got = self.sock.recv_into(buffer)
        self.most -= got
        if self.most < 0:
            raise Refused("its server sends without end")
        return got


class _Answer(HTTPResponse):
    """An answer read through `_Timed`."""

    def __init__(self, sock: socket.socket, until: float, most: int) -> None:
        super().__init__(sock, method="GET")
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until, most))


def _answer(
    sock: socket.socket, place: Url, until: float, most: int, form: Mapping[str, str] | None
) -> HTTPResponse:
    """Ask for the file and read the answer's head. No encoding is accepted, so nothing swells when unpacked."""
    connection = HTTPConnection(_host(place))
    connection.sock = sock
    headers = {
        "Host": place.netloc or "",
        "User-Agent": "Casebridge",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if form is None:
        connection.request("GET", place.request_uri, headers=headers)
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", place.request_uri, body=urlencode(form), headers=headers)
    answer = _Answer(sock, until, 2 * most + OVERHEAD)
    answer.begin()
    return answer


def header(answer: HTTPResponse, name: str) -> str:
    """A header's first 8,000 characters, as UTF-8 where it is that; "" = there is none."""
    text = answer.headers.get(name, "")[:8000]
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _moved(answer: HTTPResponse, place: Url) -> str:
    """Where a redirect leads."""
    location = header(answer, "Location")
    if not location:
        raise Refused("it was redirected to nowhere")
    return urljoin(place.url, location)

"""A server of pictures on loopback that says whatever bytes it is told to, honest or not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.fetching import Reach

Play = Callable[[socket.socket], None]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

INSIDE = [
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.1.1", "127.0.0.1", "127.8.9.10"),
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("192.0.2.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("3fff::1", "100::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
    *("::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1"),
    *("2002:7f00:1::", "2001:0:a9fe:a9fe::1", "2001:2::1"),
]
"""Addresses of our own machine and network, and what else is no machine on the public internet."""


def said(body: bytes = PICTURE, *headers: str, status: str = "200 OK", type: str = "image/png") -> bytes:  # noqa: A002
    """An honest answer, with more headers or others."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {type}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class Host(ThreadingTCPServer):
    """Answers each path with its bytes, or plays with the connection; `heard` keeps the requests."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__((address, port), Handler)
        self.tls = tls
        self.says: dict[str, bytes | Play] = {}
        self.heard: list[str] = []
        self.left = threading.Event()  #: a caller hung up while it was being played with

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/cat.png", name: str = "127.0.0.1") -> str:
        return f"http{'s' if self.tls else ''}://{name}:{self.port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers that hang up are what is being tested."""


class Handler(BaseRequestHandler):
    server: Host

    def handle(self) -> None:
        line = self.request
        if self.server.tls:
            line = self.server.tls.wrap_socket(line, server_side=True)
        with line:
            request = b""
            while b"\r\n\r\n" not in request:
                if not (more := line.recv(65536)):
                    return
                request += more
            self.server.heard.append(request.decode())
            answer = self.server.says[request.decode().split(" ")[1].split("?")[0]]
            if isinstance(answer, bytes):
                line.sendall(answer)
                return
            try:
                answer(line)
            except OSError:
                self.server.left.set()


def trickle(head: bytes, drop: bytes) -> Play:
    """Sends the head, and then drop by drop, each in less time than any timeout, until the caller hangs up."""

    def play(line: socket.socket) -> None:
        line.sendall(head)
        line.settimeout(0.01)
        while True:
            line.sendall(drop)
            try:
                if not line.recv(1):
                    raise ConnectionError
            except TimeoutError:
                continue

    return play


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    with host:
        threading.Thread(target=host.serve_forever, args=(0.01,), daemon=True).start()
        yield host
        host.shutdown()


def reach(
    *also: str, authorities: str = "", names: dict[str, list[str]] | None = None, asked: list[str] | None = None
) -> Reach:
    """A reach of some loopback addresses, where each look-up of a name gives the next of its addresses."""
    left = {name: list(found) for name, found in (names or {}).items()}

    def resolve(name: str) -> Sequence[str]:
        if asked is not None:
            asked.append(name)
        found = left.get(name, [name])
        return [found.pop(0) if len(found) > 1 else found[0]]

    networks = tuple(ip_network(str(ip_address(address))) for address in also or ("127.0.0.1",))
    plain = Reach(also=networks, ports=None, resolve=resolve)
    return Reach(also=networks, ports=None, resolve=resolve, authorities=authorities or plain.authorities)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's TLS for that name, vouched for by itself; and the file with its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    return tls, str(file)

"""How TikTok signs its callbacks: HMAC-SHA256 over a time and the body. Pure.

https://business-api.tiktok.com/portal/docs?id=1759978341579777
"""

from __future__ import annotations

import hashlib
import hmac
import re

from bridge.errors import Forged

STAMP = re.compile("[0-9]{1,12}")
DIGEST = re.compile("[0-9a-fA-F]{64}")


def read(header: str) -> tuple[str, bytes]:
    """Return the time as it is signed, and the digest. Raises Forged if the header has not one of each."""
    if not header:
        raise Forged("Tiktok-Signature is missing")
    pieces = [piece.strip().partition("=") for piece in header.split(",")]
    stamps = [value for name, _, value in pieces if name == "t"]
    digests = [value for name, _, value in pieces if name == "s"]
    if len(stamps) != 1 or len(digests) != 1 or not STAMP.fullmatch(stamps[0]) or not DIGEST.fullmatch(digests[0]):
        raise Forged("Tiktok-Signature is not t= and seconds, s= and 64 hex digits")
    return stamps[0], bytes.fromhex(digests[0])


def digest(secret: bytes, stamp: str, body: bytes) -> bytes:
    """Return what TikTok signs a body with at this time."""
    return hmac.new(secret, b"%s.%s" % (stamp.encode(), body), hashlib.sha256).digest()

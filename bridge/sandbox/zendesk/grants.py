"""What can be traded for a token: codes of an authorization, and refresh tokens. Each is good for one time."""

from __future__ import annotations

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

TABLES = """
create table if not exists grants(
  token text primary key, kind text not null, scopes text not null, expires real not null, access text not null,
  redirect_uri text not null, challenge text not null
) without rowid;
"""
CODE, REFRESH = "code", "refresh"
CODE_LIVES = 120  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody has been granted."""

    kind: str
    scopes: tuple[str, ...]
    expires: float  #: on the account's clock
    access: str = ""  #: of a refresh token: the access token that came with it
    redirect_uri: str = ""
    challenge: str = ""  #: PKCE, S256; "" = none


def keep(tx: sqlite3.Connection, grant: Grant) -> str:
    """Store it under a new token."""
    token = secrets.token_urlsafe(24)
    row = (token, grant.kind, " ".join(grant.scopes), grant.expires, grant.access)
    tx.execute("insert into grants values (?, ?, ?, ?, ?, ?, ?)", (*row, grant.redirect_uri, grant.challenge))
    return token


def spend(tx: sqlite3.Connection, kind: str, token: Any, now: float) -> Grant | None:
    """Take a grant out; None = there is none of that kind, it was spent, or its time is over."""
    given = token if isinstance(token, str) else ""
    statement = "delete from grants where token = ? and kind = ? returning *"
    rows = tx.execute(statement, (given.encode("utf-8", "replace").decode(), kind)).fetchall()
    if not rows or rows[0][3] <= now:
        return None
    _, _, scopes, expires, access, redirect_uri, challenge = rows[0]
    return Grant(
        kind=kind,
        scopes=tuple(scopes.split()),
        expires=expires,
        access=access,
        redirect_uri=redirect_uri,
        challenge=challenge,
    )


def authorize(tx: sqlite3.Connection, spec: Mapping[str, Any], known: Collection[str], now: float) -> str:
    """Make the code that a user's consent would. Raises ValueError, one sentence."""
    if set(spec) - {"scope", "redirect_uri", "code_challenge"} or not all(
        isinstance(v, str) for v in spec.values()
    ):
        raise ValueError(
            'send {"scope": "read tickets:write"}, with "redirect_uri" and "code_challenge" if need be'
        )
    scopes = tuple(scope for scope in spec.get("scope", "read").split() if scope in known)
    if not scopes:
        raise ValueError(f"scope: {spec['scope']!r} has none of {', '.join(sorted(known))}")
    more = {"redirect_uri": spec.get("redirect_uri", ""), "challenge": spec.get("code_challenge", "")}
    return keep(tx, Grant(kind=CODE, scopes=scopes, expires=now + CODE_LIVES, **more))


def proves(verifier: Any, challenge: str) -> bool:
    """Whether the code_verifier is the one that the authorization was asked for with (RFC 7636, S256)."""
    if not challenge:
        return True
    given = verifier if isinstance(verifier, str) else ""
    digest = hashlib.sha256(given.encode("utf-8", "replace")).digest()
    return secrets.compare_digest(
        base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode("utf-8", "replace")
    )

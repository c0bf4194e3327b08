"""Addresses of posts in one form, however they were copied, and the ids in them. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import permutations
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from bridge.message import clean

SITES = {
    "x.com": "x.com", "twitter.com": "x.com", "facebook.com": "facebook.com", "fb.com": "facebook.com",
    "instagram.com": "instagram.com", "threads.com": "threads.com", "threads.net": "threads.com",
    "tiktok.com": "tiktok.com", "t.me": "t.me", "telegram.me": "t.me", "youtube.com": "youtube.com",
    "trustpilot.com": "trustpilot.com",
}  # fmt: skip
"""Names under which a site is reached, with anything before them -> the one that stands for all."""

TELLING: Mapping[str, Collection[str]] = {
    "x.com": (), "instagram.com": ("comment_id",), "threads.com": (), "tiktok.com": (), "trustpilot.com": (),
    "facebook.com": ("comment_id", "fbid", "id", "multi_permalinks", "reply_comment_id", "story_fbid", "v"),
    "t.me": ("comment", "thread"), "youtube.com": ("lc", "v"),
}  # fmt: skip
"""What tells two posts of a site apart behind the ?; all else there says who shared it, and how."""

POSTS = {
    "x.com": (r"/(?:[^/]+|i/web)/status(?:es)?/(\d+)(?:/.*)?", "/i/status/{}"),
    "instagram.com": (r"/(?:[^/]+/)?(?:p|reels?|tv)/([^/]+)", "/p/{}"),
    "threads.com": (r"/(?:@[^/]*/post|t)/([^/]+)(?:/media)?", "/t/{}"),
    "tiktok.com": (r"/(?:@[^/]*/(?:video|photo)|player/v1)/(\d+)", "/@/video/{}"),
    "t.me": (r"/s/([^/]+/\d+)", "/{}"),
}  # fmt: skip
"""Paths under which a site shows one post, and the one that stands for all of them: handles change."""

CHANNELS = {
    "x.com": "x", "facebook.com": "facebook", "instagram.com": "instagram", "threads.com": "threads",
    "tiktok.com": "tiktok", "t.me": "telegram", "trustpilot.com": "trustpilot",
}  # fmt: skip
"""Whose messages a site shows."""

NOWHERE = ("messenger", "whatsapp", "line", "google")  #: channels whose messages have no address of their own

TRACKING = re.compile(r"utm_.*|fbclid|gclid|dclid|msclkid|yclid|igsh|igshid|mc_[ce]id|ref_src|ref_url|__.*")
"""The same, of sites that we do not know."""

COMMENTS = ("reply_comment_id", "comment_id", "lc")  #: the comment that is meant, the innermost first
MOST_IDS = 8  #: in one address, of which pairs are made

_BARE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+/", re.IGNORECASE)  #: an address that was copied without https://
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_EVERYWHERE = re.compile(r"^(?:(?:www|mobile|m)\.)+(?=[^.]+\.)")


def normal(url: str) -> str:
    """Return the address in the form that all copies of it share; "" = it is no web address.

    Always https, without www. and the like, a fragment, a slash at the end, and what only says who shared it.
    """
    try:
        split = urlsplit(_whole(clean(url).strip()))
        name, port = split.hostname or "", split.port
    except ValueError:
        return ""
    if split.scheme not in ("http", "https") or not _HOST.fullmatch(name):
        return ""
    host = _site(name)
    path = quote(_post(host, unquote(split.path).rstrip("/")), safe="/@:")
    asked = urlencode(sorted(p for p in parse_qsl(split.query, keep_blank_values=True) if _tells(host, p[0])))
    return f"https://{host}{f':{port}' if port not in (None, 80, 443) else ''}{path}{f'?{asked}' if asked else ''}"


def _whole(url: str) -> str:
    return f"https://{url}" if _BARE.match(url) else url


def _site(name: str) -> str:
    """The host that stands for a site."""
    known = (site for other, site in SITES.items() if name == other or name.endswith(f".{other}"))
    return next(known, _EVERYWHERE.sub("", name))


def _post(host: str, path: str) -> str:
    """The path that stands for all of the post's."""
    pattern, form = POSTS.get(host, ("", ""))
    found = re.fullmatch(pattern, path) if form else None
    return form.format(found[1]) if found else path


def _tells(host: str, name: str) -> bool:
    return name in TELLING[host] if host in TELLING else not TRACKING.fullmatch(name)


def digest(url: str) -> str:
    """Return what an address is found by: a hash of its normal form; "" = it is no web address."""
    form = normal(url)
    return hashlib.sha256(form.encode()).hexdigest()[:32] if form else ""


def ids(url: str) -> tuple[str, ...]:
    """Return what may be ids of messages in an address; () = there is nothing like one, or it is no web address.

    Where it names a comment only that is meant. Else pieces of the path and values behind the ?, each by itself,
    and two of them joined, as Facebook writes ids (page_post, post_comment).
    """
    split = urlsplit(normal(url))
    asked = dict(parse_qsl(split.query))
    pieces = _numbered([*unquote(split.path).split("/"), *(v for n, v in asked.items() if n not in COMMENTS)])
    comments = [asked[name] for name in COMMENTS if name in asked]
    if comments:
        meant, *around = comments
        found = [meant, *(f"{one.rpartition('_')[2]}_{meant}" for one in [*around, *pieces])]
    else:
        found = [*pieces, *(f"{one}_{other}" for one, other in permutations(pieces, 2))]
    return tuple(dict.fromkeys(found))


def strangers(url: str) -> frozenset[str]:
    """Return the channels that cannot have written at an address: another platform may use the same numbers."""
    at = CHANNELS.get(urlsplit(normal(url)).hostname or "", "")
    return frozenset({*CHANNELS.values(), *NOWHERE} - {at})


def _numbered(pieces: Iterable[str]) -> list[str]:
    """Those that may be ids: words have no digits."""
    return [one for one in dict.fromkeys(pieces) if any(c.isdigit() for c in one)][-MOST_IDS:]

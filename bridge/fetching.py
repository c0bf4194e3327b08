"""Fetching a picture, film or document from an address that a stranger chose: safely, or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPResponse
from urllib.parse import unquote

from urllib3.util import Url

from bridge.visiting import PUBLIC, Reach, Refused, Unfetchable, addresses, exchange, header, is_public, whole

__all__ = ["MEDIA", "PUBLIC", "File", "Reach", "Unfetchable", "addresses", "fetch", "harmless", "is_public"]

MEDIA: Mapping[str, Sequence[str]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic",),
    "image/heif": ("heif", "heic"),
    "image/avif": ("avif",),
    "image/bmp": ("bmp",),
    "image/tiff": ("tiff", "tif"),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/3gpp": ("3gp",),
    "video/mpeg": ("mpeg", "mpg"),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/x-m4a": ("m4a",),
    "audio/aac": ("aac",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/opus": ("opus",),
    "audio/amr": ("amr",),
    "audio/wav": ("wav",),
    "audio/x-wav": ("wav",),
    "audio/webm": ("weba", "webm"),
    "text/plain": ("txt", "log", "csv"),
    "application/pdf": ("pdf",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
}
"""What is copied -> the endings of its names, the usual one first. Nothing that a browser runs: no HTML or SVG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What was fetched. type: a key of MEDIA. name: harmless, at most 80 characters, its ending fits the type."""

    content: bytes
    type: str
    name: str


def fetch(url: str, *, patience: timedelta, most: int = 10_000_000, reach: Reach = PUBLIC) -> File:
    """GET a media file of at most `most` bytes, redirects and all in at most `patience`.

    No cookies, no credentials, no proxies. Every hop goes to the very address that was checked, so a name that
    resolves anew cannot lead elsewhere; the certificate is checked against the name.
    Raises Unfetchable, and nothing else, for whatever will not work.
    """
    return exchange(url, _file, patience=patience, most=most, reach=reach)


# --- the file ---


def _file(answer: HTTPResponse, place: Url, most: int) -> File:
    if answer.status != 200:
        raise Refused(f"its server answered {answer.status}")
    kind = header(answer, "Content-Type").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise Refused(f"{kind[:80]!r} is none of the types that are copied")
    content = whole(answer, most)
    if not content:
        raise Refused("it is empty")
    name = _said(header(answer, "Content-Disposition")) or unquote(place.path or "")
    return File(content=content, type=kind, name=harmless(name, kind))


ENCODED = re.compile(r"filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)", re.IGNORECASE)
PLAIN = re.compile(r"filename\s*=\s*(?:\"([^\"]*)\"|([^;\s\"]+))", re.IGNORECASE)


def _said(disposition: str) -> str:
    """The file's name in Content-Disposition, RFC 6266; "" = there is none."""
    text = disposition[:1000]  # the patterns take quadratic time
    if encoded := ENCODED.search(text):
        return unquote(encoded[1])
    plain = PLAIN.search(text)
    return plain[1] or plain[2] or "" if plain else ""


def harmless(name: str, kind: str) -> str:
    """A name that no file system or screen takes for something else, with an ending that fits the type.

    name: as a stranger gave it, or a path, whose last piece it is. Signs that turn or hide text are left out.
    """
    # The end of the name: to put very many marks upon one sign into order takes quadratic time.
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name[-1000:]))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").translate(ODD)
    plain = " ".join(seen.split()).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot or ending.lower() not in MEDIA[kind]:
        stem, ending = plain, MEDIA[kind][0]
    stem = stem[: LONGEST - 1 - len(ending)].strip(" .")
    return f"{stem or 'file'}.{ending}"


ODD = str.maketrans(dict.fromkeys('<>:"|?*', "_"))  #: reserved by Windows
LONGEST = 80

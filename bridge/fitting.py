"""Texts made to fit into what a CRM holds. Pure."""

from __future__ import annotations

import re


def shorten(text: str, longest: int) -> str:
    """Cut visibly to so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def split(text: str, room: int) -> list[str]:
    """Cut after white space where it can, between characters where it must; joined it is the text again.

    room: bytes of UTF-8 in a piece, at least 4.
    """
    pieces = []
    rest = text
    while size(rest) > room:
        most = rest.encode()[:room].decode(errors="ignore")
        spaces = [m.end() for m in re.finditer(r"\s+", most)]
        # A piece that is mostly empty helps nobody: a word that fills half of it is cut.
        end = spaces[-1] if spaces and spaces[-1] > len(most) // 2 else len(most)
        pieces.append(rest[:end])
        rest = rest[end:]
    return [*pieces, rest]


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())

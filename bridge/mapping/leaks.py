"""Secrets that stand in the files themselves, where everybody who keeps or copies them has them too. Pure.

What is found is never shown: neither the value nor its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from bridge.mapping.document import Document, Fault, Node
from bridge.mapping.findings import kinds, step
from bridge.mapping.sections import below

TOKENS = frozenset(("token", "token_secret", "refresh_token"))  #: of an account
KEPT = "everybody who has this file has it too"
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    "an access token of Meta": re.compile(r"\b(?:EAA|IGQ)[A-Za-z0-9]{40,}"),
    "a JSON Web Token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a token of Slack": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a key of Stripe": re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[opsru]_[A-Za-z0-9]{36}|github_pat_\w{40,})"),
    "a key of Amazon": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a key of Google": re.compile(r"\bAIza[\w-]{35}"),
    "a token of Telegram": re.compile(r"\b[0-9]{8,10}:[\w-]{35}\b"),
    "a secret": re.compile(
        r"""(?i)(?:token|secret|passw(?:or)?d|api[_-]?key|bearer)["']?(?:\s{0,3}[:=]\s{0,3}|\s{1,3})["']?"""
        r"(?=[^\s]{0,200}[0-9])(?=[^\s]{0,200}[a-z])[a-z0-9+/_.~-]{32,}"
    ),
}
"""What it is -> how it looks. The last is anything long of letters and digits behind a word that says so."""


def in_text(text: str, file: str) -> list[Fault]:
    """What looks like a secret in a text, the first of each line. text: of a mapping, a list, connections.yaml."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        hits = ((hit, what) for what, pattern in PATTERNS.items() if (hit := pattern.search(line)))
        for hit, what in islice(hits, 1):
            reason = f"this looks like {what}: {KEPT}; have it made void, and take it out"
            found.append(Fault(file, number, hit.start() + 1, "secret-in-file", reason, level="warning"))
    return found


def in_settings(document: Document, models: Mapping[str, type[BaseModel]]) -> list[Fault]:
    """The secrets of connections that stand in the file where a variable's name should: `env:NAME`.

    document: connections.yaml. models: by connection, what its adapter's keys are.
    """
    entries = document.root.entries["connections"].entries
    found = [one for name, model in models.items() for one in _secrets(entries[name], model)]
    found += [one for name in models for one in _tokens(entries[name])]
    hidden = replace(document, secret=True)
    reason = f"a secret stands here in plain text: {KEPT}; make a new one, and write env:NAME here"
    return list(dict.fromkeys(hidden.warning(node, "secret-in-file", reason) for node in found))


def _tokens(connection: Node) -> list[Node]:
    """Those of a connection's accounts that are no references."""
    accounts = below(connection, "accounts").values()
    found = [node for account in accounts for key, node in account.entries.items() if key in TOKENS]
    return [node for node in found if not (node.text or "").startswith("env:")]


def _secrets(node: Node, annotation: Any) -> Iterator[Node]:
    """The texts below a node that its type says are secret."""
    inside: list[tuple[str | int, Node]] = [*node.entries.items(), *enumerate(node.items)]
    for key, one in inside:
        for kind in kinds(annotation):
            yield from _secrets(one, step(kind, key))
    if node.text and not node.text.startswith("env:") and _is_secret(annotation):
        yield node


def _is_secret(annotation: Any) -> bool:
    """Whether a text is kept as a secret here, alone or as the only one of a list."""
    return any(kind is SecretStr or any(map(_is_secret, get_args(kind))) for kind in kinds(annotation))

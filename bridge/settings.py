"""What the environment decides: SETTINGS is the one list, `read` gives it types. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge import languages
from bridge.errors import ConfigError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable.

    default: what counts when it is unset or empty. allowed: what a fault and the documentation say it may be.
    read: text -> value; raises ValueError with the reason. secret: its value is never shown.
    """

    name: str
    default: str
    help: str
    allowed: str
    read: Callable[[str], object]
    secret: bool = False

    @property
    def field(self) -> str:
        """What it is called in Settings: LOG_LEVEL is log_level, CASEBRIDGE_CONFIG is config."""
        return self.name.removeprefix("CASEBRIDGE_").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, typed. What each is for stands in SETTINGS."""

    database_url: str = field(repr=False)  # it holds a password
    config: Path
    key: tuple[str, ...] = field(repr=False)  #: Fernet keys; () = not set
    public_url: str  #: without a slash at its end; "" = not set
    proxies: int
    host: str
    port: int
    gather: timedelta
    lease: timedelta
    poll: timedelta
    alert_url: str = field(repr=False)  #: "" = not set; it may hold a secret
    metrics_token: str = field(repr=False)  #: "" = not set
    detect_language: str  #: auto, off, or codes with commas between
    log_level: str  #: in lower case


def read(env: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; a variable that is empty counts as unset.

    Raises ConfigError with one fault for each variable that cannot be used.
    """
    values: dict[str, Any] = {}
    faults = []
    for setting in SETTINGS:
        given = env.get(setting.name) or setting.default
        try:
            values[setting.field] = setting.read(given)
        except ValueError as error:
            shown = "" if setting.secret or "@" in given else f"={given!r}"  # user:password@host
            faults.append(f"{setting.name}{shown} cannot be used: {error}\n    -> allowed: {setting.allowed}")
    if faults:
        raise ConfigError(faults)
    return Settings(**values)


def _database(text: str) -> str:
    if not re.fullmatch(r"(sqlite:///|postgres(ql)?://).+", text):
        raise ValueError("it begins like no database that can be used")
    return text


def _origin(text: str) -> str:
    if text and not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/?", text):
        raise ValueError("this is not the beginning of an address up to its host and port")
    return text.removesuffix("/")


def _alert_url(text: str) -> str:
    if not text:
        return text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is no address") from None
    if re.search(r"[^!-~]", text) or not host or port == 0:
        raise ValueError("this is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ValueError("it begins neither with https:// nor with this machine's own address")
    return text


def _metrics_token(text: str) -> str:
    if text and not re.fullmatch("[!-~]{16,}", text):
        raise ValueError("a token has at least 16 characters, and no white space")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        raise ValueError("this is neither an IP address nor a host's name")
    return text


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read_whole(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text):
            raise ValueError("a whole number is expected")
        number = int(text)
        if not least <= number <= most:
            raise ValueError("the number is too small" if number < least else "the number is too large")
        return number

    return read_whole


def _seconds(least: float, most: float) -> Callable[[str], timedelta]:
    def read_seconds(text: str) -> timedelta:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            raise ValueError("a number of seconds is expected")
        number = float(text)
        if not least <= number <= most:
            raise ValueError("the time is too short" if number < least else "the time is too long")
        return timedelta(seconds=number)

    return read_seconds


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",")) if text else ()
    for key in keys:  # https://github.com/fernet/spec/blob/master/Spec.md
        if not re.fullmatch("[A-Za-z0-9_-]{43}=", key):
            raise ValueError("a key is 32 random bytes in URL-safe base64, 44 characters that end in =")
    return keys


def _detect_language(text: str) -> str:
    """Codes in one spelling; what is taken for a language is a whole one, not that of a country."""
    codes = [languages.spelled(code) for code in text.split(",")]
    if len(codes) == 1 and codes[0] in ("auto", "off"):
        return codes[0]
    if unknown := [code for code in codes if code not in languages.CODES]:
        raise ValueError(f"there is no language {unknown[0]!r}")
    return ",".join(codes)


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError("there is no such level")
    return text.lower()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "sqlite:///casebridge.db",
        "Where messages are kept. With SQLite the file must be on a disk that outlives restarts.",
        "sqlite:///FILE, postgresql://… or postgres://…",
        _database,
        secret=True,
    ),
    Setting(
        "CASEBRIDGE_CONFIG",
        "mappings",
        "The folder that holds connections.yaml and the mappings.",
        "a folder",
        Path,
    ),
    Setting(
        "CASEBRIDGE_KEY",
        "",
        "Encrypts callbacks that nobody could read, which are then kept for 72 hours, and tokens that were "
        "renewed. Unset, neither is kept, and no token is renewed. "
        "The first key encrypts and all of them decrypt, so that one can be replaced.",
        "a Fernet key, or several with commas between",
        _keys,
        secret=True,
    ),
    Setting(
        "PUBLIC_URL",
        "",
        "How platforms reach the receiver. Set, it is used instead of what proxies say.",
        "an origin without user and path, as in https://hooks.example.com",
        _origin,
    ),
    Setting(
        "PROXIES",
        "0",
        "How many proxies stand in front and set X-Forwarded-For, -Proto and -Host. Heroku: 1. "
        "With more than there are, anybody could forge these headers.",
        "0 to 10",
        _whole(0, 10),
    ),
    Setting(
        "HOST",
        "127.0.0.1",
        "The address that the receiver listens on. The default is heard on this machine only, "
        "by the proxy that speaks HTTPS; in a container and on Heroku it must be 0.0.0.0.",
        "an IP address or a host's name",
        _host,
    ),
    Setting("PORT", "8000", "The port that the receiver listens on.", "1 to 65535", _whole(1, 65535)),
    Setting(
        "GATHER",
        "0.5",
        "How long a case waits for further messages before it is sent: one call then carries them all. With 0 "
        "cases do not wait for each other either where many customers write to Zendesk at once.",
        "0 to 3600 seconds",
        _seconds(0, 3600),
    ),
    Setting(
        "LEASE",
        "60",
        "How long work belongs to one worker. When a worker dies, others take its work over after this time.",
        "1 to 3600 seconds",
        _seconds(1, 3600),
    ),
    Setting(
        "POLL",
        "0.25",
        "How often a worker without work looks for some.",
        "0.05 to 10 seconds",
        _seconds(0.05, 10),
    ),
    Setting(
        "ALERT_URL",
        "",
        "What alarms are posted to as JSON: when one begins, once a day while it lasts, and when it is over. "
        "Unset, they are only logged and counted.",
        "an https address, or an http address on this machine",
        _alert_url,
        secret=True,
    ),
    Setting(
        "METRICS_TOKEN",
        "",
        "What a scraper sends as Authorization: Bearer to read /metrics. Unset, there is no /metrics.",
        "at least 16 characters without white space",
        _metrics_token,
        secret=True,
    ),
    Setting(
        "DETECT_LANGUAGE",
        "auto",
        "Whether the language of a message is found out where its platform says none. auto: yes, where "
        "casebridge[language] is installed. With codes no other language is ever found.",
        "auto, off, or codes of languages with commas between: de,fr,en",
        _detect_language,
    ),
    Setting("LOG_LEVEL", "info", "The least important lines that are logged.", ", ".join(LOG_LEVELS), _log_level),
)
"""Every environment variable that the bridge itself reads; those that connections.yaml names are the admin's."""

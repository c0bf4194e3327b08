"""What nobody could read, kept encrypted for a while: Fernet, with several keys while one is replaced."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bridge.errors import ConfigError


class Seal:
    """Encrypts with the first key and decrypts with any of them. https://cryptography.io/en/latest/fernet/"""

    def __init__(self, keys: Sequence[str]) -> None:
        """keys: Fernet keys, at least one. Raises ValueError for what is none, without showing it."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, content: bytes) -> bytes:
        """The content as only the keys' holder can read it."""
        return self._fernet.encrypt(content)

    def open(self, closed: bytes) -> bytes:
        """What `close` was given. Raises ConfigError if none of the keys closed it."""
        try:
            return self._fernet.decrypt(closed)
        except InvalidToken:
            raise ConfigError(
                ["no key in CASEBRIDGE_KEY opens this: add the key that was set when it came"]
            ) from None

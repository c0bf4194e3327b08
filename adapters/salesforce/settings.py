"""The keys of a Salesforce connection in connections.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails

from bridge.configured import Duration, PathSecrets, SandboxUrl

PASSWORDS = frozenset({"password", "security_token"})
ENDED = (
    "SOAP login and username-password are not supported: Salesforce ends SOAP login() on 1 June 2027, and "
    "External Client Apps know neither"
)
WANTED = (
    "make an External Client App, and give its consumer_key with consumer_secret (client credentials flow), or "
    "with username and private_key (JWT bearer flow)"
)
SMALLEST = 2048  #: bits of an RSA key


class Settings(BaseModel):
    """How to reach one Salesforce org: by client credentials, or by JWT bearer where there is a private key."""

    # An error about the whole would show the secret beside it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    domain: str
    """My Domain without .salesforce.com: acme.my, or acme--dev.sandbox.my."""
    consumer_key: SecretStr
    consumer_secret: SecretStr | None = None
    username: str = ""
    """Of the user in whose name a JWT logs in."""
    private_key: SecretStr | None = None
    """PEM, RSA, whose certificate the app has; line ends may be written as \\n."""
    audience: str = ""
    """Whom a JWT is meant for; "" = login.salesforce.com, or test.salesforce.com for sandboxes."""
    api_version: str = Field(default="66.0", pattern=r"^\d{2}\.0$")
    messages: Literal["auto", "plugin", "comments"] = "auto"
    """How messages are filed; auto: as the plugin's records where the org has it, else as CaseComments."""
    pause_at: int = Field(default=95, ge=1, le=100)
    """Percent of the org's API calls at which filing rests, so that the rest of the org goes on."""
    outbound_secret: PathSecrets | None = None
    """Ends the URL that the plugin's outbound messages call."""
    organization_id: str = ""
    """Of the org that may call there."""
    poll: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=1))
    """How often agents' replies are looked for where no outbound message says that there are some."""
    url: SandboxUrl = ""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds to wait for one answer."""
    latest_commit: Duration = timedelta(minutes=10)
    """How late Salesforce may still do what it gave no answer to: its longest call takes 10 minutes."""

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, data: Any, handler: ModelWrapValidatorHandler[Settings]) -> Settings:
        """Say what the keys together lack beside what each of them holds."""
        if not isinstance(data, dict):
            return handler(data)
        said = [fault for fault in (_login_fault(data), _doorbell_fault(data)) if fault]
        found = [InitErrorDetails(type="value_error", input=None, ctx={"error": ValueError(one)}) for one in said]
        try:
            made = handler({key: value for key, value in data.items() if key not in PASSWORDS})
        except ValidationError as error:
            found += [
                InitErrorDetails(type=one["type"], loc=one["loc"], input=one["input"], ctx=one.get("ctx", {}))
                for one in error.errors(include_url=False)
            ]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found, hide_input=True)
        return made

    @field_validator("domain")
    @classmethod
    def _my_domain(cls, value: str) -> str:
        if not re.fullmatch(
            r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+", value
        ) or value.lower().endswith(".com"):
            raise ValueError(
                f"{value!r} is no My Domain: write it without https:// and .salesforce.com, as in acme.my; "
                "login and test do not know the client credentials flow"
            )
        return value

    @field_validator("private_key")
    @classmethod
    def _pem(cls, value: SecretStr | None) -> SecretStr | None:
        """Bring the PEM into its lines; a variable mostly holds it in one."""
        if value is None:
            return None
        pem = value.get_secret_value().replace("\\n", "\n")
        if fault := _key_fault(pem):
            raise ValueError(fault)
        return SecretStr(pem)

    @field_validator("audience")
    @classmethod
    def _salesforce(cls, value: str) -> str:
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+\.salesforce\.com|", value):
            raise ValueError(f"{value!r} is no audience: write https://login.salesforce.com, or leave it out")
        return value

    @field_validator("organization_id")
    @classmethod
    def _organization(cls, value: str) -> str:
        if not re.fullmatch(r"(?:00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)?", value):
            raise ValueError(
                f"{value!r} is no organization id: copy it from Setup, Company Information, as in 00D000000000001"
            )
        return value

    @field_validator("api_version")
    @classmethod
    def _recent(cls, value: str) -> str:
        if float(value) < 46:
            raise ValueError(f"{value!r} is too old: 46.0 is the first version with the answers that we read")
        return value

    @property
    def meant_for(self) -> str:
        """Whom a JWT is meant for: https://login.salesforce.com."""
        trial = re.search(r"\.(?:sandbox|scratch)\.my\Z", self.domain, re.IGNORECASE)
        return self.audience or f"https://{'test' if trial else 'login'}.salesforce.com"


def _login_fault(data: Mapping[str, Any]) -> str:
    """What is wrong with the keys of the login; "" = they are those of one flow."""
    secret, key, user = (bool(data.get(name)) for name in ("consumer_secret", "private_key", "username"))
    if passwords := sorted(PASSWORDS & set(data)):
        return f"{', '.join(passwords)}: {ENDED}; {WANTED}"
    if secret and key:
        return "consumer_secret and private_key are of two flows: leave out one of them"
    if user and not key:
        return f"username without private_key: {ENDED}; {WANTED}"
    if key and not user:
        return "private_key without username: give the user in whose name to log in"
    return "" if secret or key else f"there is neither consumer_secret nor private_key: {WANTED}"


def _doorbell_fault(data: Mapping[str, Any]) -> str:
    names = ("outbound_secret", "organization_id")
    given = [name for name in names if data.get(name)]
    return f"{given[0]} alone lets no outbound message in: give {' and '.join(names)}" if len(given) == 1 else ""


def _key_fault(pem: str) -> str:
    """Why nothing can be signed with a key, without a word of it; "" = it can."""
    if "-----BEGIN " not in pem:
        return "this is no PEM: give the text of the key file itself, from -----BEGIN to -----END, not its path"
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        return "this key has a passphrase: take it off with openssl rsa -in FILE -out FILE2"
    except (ValueError, UnsupportedAlgorithm):
        return "this is no private key, or not all of it: the certificate belongs into the app, the key here"
    if not isinstance(key, RSAPrivateKey):
        return "this is no RSA key, and Salesforce takes no other: make one with openssl genrsa 2048"
    if key.key_size < SMALLEST:
        return f"this RSA key has {key.key_size} bits, and Salesforce takes {SMALLEST} or more: make a new one"
    return ""

"""Who may ask for a ticket's thread: our app through Zendesk's proxy, for that ticket and now, and nobody else."""

from __future__ import annotations

import base64
import json
import warnings
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.zendesk import Settings, Zendesk
from bridge.errors import Forged
from bridge.ports import Callback

SECRET = "a-quiet-harbour-in-november-4711"
OLDER = "an-older-harbour-in-october-08154"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = int(NOON.timestamp())
TICKET, INSTALLATION = "35436", "9001"
GOOD: dict[str, Any] = {
    "iss": "zaf",
    "sub": TICKET,
    "aud": "casebridge",
    "inst": INSTALLATION,
    "iat": NOW,
    "exp": NOW + 120,
}

NONE = "The request carries no token: it did not come from the app through Zendesk's proxy."
UNREAD = "The app's token cannot be read."
OTHER_SECRET = "The app's token is signed with another secret: bridge_secret of the app must be app_secret here."
OTHER_USE = "The token was made for something else than Casebridge."
OTHER_TICKET = "The token was made for another ticket: load it again."
OVER = "The token is over, or lasts for more than 5 minutes: load the ticket again."
EARLY = "The token was made in the future: the clock of Casebridge is slow."


def account(**given: Any) -> Zendesk:
    login = {"subdomain": "acme", "client_id": "bridge", "client_secret": "s"}
    return Zendesk(
        Settings.model_validate(login | {"app_secret": SECRET, "app_installation": INSTALLATION} | given)
    )


def token(*, secret: str = SECRET, without: str = "", **claims: Any) -> str:
    said = {name: value for name, value in (GOOD | claims).items() if name != without}
    return jwt.encode(said, secret, algorithm="HS256")


def signed(header: object, claims: object, secret: str = SECRET) -> str:
    """A token with any header and claims, and HS256's signature over them."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    body = b".".join(parts)
    signature = jwt.get_algorithm_by_name("HS256").sign(body, secret.encode())
    return b".".join([body, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def ask(given: str, crm: Zendesk, ticket: str = TICKET) -> str:
    """Why it is refused; "" = it is not."""
    call = Callback(
        connection="acme-zendesk",
        method="GET",
        url=f"https://bridge.example/app/acme-zendesk/cases/{ticket}/thread",
        query={},
        headers={"authorization": given} if given else {},
        body=b"",
        received_at=NOON,
    )
    try:
        crm.admit(call, ticket)
    except Forged as why:
        return str(why)
    return ""


def bearer(given: str, crm: Zendesk | None = None, ticket: str = TICKET) -> str:
    return ask(f"Bearer {given}", crm or account(), ticket)


# --- who may ---


def test_the_app_may_ask_for_its_ticket() -> None:
    assert bearer(token()) == ""


@pytest.mark.parametrize("secret", [SECRET, OLDER])
def test_both_secrets_hold_while_they_are_rotated(secret: str) -> None:
    assert bearer(token(secret=secret), account(app_secret=[SECRET, OLDER])) == ""


@pytest.mark.parametrize(
    "claims",
    [{"exp": NOW + 1}, {"exp": NOW + 300}, {"exp": NOW + 0.5}, {"iat": NOW + 30}, {"iat": 0}, {"nbf": NOW + 30}],
)
def test_a_token_holds_from_its_making_to_its_end_and_clocks_may_differ(claims: dict[str, Any]) -> None:
    assert bearer(token(**claims)) == ""


def test_what_else_a_token_tells_does_not_matter() -> None:
    assert bearer(token(jti=7, name="Ana", scope=["x"])) == ""


# --- who may not ---


def test_nobody_may_where_no_secret_is_set() -> None:
    said = bearer(token(), account(app_secret=None))

    assert said == "app_secret is not set in connections.yaml, so the app may not ask."


def test_an_installation_that_is_not_set_up_is_told_its_number() -> None:
    said = bearer(token(), account(app_installation=""))

    assert said == "Casebridge does not know this installation of the app yet: set app_installation to '9001'."


def test_whoever_lacks_the_secret_is_told_no_number() -> None:
    assert bearer(token(secret=OLDER), account(app_installation="")) == OTHER_SECRET


def test_another_installation_may_not() -> None:
    said = bearer(token(inst="9002"))

    assert said == "This is the installation '9002' of the app, and app_installation is another."


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "zendesk"}, OTHER_USE),
        ({"aud": "social-bridge"}, OTHER_USE),
        ({"aud": ["casebridge"]}, OTHER_USE),
        ({"sub": "35437"}, OTHER_TICKET),
        ({"sub": "35436 "}, OTHER_TICKET),
        ({"sub": ""}, OTHER_TICKET),
        ({"exp": NOW}, OVER),
        ({"exp": NOW + 301}, OVER),
        ({"exp": str(NOW + 60)}, OVER),
        ({"exp": True}, OVER),
        ({"exp": float("inf")}, OVER),
        ({"exp": float("nan")}, OVER),
        ({"exp": 10**400}, OVER),
        ({"iat": NOW + 31}, EARLY),
        ({"iat": str(NOW)}, EARLY),
        ({"iat": float("nan")}, EARLY),
        ({"nbf": NOW + 31}, EARLY),
        ({"nbf": "now"}, EARLY),
    ],
)
def test_a_token_for_something_else_or_another_time_is_refused(claims: dict[str, Any], why: str) -> None:
    assert bearer(signed({"alg": "HS256"}, GOOD | claims)) == why


@pytest.mark.parametrize("claims", [{"sub": 35436}, {"inst": 9001}, {"inst": None}, {"inst": ["9001"]}])
def test_numbers_are_no_texts(claims: dict[str, Any]) -> None:
    assert bearer(signed({"alg": "HS256"}, GOOD | claims)) != ""


@pytest.mark.parametrize("name", [name for name in GOOD if name != "iat"])
def test_every_claim_must_be_there_but_when_it_was_made(name: str) -> None:
    assert bearer(token(without=name)) == f"The app's token lacks {name!r}: update the app."
    assert bearer(token(without="iat")) == ""


@pytest.mark.parametrize("name", ["none", "None", "HS384", "HS512", "RS256", "hs256", "", None, 256, ["HS256"]])
def test_no_other_algorithm_is_taken_even_where_the_signature_holds(name: object) -> None:
    assert bearer(signed({"alg": name, "typ": "JWT"}, GOOD)) == UNREAD


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_longer_signature_is_not_taken(algorithm: str) -> None:
    with warnings.catch_warnings(action="ignore", category=jwt.InsecureKeyLengthWarning):
        given = jwt.encode(GOOD, SECRET, algorithm=algorithm)

    assert bearer(given) == NONE


def test_a_token_without_a_signature_is_not_taken() -> None:
    assert bearer(jwt.encode(GOOD, "", algorithm="none")) == NONE


@pytest.mark.parametrize(
    "header", [{}, [], "HS256", {"alg": "HS256", "b64": False, "crit": ["b64"]}, {"alg": "HS256", "crit": ["x"]}]
)
def test_a_strange_header_is_not_read(header: object) -> None:
    assert bearer(signed(header, GOOD)) == UNREAD


@pytest.mark.parametrize("claims", [[], "x", None, 7])
def test_claims_that_are_no_object_are_not_read(claims: object) -> None:
    assert bearer(signed({"alg": "HS256"}, claims)) == UNREAD


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", token(), f"Basic {token()}", f"bearer {token()}", f"Bearer  {token()}"]
    + [f"Bearer {token()}{more}" for more in ("=", " ", "\n", ".", "A")]
    + [f"Bearer {token()}, Bearer {token()}", "Bearer a.b.c", "Bearer {{jwt.token}}", "Bearer \udcff"],
)
def test_what_is_no_token_of_the_app_is_refused(given: str) -> None:
    assert ask(given, account()) == NONE


def test_too_long_a_token_is_not_looked_at() -> None:
    assert bearer(token(more="x" * 3000)) == NONE


def test_brackets_without_end_are_not_read() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 740).rstrip(b"=").decode()

    assert bearer(f"{deep}.{deep}.{'A' * 43}") == UNREAD


# --- for any tampering ---

TOKEN = token()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ~"


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(TOKEN) - 1), letter=st.sampled_from(LETTERS))
def test_a_token_with_any_other_letter_is_refused(at: int, letter: str) -> None:
    spoilt = TOKEN[:at] + letter + TOKEN[at + 1 :]

    assert (bearer(spoilt) == "") == (spoilt == TOKEN)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from([*GOOD, "exp", "iat"]),
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4)),
)
def test_any_other_claim_is_refused_unless_it_is_a_time_that_holds(name: str, value: Any) -> None:
    is_time = isinstance(value, int | float) and not isinstance(value, bool)
    holds = {
        "exp": is_time and NOW < value <= NOW + 300,
        "iat": is_time and value <= NOW + 30,
    }.get(name, value == GOOD[name])

    assert (bearer(signed({"alg": "HS256"}, GOOD | {name: value})) == "") == holds


@settings(max_examples=200, deadline=None)
@given(header=st.text(max_size=60), ticket=st.text(max_size=12))
def test_whatever_else_is_sent_is_refused_and_nothing_breaks(header: str, ticket: str) -> None:
    assert ask(header, account(), ticket) != ""
    assert (bearer(TOKEN, ticket=ticket) == "") == (ticket == TICKET)


@settings(max_examples=50, deadline=None)
@given(late=st.integers(-400, 400))
def test_a_token_serves_only_in_its_own_minutes(late: int) -> None:
    said = bearer(token(iat=NOW + late, exp=NOW + late + 120))

    assert (said == "") == (-120 < late <= 30)


# --- what is said ---


@settings(max_examples=50, deadline=None)
@given(claims=st.dictionaries(st.sampled_from(list(GOOD)), st.integers() | st.text(max_size=8), max_size=3))
def test_no_refusal_holds_the_token_or_a_secret(claims: dict[str, Any]) -> None:
    given = token(**claims) if isinstance(claims.get("iss", ""), str) else signed({"alg": "HS256"}, GOOD | claims)

    said = bearer(given)

    assert not any(part in said for part in (*given.split("."), SECRET))


@pytest.mark.parametrize("secrets", ["x" * 31, [SECRET, "x" * 31], [], [SECRET, OLDER, SECRET]])
def test_a_secret_that_is_too_short_to_sign_with_is_a_fault(secrets: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        account(app_secret=secrets)

    assert "xxx" not in str(caught.value)


def test_the_settings_do_not_show_the_secrets() -> None:
    login = {"subdomain": "acme", "client_id": "bridge", "client_secret": "s"}

    assert SECRET not in repr(Settings.model_validate(login | {"app_secret": SECRET}))

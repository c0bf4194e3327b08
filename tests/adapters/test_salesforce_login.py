"""Logging in: which keys make a login, what goes over the wire, one login for all threads, and none in vain."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError
from salesforce_liar import EXPIRED, TOKEN, Liar, lying
from salesforce_org import Sandbox, running

from adapters.salesforce import classify
from adapters.salesforce.login import Login
from adapters.salesforce.org import Org
from adapters.salesforce.settings import Settings
from bridge.errors import Paused, RetryLater
from bridge.http import Wire
from bridge.ports import Named, PersonMatch

REFUSED = (400, {"error": "invalid_grant", "error_description": "no client credentials user enabled"})


def pem(key: Any, *, passphrase: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(serialization.Encoding.PEM, form, sealed).decode())


KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
PEM = pem(KEY)
PUBLIC = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
BASE = {"domain": "acme.my", "consumer_key": "k"}
JWT: dict[str, Any] = {"username": "bridge@acme.example", "private_key": PEM, "consumer_secret": None}


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying() as server:
        server.says["limits"] = (200, {"DailyApiRequests": {"Max": 10, "Remaining": 9}})
        yield server


def wrong(**given: Any) -> list[str]:
    """What is said of these keys, in order."""
    with pytest.raises(ValidationError) as caught:
        Settings(**given)
    return [str(one["msg"]).removeprefix("Value error, ") for one in caught.value.errors()]


# --- keys -----------------------------------------------------------------------------------------------------


def test_either_flow_has_keys_of_its_own() -> None:
    by_secret, by_key = Settings(**BASE, consumer_secret="s"), Settings(**BASE, **JWT)

    assert (by_secret.private_key, by_key.consumer_secret) == (None, None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "there is neither consumer_secret nor private_key: make an External Client App"),
        (
            {"consumer_secret": "s", "private_key": PEM, "username": "u"},
            "consumer_secret and private_key are of two",
        ),
        ({"private_key": PEM}, "private_key without username: give the user"),
        ({"username": "u"}, "username without private_key: SOAP login and username-password are not supported"),
        ({"username": "u", "consumer_secret": "s"}, "username without private_key: SOAP login"),
        ({"username": "u", "password": "p", "security_token": "t"}, "password, security_token: SOAP login"),
        (
            {"consumer_secret": "s", "outbound_secret": "x" * 16},
            "outbound_secret alone lets no outbound message in",
        ),
        ({"consumer_secret": "s", "organization_id": "00D000000000001"}, "organization_id alone lets no outbound"),
        ({"consumer_secret": "s", "organization_id": "acme"}, "organization_id alone"),
    ],
)
def test_keys_that_are_of_no_flow_or_of_two_are_refused(given: dict[str, str], says: str) -> None:
    assert wrong(**BASE, **given)[0].startswith(says)


def test_the_old_logins_are_refused_with_the_day_of_their_end_and_what_to_make() -> None:
    [said] = wrong(**BASE, username="u", password="p")

    assert "1 June 2027" in said
    assert "External Client App" in said


def test_all_faults_are_said_at_once() -> None:
    said = wrong(domain="login", consumer_key="k", password="p", api_version="20.0", audience="acme", nope="x")

    assert [one.split(" ")[0] for one in said] == ["password:", "'login'", "'acme'", "'20.0'", "Extra"]


@pytest.mark.parametrize("name", ["organization_id", "audience", "domain"])
def test_a_key_that_cannot_be_meant_is_refused(name: str) -> None:
    said = wrong(**(BASE | {"consumer_secret": "s", name: "https://acme"}))

    assert any(one.startswith("'https://acme' is no ") for one in said)


def test_a_private_key_may_come_on_one_line() -> None:
    given = Settings(**BASE, username="u", private_key=PEM.strip().replace("\n", "\\n"))

    assert given.private_key
    assert given.private_key.get_secret_value() == PEM.strip()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("/etc/bridge/server.key", "this is no PEM: give the text"),
        (PUBLIC, "this is no private key"),
        (PEM[:400] + PEM[600:], "this is no private key, or not all of it"),
        (pem(KEY, passphrase=b"secret"), "this key has a passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "this is no RSA key"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "this RSA key has 1024 bits"),
    ],
)
def test_a_key_that_can_sign_nothing_is_refused_without_being_shown(key: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        Settings(**BASE, username="u", private_key=key)

    assert key[:60][-30:] not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "audience", "meant"),
    [
        ("acme.my", "", "https://login.salesforce.com"),
        ("acme--dev.sandbox.my", "", "https://test.salesforce.com"),
        ("acme--dev.Sandbox.my", "https://acme--dev.sandbox.my.salesforce.com", None),
    ],
)
def test_a_sandbox_has_an_audience_of_its_own(domain: str, audience: str, meant: str | None) -> None:
    given = Settings(domain=domain, consumer_key="k", **JWT, audience=audience)

    assert given.meant_for == (meant or audience)


# --- over the wire --------------------------------------------------------------------------------------------


def test_client_credentials_go_to_my_domain_in_a_header(liar: Liar) -> None:
    Org(liar.settings()).limits()

    sent = liar.requests[0]
    assert sent.headers["X-Forwarded-Host"] == "acme.my.salesforce.com"
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(b"k:s").decode()
    assert sent.body == b"grant_type=client_credentials"


def test_an_assertion_says_who_we_are_and_holds_for_minutes(liar: Liar) -> None:
    Org(liar.settings(**JWT)).limits()

    sent = liar.requests[0]
    form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
    said = jwt.decode(form["assertion"], PUBLIC, algorithms=["RS256"], audience="https://login.salesforce.com")
    left = datetime.fromtimestamp(int(said.pop("exp")), UTC) - datetime.now(UTC)
    assert sent.headers["X-Forwarded-Host"] == "acme.my.salesforce.com"
    assert "Authorization" not in sent.headers
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert said == {"iss": "k", "sub": "bridge@acme.example", "aud": "https://login.salesforce.com"}
    assert timedelta(0) < left <= timedelta(minutes=4)


# --- one token for all ----------------------------------------------------------------------------------------


def at_once(n: int, act: Any) -> list[Any]:
    """What n threads get that start together: a result, or the error."""
    start = threading.Barrier(n)

    def one() -> Any:
        start.wait(10)
        try:
            return act()
        except (Paused, RetryLater) as error:
            return error

    with ThreadPoolExecutor(n) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(n)]]


def expire(liar: Liar, *, renewed: bool) -> None:
    """Let no token hold but what the next login gives, if that is let in."""
    liar.requests.clear()
    liar.says["token"] = (200, TOKEN | {"access_token": "t2"}) if renewed else REFUSED
    good = liar.says["limits"]
    assert isinstance(good, tuple)
    liar.says["limits"] = lambda heard: good if heard.headers["Authorization"] == "Bearer t2" else EXPIRED


def test_twenty_threads_on_an_expired_token_log_in_once(liar: Liar) -> None:
    org = Org(liar.settings())
    org.limits()
    expire(liar, renewed=True)

    answers = at_once(20, org.limits)

    assert answers == [{"DailyApiRequests": {"Max": 10, "Remaining": 9}}] * 20
    assert liar.logins == 1


def test_a_revoked_app_pauses_twenty_threads_with_one_login(liar: Liar) -> None:
    org = Org(liar.settings())
    org.limits()
    expire(liar, renewed=False)

    answers = at_once(20, org.limits)

    assert {type(answer) for answer in answers} == {Paused}
    assert {"no client credentials user enabled" in str(answer) for answer in answers} == {True}
    assert liar.logins == 1


def test_a_refused_login_is_not_tried_again_at_once(liar: Liar) -> None:
    liar.says["token"] = REFUSED
    org = Org(liar.settings())

    for _ in range(3):
        with pytest.raises(Paused, match="name a run-as user"):
            org.query("SELECT Id FROM Case")

    assert liar.heard == ["POST token"]


def test_persons_names_and_replies_meet_a_refused_login_once(liar: Liar) -> None:
    liar.says["token"] = REFUSED
    crm = liar.crm()
    person = PersonMatch(author="x:1", object="Contact", rules=({"Email": "a@b.example"},))
    queue = Named(object="Case", field="OwnerId", name="Social")

    for act in (lambda: crm.find([person]), lambda: crm.identify([queue]), lambda: crm.poll("")):
        with pytest.raises(Paused):
            act()

    assert liar.heard == ["POST token"]


def test_a_login_that_was_mended_works_after_its_rest(liar: Liar) -> None:
    liar.says["token"] = REFUSED
    login, session, wire = Login(liar.settings(), patience=5, rest=0), requests.Session(), Wire(liar.url, 5)
    wire.deadline = time.monotonic() + 5
    session.mount("https://", wire)
    with pytest.raises(Paused):
        login.token(session)
    liar.says["token"] = (200, TOKEN)

    assert login.token(session) == ("t", "acme.my.salesforce.com")


def test_a_login_that_only_failed_is_tried_again_at_once(liar: Liar) -> None:
    liar.says["token"] = (503, "busy")
    org = Org(liar.settings())

    for _ in range(2):
        with pytest.raises(RetryLater):
            org.limits()

    assert liar.logins == 2


@pytest.mark.parametrize("body", ["<html>Unauthorized</html>", {"error": "expired"}, {}, [], [7], "null"])
def test_a_401_that_is_not_salesforces_pauses_and_logs_in_no_more(liar: Liar, body: object) -> None:
    liar.says["limits"] = (401, body)

    with pytest.raises(Paused, match="HTTP 401"):
        Org(liar.settings()).limits()
    assert liar.heard == ["POST token", "GET limits"]


# --- a whole org ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("salesforce")
    (folder / "key.pem").write_text(PUBLIC)
    with running(folder, "--jwt-key", str(folder / "key.pem")) as sandbox:
        yield sandbox


def by_secret(sandbox: Sandbox) -> Org:
    given = {"consumer_key": "sandbox-key", "consumer_secret": "sandbox-secret"}
    return Org(Settings(domain="acme.my", url=sandbox.url, timeout=5, **given))


def by_jwt(sandbox: Sandbox, **more: Any) -> Org:
    given = {"username": "integration@sandbox.example", "private_key": PEM, **more}
    return Org(Settings(domain="acme.my", consumer_key="sandbox-key", url=sandbox.url, timeout=5, **given))


def test_an_org_that_has_our_certificate_lets_us_in(sandbox: Sandbox) -> None:
    sandbox.order("reset")

    rows, following = by_jwt(sandbox).query("SELECT Id FROM Case")

    assert (rows, following) == ([], "")


@pytest.mark.filterwarnings("ignore:\\s+If your connected app policy:UserWarning")
@pytest.mark.parametrize(
    ("given", "do"),
    [
        ({"private_key": pem(OTHER)}, "the certificate that belongs to `private_key`"),
        ({"username": "else@sandbox.example"}, "a permission set that is named there"),
        ({"audience": "https://elsewhere.my.salesforce.com"}, "set `audience`"),
    ],
)
def test_an_org_that_does_not_know_us_so_says_what_to_do(sandbox: Sandbox, given: dict[str, str], do: str) -> None:
    sandbox.order("reset")

    with pytest.raises(Paused, match=do):
        by_jwt(sandbox, **given).limits()


def test_an_app_whose_access_is_taken_away_pauses_the_connection(sandbox: Sandbox) -> None:
    sandbox.order("reset")
    org = by_secret(sandbox)
    org.limits()
    sandbox.order("switches", revoked=True)

    for _ in range(3):
        with pytest.raises(Paused, match="no client credentials user enabled"):
            org.limits()

    assert sandbox.state()["calls"]["POST services/oauth2/token"] == 2


# --- what a refusal means -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said", "do"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "give the user of `username` a permission set"),
        ("invalid_grant", "audience is invalid", "set `audience`"),
        ("invalid_grant", "invalid assertion", "the certificate that belongs to `private_key`"),
        ("invalid_grant", "no client credentials user enabled", "name a run-as user"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("invalid_grant", "authentication failure", "Login History"),
        ("invalid_grant", "something new", "check domain and consumer_key"),
        ("invalid_grant", {"no": "text"}, "check domain and consumer_key"),
        ("invalid_client_id", "client identifier invalid", "copy `consumer_key` anew"),
        ("invalid_client", "invalid client credentials", "copy `consumer_secret` anew"),
        ("invalid_app_access", "user is not admin approved to access this app", "let this user in"),
        ("inactive_user", "user is inactive", "activate the user"),
        ("inactive_org", "organization is inactive", "locked or has expired"),
        ("unsupported_grant_type", "grant type not supported", "switch the flow on"),
    ],
)
def test_each_refused_login_says_what_to_do(error: str, said: object, do: str) -> None:
    trouble = classify.of_login(error, said)

    assert isinstance(trouble, Paused)
    assert trouble.until is None
    assert do in str(trouble)


def test_every_advice_can_be_given() -> None:
    given = {str(classify.of_login(words)).partition("; ")[2] for words in classify.ADVICE}

    assert given == set(classify.ADVICE.values())


@pytest.mark.filterwarnings("ignore:\\s+If your connected app policy:UserWarning")
def test_a_user_who_is_not_approved_is_told_without_the_consumer_key(liar: Liar) -> None:
    liar.says["token"] = (
        400,
        {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
    )

    with pytest.raises(Paused, match="permission set") as caught:
        Org(liar.settings(**JWT, consumer_key="the-consumer-key")).limits()

    assert "the-consumer-key" not in str(caught.value)


def test_a_host_that_answers_no_json_may_be_the_wrong_one(liar: Liar) -> None:
    liar.says["token"] = (404, "<html>")

    with pytest.raises(RetryLater, match="check domain"):
        Org(liar.settings()).limits()

"""Logging in by JWT bearer, what a bad token is told, and access that is taken away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from org_process import OrgProcess, ToSandbox
from simple_salesforce.login import SalesforceLogin

from bridge.sandbox.salesforce import assertion
from bridge.sandbox.salesforce.refusals import LOGINS

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USER = "integration@sandbox.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANOTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
NOW = 1_800_000_000.0
GOOD = {"iss": "app", "sub": USER, "aud": "https://login.salesforce.com", "exp": int(NOW) + 180}


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: Any) -> bytes:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bridge")])
    made = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=KEY.public_key(),
        serial_number=1,
        not_valid_before=made,
        not_valid_after=made + timedelta(days=365),
    )
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    folder = tmp_path_factory.mktemp("org")
    (folder / "app.crt").write_bytes(certificate())
    process = OrgProcess(folder, "--jwt-key", str(folder / "app.crt"), "--jwt-user", USER)
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def bear(org: OrgProcess, host: str = "acme.my.salesforce.com", **changes: Any) -> requests.Response:
    claims = GOOD | {"iss": "sandbox-key", "exp": int(time.time()) + 120} | changes
    form = {"grant_type": BEARER, "assertion": jwt.encode(claims, KEY, algorithm="RS256")}
    headers = {"X-Forwarded-Host": host}
    return org.session.post(f"{org.base}/services/oauth2/token", data=form, headers=headers, timeout=20)


def told(answer: requests.Response) -> tuple[int, dict[str, str]]:
    return answer.status_code, answer.json()


def refused(description: str) -> tuple[int, dict[str, str]]:
    error, status = LOGINS[description]
    return status, {"error": error, "error_description": description}


# --- the assertion --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ""),
        ({"exp": str(int(NOW) + 180)}, ""),
        ({"aud": "https://test.salesforce.com/"}, ""),
        ({"aud": "https://acme.my.salesforce.com"}, ""),
        ({"aud": "https://evil.my.salesforce.com"}, "audience is invalid"),
        ({"aud": ["https://login.salesforce.com"]}, "audience is invalid"),
        ({"iss": "another"}, "client identifier invalid"),
        ({"sub": "somebody@sandbox.example"}, "user hasn't approved this consumer"),
        ({"exp": int(NOW)}, "invalid assertion"),
        ({"exp": int(NOW) + 600}, "invalid assertion"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"exp": None}, "invalid assertion"),
        ({"exp": float("inf")}, "invalid assertion"),
    ],
)
def test_an_assertion_is_good_or_says_what_is_wrong(changes: dict[str, Any], wrong: str) -> None:
    fault = assertion.fault(GOOD | changes, app="app", user=USER, domain="https://acme.my.salesforce.com", now=NOW)

    assert fault == wrong


def test_only_the_key_that_was_uploaded_signs() -> None:
    key = KEY.public_key()
    right = jwt.encode(GOOD, KEY, algorithm="RS256")
    wrong = [
        jwt.encode(GOOD, ANOTHER_KEY, algorithm="RS256"),
        jwt.encode(GOOD, KEY, algorithm="RS512"),
        jwt.encode(GOOD, "", algorithm="none"),
        jwt.api_jws.encode(b"[1]", KEY, algorithm="RS256"),
        jwt.api_jws.encode(b"no json", KEY, algorithm="RS256"),
        right[:-4],
        "",
        "a.b.c",
    ]

    assert assertion.claims(right, key) == GOOD
    assert [assertion.claims(one, key) for one in wrong] == [None] * len(wrong)
    assert assertion.fault(None, app="app", user=USER, domain="", now=NOW) == "invalid assertion"


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        (b"no key", "neither a PEM certificate nor a PEM public key"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "neither a PEM certificate nor"),
        (public_pem(SMALL_KEY), "no RSA key of 2048 bits or more"),
        (public_pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key of 2048 bits or more"),
    ],
)
def test_a_key_that_the_vendor_would_not_take_is_not_taken(pem: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        assertion.public_key(pem)


def test_a_key_and_its_certificate_are_as_good() -> None:
    assert assertion.public_key(public_pem(KEY)) == assertion.public_key(certificate()) == KEY.public_key()


# --- the token endpoint ---------------------------------------------------------------------------------------


def test_the_library_logs_in_by_jwt(org: OrgProcess) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ToSandbox(org.base))
        token, host = SalesforceLogin(
            session=session,
            username=USER,
            consumer_key="sandbox-key",
            privatekey=private_pem(KEY).decode(),
            domain="login",
            instance_url="acme.my",
        )

    assert host == "acme.my.salesforce.com"
    assert org.call("GET", "limits", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_answer_has_neither_signature_nor_time(org: OrgProcess) -> None:
    answer = bear(org, "login.salesforce.com").json()

    del answer["access_token"]
    assert answer == {
        "scope": "api",
        "instance_url": "https://sandbox.my.salesforce.com",
        "id": "https://sandbox.my.salesforce.com/id/00DSb0000000001MAA/005Sb0000000001IAA",
        "token_type": "Bearer",
    }


def test_each_fault_of_a_login_has_its_own_words(org: OrgProcess) -> None:
    answers = [
        bear(org, iss="x"),
        bear(org, aud="https://x"),
        bear(org, exp=1),
        bear(org, sub="x"),
        org.session.post(f"{org.base}/services/oauth2/token", data={"grant_type": BEARER}, timeout=20),
    ]

    assert [told(answer) for answer in answers] == [
        refused("client identifier invalid"),
        refused("audience is invalid"),
        refused("invalid assertion"),
        refused("user hasn't approved this consumer"),
        refused("invalid assertion"),
    ]


@pytest.mark.parametrize("word", ["user is inactive", "organization is inactive", "authentication failure"])
def test_a_right_login_can_be_told_any_of_them(org: OrgProcess, word: str) -> None:
    org.command("switches", login_error=word)

    assert told(org.log_in()) == refused(word)
    assert told(org.log_in(client_id="x")) == refused("client identifier invalid")


def test_access_that_is_taken_away_comes_back_when_it_is_given_again(org: OrgProcess) -> None:
    org.call("GET", "limits")
    org.command("switches", revoked=True)

    dead = org.call("GET", "limits")
    logins = [told(org.log_in()), told(bear(org))]
    org.command("switches", revoked=False)

    assert (dead.status_code, dead.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert logins == [
        refused("no client credentials user enabled"),
        refused("user hasn't approved this consumer"),
    ]
    assert org.call("GET", "limits").status_code == 200


def test_user_info_tells_whose_token_it_is_and_a_bad_one_no_json(org: OrgProcess) -> None:
    good = org.call("GET", "/services/oauth2/userinfo").json()
    bad = org.call("GET", "/services/oauth2/userinfo", headers={"Authorization": "Bearer x"})

    assert (good["preferred_username"], good["organization_id"]) == (USER, "00DSb0000000001MAA")
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")


def test_the_token_endpoint_can_be_ill(org: OrgProcess) -> None:
    for fault in ("login_unavailable", "login_cut", "login_slow"):
        org.command("faults", fault=fault, seconds=0.0)

    ill = org.log_in()
    with pytest.raises(requests.ConnectionError):
        org.log_in()
    slow, well = org.log_in(), org.log_in()

    assert (ill.status_code, ill.headers["Content-Type"]) == (503, "text/html;charset=UTF-8")
    assert [slow.status_code, well.status_code] == [200, 200]


def test_logins_count_no_api_call(org: OrgProcess) -> None:
    org.log_in()
    org.call("GET", "/services/oauth2/userinfo")

    assert org.call("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=1/5000000"


def test_a_key_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    from bridge.sandbox.salesforce.__main__ import arguments

    for name in ("missing.pem", __file__):
        with pytest.raises(SystemExit):
            arguments(["--port", "0", "--database", str(tmp_path / "o.db"), "--jwt-key", name])

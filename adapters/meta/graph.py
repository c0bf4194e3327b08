"""Meta's Graph API: calls with an account's token or the app's, its errors, and lists page by page."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl, quote

from pydantic import SecretStr

from adapters.meta.faults import FAULTS
from bridge.calling import SOON, Answered, Api, Fault, harmless, refusal, trouble
from bridge.errors import Rejected, Trouble, Unsure
from bridge.ports import Credentials
from bridge.reading import Json, Unfit, as_object, digits, document, ornament

Host = Literal["facebook", "instagram", "threads"]

HOSTS: Mapping[Host, str] = {
    "facebook": "https://graph.facebook.com",
    "instagram": "https://graph.instagram.com",
    "threads": "https://graph.threads.net",
}

THREADS_VERSION = "v1.0"

NO_TOKEN = "connections.yaml holds no token for this account: write one under its id."  # noqa: S105

SECRETS = frozenset({"access_token", "appsecret_proof"})
"""What Meta repeats in the address of the next page, and what goes with every call of its own anyway."""

TRANSIENT = Fault(means="temporary", says="Meta says that this broke for a moment.")
DENIED = re.compile("2[0-9][0-9]")


class Graph:
    """One app's way to the three hosts. Every call raises Trouble where the answer is no success."""

    def __init__(
        self,
        *,
        version: str,
        app_id: str,
        app_secret: SecretStr,
        proof: bool,
        sandbox: str,
        patience: timedelta,
    ) -> None:
        """version: v25.0, of Facebook's and Instagram's hosts. app_id: "" = not known.

        proof: the app demands appsecret_proof with its tokens.
        """
        self.app_id, self.proof = app_id, proof
        self._versions: Mapping[Host, str] = {
            "facebook": version,
            "instagram": version,
            "threads": THREADS_VERSION,
        }
        self._secret = app_secret.get_secret_value()
        self._apis = {host: Api(home, sandbox=sandbox, patience=patience) for host, home in HOSTS.items()}

    @property
    def app_token(self) -> str:
        """The token of the app itself; "" = its id is not known.

        https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens
        """
        return f"{self.app_id}|{self._secret}" if self.app_id else ""

    def get(self, path: str, token: str, *, host: Host = "facebook", **query: str) -> Answered:
        """Return what Meta answers to a read of a path, from the version on.

        Raises RetryLater, Paused or Rejected.
        """
        return self._read(path, token, host, query)

    def post(
        self,
        path: str,
        token: str,
        *,
        host: Host = "facebook",
        json: object = None,
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, Fault] = FAULTS,
    ) -> Answered:
        """Return what Meta answers to a write. Raises RetryLater, Unsure, Paused or Rejected.

        faults: what errors mean to this call.
        """
        answer = self._apis[host].write(
            "POST",
            f"/{self._versions[host]}{path}",
            token=token,
            query=self._proof(token, host),
            json=json,
            form=form,
        )
        return _checked(answer, reads=False, faults=faults)

    def pages(self, path: str, token: str, *, host: Host = "facebook", **query: str) -> Iterator[list[Json]]:
        """Yield the objects of a list, page by page, until Meta names no next one; a page may be empty.

        https://developers.facebook.com/docs/graph-api/results
        """
        seen, asked = set[tuple[tuple[str, str], ...]](), dict(query)
        while (mark := tuple(sorted(asked.items()))) not in seen:  # a list that leads back to itself has ended
            seen.add(mark)
            answer = self._read(path, token, host, asked)
            yield objects(answer.at("data"))
            onward = _onward(answer, asked, host)
            if onward is None:
                return
            asked = onward

    def renew(self, token: str, *, host: Host, grant: str) -> Answered:
        """Return Meta's answer with a new token in the place of one that lives for 60 days; the old one lives on.

        https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
        https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
        """
        query = {"grant_type": grant, "access_token": token}
        return _checked(self._apis[host].read("GET", "/refresh_access_token", query=query), reads=True)

    def media(self, address: str, token: str) -> Answered:
        """Return what stands at a whole address of Meta's own. The caller has checked that it is one."""
        return self._apis["facebook"].read("GET", address, token=token)

    def _read(self, path: str, token: str, host: Host, query: Mapping[str, str]) -> Answered:
        whole = {**query, **self._proof(token, host)}
        answer = self._apis[host].read("GET", f"/{self._versions[host]}{path}", token=token, query=whole)
        return _checked(answer, reads=True)

    def wire(self, host: Host) -> Answered:
        """Return any answer of a host, be it an error, to see that it answers and what its clock says."""
        return self._apis[host].read("GET", f"/{self._versions[host]}/")

    def _proof(self, token: str, host: Host) -> dict[str, str]:
        """Tell Meta that the token is used by the app's own servers.

        https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
        """
        if not self.proof or host != "facebook" or not token or token == self.app_token:
            return {}
        return {"appsecret_proof": hmac.new(self._secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def token_of(credentials: Credentials) -> str:
    """Return an account's token. Raises Rejected where connections.yaml holds none."""
    if credentials.token is None:
        raise Rejected(NO_TOKEN)
    return credentials.token.get_secret_value()


def path(*parts: str) -> str:
    """Return the path of a node and its edge; ids are opaque and stay one part of it."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def made(answer: Answered, name: str) -> str:
    """Return the id of what was made. Raises Unsure where a success does not name it."""
    number = ornament(answer.json, name)
    if not number:
        raise Unsure(f"Meta says that it was done, but not as what: {name} is missing", after=SOON)
    return number


def objects(value: object) -> list[Json]:
    """Return the objects in a list of Meta's; whatever else stands there is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def under(of: Json, *path: str) -> Json:
    """Return the object below these keys; {} = there is none."""
    found: object = of
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def refused(answer: Answered, faults: Mapping[str, Fault] = FAULTS) -> Trouble:
    """Return what an answer that is no success means, for a call that writes."""
    told = under(answer.json, "error")
    code = _code(told, faults)
    fault = faults.get(code)
    if told.get("is_transient") is True and (fault is None or fault.means == "refused"):
        fault = TRANSIENT
    if fault is None and DENIED.fullmatch(code.partition("/")[0]):
        fault = FAULTS["200"]
    return refusal(answer, code, faults) if fault is None else trouble(fault, code, after=_wait(answer))


def _checked(answer: Answered, *, reads: bool, faults: Mapping[str, Fault] = FAULTS) -> Answered:
    if answer.ok and answer.json.get("error") is None:
        if answer.json.get("success") is False:
            raise Rejected("Meta says that it did not do it, and not why.")
        return answer
    why = refused(answer, faults)
    raise harmless(why) if reads else why


def _code(error: Json, faults: Mapping[str, Fault]) -> str:
    """Return code/subcode where the table knows that, else the code; "" = Meta says none."""
    code, subcode = (digits(error, name) for name in ("code", "error_subcode"))
    return f"{code}/{subcode}" if f"{code}/{subcode}" in faults else code


def _onward(answer: Answered, asked: Mapping[str, str], host: Host) -> dict[str, str] | None:
    """Return what the next page is asked with; None = this was the last one.

    Threads names the place to go on from, and no next page:
    https://developers.facebook.com/docs/threads/threads-mentions
    """
    onward, after = (answer.at("paging", *names) for names in (("next",), ("cursors", "after")))
    if isinstance(onward, str):
        # only what it asks for: where it leads to is ours to say, and the token in it is not kept
        told = parse_qsl(onward.partition("?")[2].partition("#")[0])
        return {name: value for name, value in told if name not in SECRETS}
    return {**asked, "after": after} if host == "threads" and isinstance(after, str) else None


def _wait(answer: Answered) -> timedelta | None:
    """Return how long Meta wants us to wait; None = it does not say.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers-2
    """
    try:
        usage = as_object(document(answer.headers.get("x-business-use-case-usage", "").encode()))
    except (Unfit, ValueError, RecursionError):
        return answer.retry_after
    told = [one.get("estimated_time_to_regain_access") for some in usage.values() for one in objects(some)]
    minutes = max((one for one in told if type(one) is int and one > 0), default=0)
    return timedelta(minutes=min(minutes, 60)) if minutes else answer.retry_after

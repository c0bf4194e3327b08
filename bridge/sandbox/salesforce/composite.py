"""Composite: up to 25 requests in one call, which may refer to one another's answers. Pure but for what runs each.

Facts: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
What all-or-none does to collections:
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_allornone.htm
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.wire import Answer, Call

MOST, MOST_BULKY = 25, 5
ROOT = re.compile(r"/services/data/v\d{1,3}\.0/(.*)", re.DOTALL)
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
REFERENCE = re.compile(r"@\{([^{}]*)\}")
PATH = re.compile(r"([A-Za-z0-9][A-Za-z0-9_]*)((?:\.\w+|\[\d{1,4}\])*)", re.ASCII)
STEP = re.compile(r"\.(\w+)|\[(\d+)\]", re.ASCII)
BULKY = re.compile(r"(?:composite/sobjects|query|queryAll)(?:[/?].*)?", re.DOTALL)
SUPPORTED = re.compile(r"(?:sobjects|composite/sobjects|query|queryAll)(?:[/?].*)?", re.DOTALL)
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
BARRED = frozenset({"accept", "authorization", "content-type"})
KEYS = frozenset({"method", "url", "referenceId", "body", "httpHeaders"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request within a composite, its references not yet filled in."""

    name: str  #: referenceId
    method: str
    url: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    refers_to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A composite that may be run."""

    steps: tuple[Step, ...]
    all_or_none: bool
    collate: bool


def understood(body: Any) -> Composite:
    """Check the body of a composite. Raises Refusal: it is refused whole, and nothing is run."""
    if not isinstance(body, dict):
        raise refusals.cannot_deserialize("CompositeRequest", _kind(body))
    for key in body:
        if key not in ("allOrNone", "collateSubrequests", "compositeRequest"):
            raise refusals.bad_json(f'Unrecognized field "{key}"')
    given = body.get("compositeRequest")
    if not isinstance(given, list) or not given:
        raise refusals.missing_argument("The compositeRequest parameter is required and must not be empty")
    if len(given) > MOST:
        raise Refusal("INVALID_INPUT", f"Composite requests can't contain more than {MOST} subrequests")
    steps = tuple(_step(one) for one in given)
    names = [step.name for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise Refusal("INVALID_INPUT", f"Provided referenceId ('{name}') is not unique in the request")
    if sum(BULKY.fullmatch(_rest(step.url)) is not None for step in steps) > MOST_BULKY:
        text = f"Composite requests can't contain more than {MOST_BULKY} sObject Collections or query subrequests"
        raise Refusal("INVALID_INPUT", text)
    return Composite(
        steps=steps, all_or_none=_flag(body, "allOrNone", False), collate=_flag(body, "collateSubrequests", True)
    )


def order(composite: Composite, *, shuffle: bool) -> list[Step]:
    """The order in which the steps are run. Collated, nothing but a reference keeps one before another.

    shuffle: show it at its worst, the last one first. A step with headers of its own is never collated.
    """
    if not composite.collate or not shuffle:
        return list(composite.steps)
    loose = [step for step in composite.steps if not step.headers]
    turned = iter(loose[::-1])
    wanted = [step if step.headers else next(turned) for step in composite.steps]
    by_name = {step.name: step for step in composite.steps}
    ran: dict[str, Step] = {}

    def run(step: Step, waiting: frozenset[str]) -> None:
        for name in sorted(step.refers_to & by_name.keys() - ran.keys() - waiting):
            run(by_name[name], waiting | {step.name})
        ran.setdefault(step.name, step)

    for step in wanted:
        run(step, frozenset())
    return list(ran.values())


def run(
    steps: Sequence[Step], perform: Callable[[Step, Call], Answer], *, all_or_none: bool = False
) -> dict[str, Answer]:
    """Run the steps one after another; name -> answer. One that fails stops none but those that refer to it.

    all_or_none: the first that fails is the last, and those that were not run are missing.
    """
    answers: dict[str, Answer] = {}
    for step in steps:
        try:
            answers[step.name] = perform(step, _call(step, answers))
        except Refusal as refusal:
            answers[step.name] = Answer(status=refusal.status, body=refusal.as_request())
        if all_or_none and failed(answers[step.name]):
            break
    return answers


def failed(answer: Answer) -> bool:
    """Whether an answer makes an all-or-none composite go back: a refusal, or a collection with a refused row."""
    rows = answer.body if isinstance(answer.body, list) else []
    return answer.status >= 400 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def halted(steps: Sequence[Step], answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers after the roll-back: what failed keeps its reasons, all else says that it was taken back."""
    taken_back = Answer(status=400, body=refusals.halted().as_request())
    failures = {name: answer for name, answer in answers.items() if failed(answer)}
    return {step.name: failures.get(step.name, taken_back) for step in steps}


def shown(step: Step, answer: Answer) -> dict[str, Any]:
    """One answer within the composite's own."""
    headers = {name: value for name, value in answer.headers.items() if name in ("Location", "ETag")}
    return {
        "body": answer.body,
        "httpHeaders": headers,
        "httpStatusCode": answer.status,
        "referenceId": step.name,
    }


def _step(given: Any) -> Step:
    if not isinstance(given, dict):
        raise refusals.cannot_deserialize("CompositeSubrequest", _kind(given))
    for key in given:
        if key not in KEYS:
            raise refusals.bad_json(f'Unrecognized field "{key}"')
    for key in ("method", "url", "referenceId"):
        if not isinstance(given.get(key), str) or not given[key]:
            raise refusals.missing_argument(f"The {key} parameter is required for each subrequest")
    name, method, url = given["referenceId"], given["method"], given["url"]
    if not NAMED.fullmatch(name):
        raise refusals.bad_reference_id(name)
    if method not in METHODS:
        raise Refusal("INVALID_INPUT", f"The HTTP method {method} is not supported in a composite request")
    if not ROOT.fullmatch(url):
        raise Refusal("INVALID_INPUT", f"The url of a subrequest must start with /services/data/vXX.X/: {url}")
    body = given.get("body")
    refers_to = frozenset(path.split(".")[0].split("[")[0] for path in _references([url, body]))
    return Step(
        name=name, method=method, url=url, body=body, headers=_headers(given), refers_to=refers_to - {name}
    )


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    headers = given.get("httpHeaders") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise refusals.cannot_deserialize("httpHeaders", _kind(headers))
    lower = {name.lower(): value for name, value in headers.items()}
    for name in sorted(BARRED & lower.keys()):
        raise Refusal("INVALID_INPUT", f"The header {name} can't be set in a composite subrequest")
    return lower


def _rest(url: str) -> str:
    match = ROOT.fullmatch(url)
    return match[1] if match else ""


def _flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise refusals.cannot_deserialize("boolean", f"VALUE_STRING value {value}")
    return value


def _references(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield from REFERENCE.findall(value)
        case dict():
            for one in value.values():
                yield from _references(one)
        case list():
            for one in value:
                yield from _references(one)


def _call(step: Step, answers: Mapping[str, Answer]) -> Call:
    """The request that a step is, with its references filled in. Raises Refusal: there is nothing behind one."""
    url = REFERENCE.sub(lambda match: quote(str(_behind(match[1], answers)), safe=""), step.url)
    if not SUPPORTED.fullmatch(_rest(url)):
        text = f"The resource is not supported in a composite request: {url.split('?')[0]}"
        raise Refusal("INVALID_INPUT", text)
    path, _, asked = url.partition("?")
    body = b"" if step.body is None else json.dumps(_filled(step.body, answers)).encode()
    return Call(
        method=step.method,
        path=unquote(path),
        query=dict(parse_qsl(asked, keep_blank_values=True)),
        headers={**step.headers, "content-type": "application/json"},
        body=body,
        size=len(url),
    )


def _filled(value: Any, answers: Mapping[str, Answer]) -> Any:
    match value:
        case str():
            whole = REFERENCE.fullmatch(value)
            if whole:
                return _behind(whole[1], answers)
            return REFERENCE.sub(lambda match: str(_behind(match[1], answers)), value)
        case dict():
            return {name: _filled(one, answers) for name, one in value.items()}
        case list():
            return [_filled(one, answers) for one in value]
        case _:
            return value


def _behind(path: str, answers: Mapping[str, Answer]) -> Any:
    match = PATH.fullmatch(path)
    if match is None:
        raise refusals.bad_reference_path(path)
    answer = answers.get(match[1])
    found: Any = None if answer is None or answer.status >= 400 else answer.body
    for name, number in STEP.findall(match[2]):
        if name:
            found = found.get(name) if isinstance(found, dict) else None
        else:
            found = found[int(number)] if isinstance(found, list) and int(number) < len(found) else None
    if found is None or isinstance(found, dict | list):
        raise refusals.nothing_referred_to(path, match[1])
    return found


def _kind(value: Any) -> str:
    return "START_ARRAY" if isinstance(value, list) else "VALUE"

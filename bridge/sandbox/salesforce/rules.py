"""What an admin has set up against a record: validation rules, required fields, triggers, no more room. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal

Values = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; it meets a record whose fields all have the values of `when`, {} = every record."""

    kind: str
    object: str
    field: str = ""  #: where the refusal shows; "" = on the page
    message: str = ""
    on: str = ""  #: create, update; "" = both
    when: Values = dataclasses.field(default_factory=dict)
    lock: bool = False  #: trigger: it failed because some other record was locked

    def meets(self, sobject: str, values: Values, *, creating: bool) -> bool:
        """Whether the rule looks at such a record at all."""
        if sobject != self.object or self.on not in ("", "create" if creating else "update"):
            return False
        return all(values.get(name) == wanted for name, wanted in self.when.items())


def parse(spec: Any) -> Rule:
    """Read one rule of a command. Raises ValueError, one sentence."""
    if not isinstance(spec, dict):
        raise ValueError(f"a rule is a map of its keys, not {spec!r}")  # noqa: TRY004 -- what every command raises
    allowed = {one.name: type(getattr(EXAMPLE, one.name)) for one in dataclasses.fields(Rule)}
    for name, value in spec.items():
        if name not in allowed:
            raise ValueError(f"{name!r} is no key of a rule; allowed are {', '.join(allowed)}")
        if not isinstance(value, allowed[name]):
            raise ValueError(f"{name}: {value!r} is no {allowed[name].__name__}")  # noqa: TRY004 -- as above
    if spec.get("kind") not in KINDS:
        raise ValueError(f"kind: {spec.get('kind')!r} is none of {', '.join(KINDS)}")
    if not spec.get("object"):
        raise ValueError("object: a rule needs the name of an object, such as Case")
    if spec["kind"] == "required" and not spec.get("field"):
        raise ValueError("field: a required field needs a name")
    if spec.get("on", "") not in ("", "create", "update"):
        raise ValueError(f"on: {spec['on']!r} is none of create, update")
    return Rule(**spec)


EXAMPLE = Rule(kind="validation", object="Case")


def check(rules: tuple[Rule, ...], sobject: str, values: Values, *, creating: bool) -> None:
    """Raise the Refusal of the first rule that the record breaks."""
    for rule in rules:
        if rule.meets(sobject, values, creating=creating):
            refusal = KINDS[rule.kind](rule, values, creating)
            if refusal is not None:
                raise refusal


def _validation(rule: Rule, _values: Values, _creating: bool) -> Refusal:
    text = rule.message or "This record breaks a validation rule."
    shown_at = [rule.field] if rule.field else []
    return Refusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", text, fields=shown_at)


def _required(rule: Rule, values: Values, _creating: bool) -> Refusal | None:
    return refusals.required([rule.field]) if values.get(rule.field) in (None, "") else None


def _trigger(rule: Rule, _values: Values, creating: bool) -> Refusal:
    name, event = f"{rule.object.removesuffix('__c')}Trigger", "AfterInsert" if creating else "AfterUpdate"
    cause = "System.NullPointerException: Attempt to de-reference a null object"
    if rule.lock:
        cause = (
            "System.DmlException: Update failed. First exception on row 0 with id 001Sb00000000001AAA; "
            "first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record: []"
        )
    text = f"{name}: execution of {event}\n\ncaused by: {cause}\n\nTrigger.{name}: line 12, column 1"
    return Refusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", rule.message or text)


def _storage(_rule: Rule, _values: Values, creating: bool) -> Refusal | None:
    return Refusal("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded") if creating else None


KINDS: Mapping[str, Callable[[Rule, Values, bool], Refusal | None]] = {
    "validation": _validation,
    "required": _required,
    "trigger": _trigger,
    "storage": _storage,
}

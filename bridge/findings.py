"""What was found when connections were looked at: put in order, named, and written as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bridge.ports import Finding, Level
from bridge.printing import one_line

WORST_FIRST: tuple[Level, ...] = ("fault", "warning", "done", "ok")
BAD: frozenset[Level] = frozenset({"fault", "warning"})

Found = Mapping[str, Sequence[Finding]]
"""By connection, in the order in which they are shown."""


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those that matter first, each kind in its order."""
    return sorted(findings, key=lambda finding: WORST_FIRST.index(finding.level))


def bad(findings: Iterable[Finding]) -> list[Finding]:
    """What is broken, then what will break."""
    return [finding for finding in worst_first(findings) if finding.level in BAD]


def faulty(found: Found) -> bool:
    """Whether something is broken."""
    return any(finding.level == "fault" for findings in found.values() for finding in findings)


def name_of(connection: str, finding: Finding) -> str:
    """What the same fault is called each time: connection/account: what it is about."""
    where = f"{connection}/{finding.account}" if finding.account else connection
    return one_line(f"{where}: {finding.about}")


def connection_of(name: str) -> str:
    """The connection in what `name_of` returned: it holds neither / nor : itself."""
    return name.partition(":")[0].partition("/")[0]


def text(found: Found) -> str:
    """One line for each finding, the worst of each connection first.

    fault    acme-meta / 10150001  token: The token is dead.  -> Make a new one.
    """
    return "\n".join(_line(name, one) for name, findings in found.items() for one in worst_first(findings))


def _line(connection: str, finding: Finding) -> str:
    where = f"{connection} / {one_line(finding.account)}" if finding.account else connection
    line = f"{finding.level:<7}  {where}  {one_line(finding.about)}: {one_line(finding.says)}"
    return f"{line}  -> {one_line(finding.do)}" if finding.do else line

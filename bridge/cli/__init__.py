"""The command `casebridge`. Exit codes: 0 all is well, 1 something is wrong in what was looked at, 2 the
configuration does not let it look."""

from bridge.cli import books, checking, planning, revising, running, schema, shadowing, trying, upkeep  # noqa: F401 - each adds its commands
from bridge.cli.commands import main

__all__ = ["main"]

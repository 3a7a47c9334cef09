"""What went wrong, where, and what to do: the one error that a person's mistake may raise."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the `accord` command returns to the shell."""

    OK = 0
    FOUND = 1  # the command worked and what it found is not clean: `check --strict`, `verify`, `replay`
    USER_ERROR = 2  # a person's mistake: one message, nothing lost
    INTERRUPTED = 130  # Ctrl-C: the last published run stays current


class UserError(Exception):
    """A mistake of the person at the keyboard, told in three parts.

    what: the fault in one sentence. where: a file and line, a folder, a command or an option. what_to_do: the mend.
    """

    def __init__(self, what: str, *, where: str, what_to_do: str) -> None:
        super().__init__(f"{what}\n  where: {where}\n  mend:  {what_to_do}")
        self.what = what
        self.where = where
        self.what_to_do = what_to_do


class AuditError(Exception):
    """A run's audits do not hold, so it was not published. `findings` has one line per failed audit."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("the run was not published, because its audits do not hold:\n" + "\n".join(f"  - {f}" for f in findings))
        self.findings = findings

"""What a person may type after a report, for all writers."""

from collections.abc import Iterator
from itertools import islice

from diagnose.model import (
    Finding,
    Report,
)
from diagnose.model.view import View
from diagnose.outputs.evidence_gaps import missing_evidence
from diagnose.outputs.finding_text import (
    applicability,
    explain_command,
    rerun_command,
    verify_command,
)


def fix_command(report: Report, view: View) -> str:
    """Return the command that applies the remedy of the root causes, after a question."""
    program, _, arguments = rerun_command(report, view).partition(" ")
    return f"{program} fix {arguments}"


def next_commands(report: Report, view: View) -> Iterator[tuple[str, str]]:
    """Yield what a person may type after this report, the most useful first: what it does (fix,
    verify, explain, enable), and the command."""
    if not report.causes:
        enabling = (gap.enable for gap in missing_evidence(report, view) if gap.enable)
        yield from (("enable", command) for command in islice(enabling, 1))
        return
    yield from commands_for(report, report.causes[0], view)


def commands_for(report: Report, cause: Finding, view: View) -> Iterator[tuple[str, str]]:
    """Yield what a person may type about a root cause, as `next_commands` does."""
    if applicability(cause) == "automatic":
        yield "fix", fix_command(report, view)
    yield "verify", verify_command(report, cause, view)
    yield "explain", explain_command(cause)

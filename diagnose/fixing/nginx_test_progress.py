"""Decides whether a step that fails after a change meets a different, pre-existing error. No I/O.

nginx reports only the first of several errors, so the next one appears when the first is fixed.
That is no reason to roll back. But the new error may come from the change itself. This is assumed
for an error in a changed line, and for errors about braces and semicolons, because something may
have been put in the wrong place. The error may also be the old one, some lines further down.
"""

import re
from collections.abc import Sequence

from diagnose.machine import CommandResult
from diagnose.model import Command, Edit, Effect, Evidence, Step
from diagnose.model.nginx import NginxTest, TestMessage, fatal
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.nginx.config import messages
from diagnose.parsers.nginx.edits import added_line_numbers

_STRUCTURE = re.compile(
    r"unexpected |invalid number of arguments|"
    r"directive (?:is not terminated|is not allowed here|is duplicate|has no opening)"
)
#: The place of a missing brace is guessed from the indentation, so a later error in a line may be
#: caused by a wrong guess. An error that names no line comes after nginx has read all files: a
#: variable that nothing sets, a certificate that is not there.
_MISSING_BRACE = "unexpected end of file"


def reveals_next_error(
    completed: Sequence[Step], step: Step, result: CommandResult, before: Evidence
) -> bool:
    """Return True if a test step now reports a different, pre-existing error, or if a server that
    passes its test now does not start.

    `result` is the failed result of `step`, run after the `completed` steps; `before` is the
    evidence from before the fix.
    """
    if _is_start_of_valid_config(completed, step, before):
        return True
    is_test = isinstance(step, Command) and step.effect is Effect.TEST
    earlier_errors = [test.fatal for test in before.of(NginxTest) if test.fatal]
    error = fatal(messages(f"{result.err}\n{result.out}"))
    if not is_test or error is None or not earlier_errors:
        return False
    return (
        not _STRUCTURE.search(error.text)
        and not any(
            (_MISSING_BRACE in earlier.text and error.file is not None)
            or earlier.words == error.words
            for earlier in earlier_errors
        )
        and not any(
            _is_in_edit(error, completed_step)
            for completed_step in completed
            if isinstance(completed_step, Edit)
        )
    )


def _is_start_of_valid_config(completed: Sequence[Step], step: Step, before: Evidence) -> bool:
    """Return True if a server is started with a configuration that it refused before, and that has
    passed its test since. What keeps it from starting now, as a port that another program holds, is
    none of that configuration's errors."""
    is_start = isinstance(step, Command) and step.effect is Effect.START
    is_tested = any(
        isinstance(each, Command) and each.effect is Effect.TEST for each in completed
    ) and any(isinstance(each, Edit) for each in completed)
    passed = [test.passed for test in before.of(NginxTest)]
    passed += [test.passed for test in before.of(WebServerTest)]
    return is_start and is_tested and not all(passed)


def _is_in_edit(error: TestMessage, edit: Edit) -> bool:
    return error.file == edit.path and error.line in tuple(added_line_numbers(edit.diff))

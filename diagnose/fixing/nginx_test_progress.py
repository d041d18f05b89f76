"""Whether nginx's test, once its files are changed, names a further fault. Pure.

Of several it names the first alone, so that the next shows when that one is mended: no reason to
take the change back. But what it says may come of the change itself. That is so of a line that was
changed, and of braces and semicolons: what is missing or too many may be what was put in the wrong
place. And it may be what it said before, some lines further down.
"""

import re
from collections.abc import Sequence

from diagnose.fixing.plan import is_test
from diagnose.machine import CommandResult
from diagnose.model import Edit, Evidence, Step
from diagnose.model.nginx import NginxTest, TestMessage, fatal
from diagnose.parsers.nginx.config import messages
from diagnose.parsers.nginx.edits import added_line_numbers

_STRUCTURE = re.compile(
    r"unexpected |invalid number of arguments|"
    r"directive (?:is not terminated|is not allowed here|is duplicate|has no opening)"
)
#: Where the missing brace belongs is guessed by the indentation: what is wrong then may be that.
_MISSING_BRACE = "unexpected end of file"


def reveals_next_error(
    completed: Sequence[Step], step: Step, result: CommandResult, before: Evidence
) -> bool:
    """`ran` is how `step`, a test, ended badly after those that are `done`."""
    earlier_errors = [test.fatal for test in before.of(NginxTest) if test.fatal]
    error = fatal(messages(f"{result.err}\n{result.out}"))
    if not is_test(step) or error is None or not earlier_errors:
        return False
    return (
        not _STRUCTURE.search(error.text)
        and not any(
            _MISSING_BRACE in earlier.text or earlier.words == error.words
            for earlier in earlier_errors
        )
        and not any(
            _is_in_edit(error, completed_step)
            for completed_step in completed
            if isinstance(completed_step, Edit)
        )
    )


def _is_in_edit(error: TestMessage, edit: Edit) -> bool:
    return error.file == edit.path and error.line in tuple(added_line_numbers(edit.diff))

"""Whether nginx's test, once its files are changed, names a further fault. Pure.

Of several it names the first alone, so that the next shows when that one is mended: no reason to
take the change back. But what it says may come of the change itself. That is so of a line that was
changed, and of braces and semicolons: what is missing or too many may be what was put in the wrong
place. And it may be what it said before, some lines further down.
"""

import re
from collections.abc import Sequence

from diagnose.fixing.plan import is_test
from diagnose.machine import Ran
from diagnose.model import Edit, Evidence, Step
from diagnose.model.nginx import NginxTest, TestMessage, fatal
from diagnose.parsers.nginx.config import messages
from diagnose.parsers.nginx.edits import lines_made

_STRUCTURE = re.compile(
    r"unexpected |invalid number of arguments|"
    r"directive (?:is not terminated|is not allowed here|is duplicate|has no opening)"
)
#: Where the missing brace belongs is guessed by the indentation: what is wrong then may be that.
_OPEN = "unexpected end of file"


def is_further(done: Sequence[Step], step: Step, ran: Ran, before: Evidence) -> bool:
    """`ran` is how `step`, a test, ended badly after those that are `done`."""
    stood = [seen.fatal for seen in before.of(NginxTest) if seen.fatal]
    named = fatal(messages(f"{ran.err}\n{ran.out}"))
    if not is_test(step) or named is None or not stood:
        return False
    return (
        not _STRUCTURE.search(named.text)
        and not any(_OPEN in one.text or one.words == named.words for one in stood)
        and not any(_is_of(named, one) for one in done if isinstance(one, Edit))
    )


def _is_of(one: TestMessage, edit: Edit) -> bool:
    return one.file == edit.path and one.line in tuple(lines_made(edit.diff))

"""What checks of a web server's limit for uploads share."""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit, line_text, manual_fix, reload_steps
from checks.upstream._responses import asks_about_size
from diagnose.model import Applicability, Evidence, Fix, Severity
from diagnose.model.logs import FailedRequests

#: Uploads of pages of the site from which on they are no accident.
_OFTEN = 2
#: Bytes of a limit that is large enough for usual uploads.
ENOUGH = 64 << 20


def is_met(failure: FailedRequests | None) -> bool:
    """Return whether pages of the site meet the limit."""
    return failure is not None and failure.is_from_page and failure.times >= _OFTEN


def limit_severity(evidence: Evidence, failure: FailedRequests | None) -> Severity | None:
    """Return a note where nobody asks about the limit and no page of the site meets it: how much
    visitors may send is a decision. None stands for the check's own severity."""
    return None if asks_about_size(evidence) or is_met(failure) else Severity.NOTE


def raised_limit(size: int) -> int:
    """Return the bytes that are written in the place of a limit."""
    return max(ENOUGH, 4 * size)


def raising_fix(view: ServerView, file: str, number: int, words: Sequence[str], step: str) -> Fix:
    """Return the fix that writes another value into a line: `words` are the old value and the new
    one. Without that line it is a manual `step`."""
    text, (old, new) = line_text(view, file, number), words
    raised, count = re.subn(rf"(?<![\w.]){re.escape(old)}(?![\w.])", new, text)
    edit = line_edit(view, file, {number: (raised,)}) if count == 1 else None
    if edit is None:
        return manual_fix(view, step)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)

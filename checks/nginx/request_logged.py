"""nginx wrote into its error log why it refused the target's own request, and no other check has
used that line: it is quoted, with the file that it names (ngx_log_error_core).

A page that is refused may be meant so; a line of the error log says that something failed on the
way. What a rule closes on purpose is logged too, and is left out. So are lines from before nginx
loaded its configuration.
"""

import re
import shlex
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import is_in_run, logged_errors
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx.error_log import REFUSED_BY_RULE

_FAILURES = frozenset({"error", "crit", "alert", "emerg"})
#: The status of a page that asks for a password.
_LOGIN = 401
#: The file or folder in a message.
_FILE = re.compile(r'"(/[^"]{1,400})"')


@check(severity=Severity.NOTE, needs=[LogLine, Exchange], unanswered=True, only_unused=True)
def request_logged(evidence: Evidence) -> Iterator[Claim]:
    pages = [
        page
        for page in page_exchanges(evidence)
        if 400 <= (page.status or 0) < 500 and page.status != _LOGIN
    ]
    lines = [
        line
        for line, _ in (logged_errors(evidence, r".", evidence.target.path) if pages else ())
        if line.level in _FAILURES and not line.text.startswith(REFUSED_BY_RULE)
    ]
    if not lines or len(pages) < len(page_exchanges(evidence)):
        return
    line, subjects, nginx = lines[-1], endpoint_subjects(pages), Nginx.of(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    named = _FILE.search(line.text)
    request, log = shlex.quote(line.request), shlex.quote(line.file)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(line, *pages),
        location=nginx.location(match.block) if match else None,
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "message": line.text,
            "log": line.file,
            "when": line.written,
            "times": line.times if line.times > 1 else 0,
            "run": is_in_run(evidence, line),
            "block": match.block.text if match else "",
            "place": file_line(match.block) if match else "",
            "command": f"grep -F -- {request} {log} | tail -n 5",
            "look": f"namei -l {shlex.quote(named[1])}" if named else "",
        },
        fix=Fix((Manual("read-the-line", Where.SERVER),), Applicability.MANUAL),
    )

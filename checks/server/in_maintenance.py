"""The page is 503 because its program is told to be in maintenance: a file is there that closes the
site, or a line of its settings does. Mostly an update was broken off, and left it there.

Magento 2: var/.maintenance.flag (`bin/magento maintenance:enable`), WordPress: .maintenance
(wp_is_maintenance_mode), Laravel: storage/framework/down (`artisan down`), Moodle:
climaintenance.html, the gem turnout: tmp/maintenance.yml. Nextcloud, Joomla and Matomo have a line.
Another fault may answer 503 as well: so it is likely, where the page is none of a web server and
says nothing else. While a command runs that may need the site
to be closed, nothing opens it.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.file_commands import remove_mark
from diagnose.model.http import Exchange
from diagnose.model.site_folders import MaintenanceMark
from diagnose.parsers.failed_pages import failed_page
from diagnose.parsers.http import proxy_page

_NAMES = {
    "magento": "Magento", "wordpress": "WordPress", "laravel": "Laravel", "moodle": "Moodle",
    "turnout": "turnout", "nextcloud": "Nextcloud", "joomla": "Joomla", "matomo": "Matomo",
}  # fmt: skip
#: What opens the site again in the line of a program's settings.
_OPENING = {
    "nextcloud": r"s/=> *true\b/=> false/",
    "joomla": r"s/=.*;/= false;/",
    "matomo": r"s/=.*/= 0/",
}
#: HAProxy's page where no server is up (src/http.c).
_OF_HAPROXY = "No server is available to handle this request"
#: Seconds in which an update may still run.
_UPDATE = 600


@check(
    severity=Severity.ERROR,
    needs=[MaintenanceMark],
    explains=[
        "http.server-error", "server.own-answer", "server.request-failed", "server.request-logged",
        "upstream.own-answer", "nginx.other-requests-failed",
        "server.other-requests-failed", "websocket.not-upgraded",
    ],
)  # fmt: skip
def in_maintenance(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [
        page
        for page in evidence.good(Exchange)
        if page.is_page_of(target) and page.status == 503 and _may_be_closed(page.body)
    ]  # fmt: skip
    for mark in evidence.good(MaintenanceMark) if pages else ():
        subject = Subject(port=target.port, path=target.path_without_query)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(mark, *pages),
            confidence=Confidence.LIKELY,
            facts={
                "url": pages[0].url,
                "program": _NAMES.get(mark.program, mark.program),
                "path": mark.path,
                "line": mark.line,
                "number": mark.number,
                "recent": mark.age < _UPDATE,
                "age": mark.age,
                "working": mark.working,
            },
            fix=Fix((Manual("wait", Where.SERVER),), Applicability.MANUAL)
            if mark.working
            else Fix((_opening(mark),), Applicability.REVIEW),
        )
        return


def _may_be_closed(body: str) -> bool:
    """Return whether a page may be the one with which a program closes its site: it is no page of
    a web server, which has not asked the program or got no answer, and it names no other cause."""
    if proxy_page(body) or _OF_HAPROXY in body:
        return False
    failed = failed_page(body)
    return failed is None or failed.reason not in {"database", "script"}


def _opening(mark: MaintenanceMark) -> Command:
    if not mark.line:
        return remove_mark(mark.path, mark.owner)
    return commands.rewrite(mark.path, (f"{mark.number}{_OPENING[mark.program]}",))

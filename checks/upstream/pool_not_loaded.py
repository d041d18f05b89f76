"""A pool of PHP-FPM has no socket, although its file names one. PHP-FPM reads its pools when it is
started or reloaded, and a panel may have written the file since. The control is another pool of
the same PHP-FPM, whose socket is there."""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.upstream import CONSEQUENCES
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Evidence, Fix, Severity, Subject, commands
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange, error_pages
from diagnose.model.steps import Effect

_DEBIAN = re.compile(r"php(\d\.\d)-fpm")


@check(
    severity=Severity.ERROR,
    needs=[ReadSetting, Exchange],
    explains=[
        *CONSEQUENCES,
        "server.backend-not-reached",
        "server.request-logged",
        "upstream.socket-unreachable",
    ],
)
def pool_not_loaded(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in error_pages(evidence) if (page.status or 0) >= 500]
    target = evidence.target
    for read in evidence.good(ReadSetting):
        if (read.application, read.topic) != ("php", "pool") or not pages or not read.values:
            continue
        socket, *sisters = read.values
        subject = Subject(port=target.port, path=target.path)
        yield Claim(
            about=Subject(port=target.port, text=socket),
            covers=(
                subject,
                Subject(port=target.port),
                Subject(text=socket),
                Subject(text=f"unix:{socket}"),
                *endpoint_subjects(pages),
            ),
            because=(read, *pages),
            facts={
                "socket": socket,
                "sister": next(iter(sisters), ""),
                "place": read.place,
                "unit": read.unit,
                "status": pages[0].status,
                "url": pages[0].url,
            },
            fix=Fix((_test(read.unit), commands.restart_service(read.unit)), Applicability.REVIEW),
        )


def _test(unit: str) -> Command:
    """Return what reads all pools and changes nothing: one with a fault keeps PHP-FPM from its
    start, and all sites with it."""
    debian = _DEBIAN.fullmatch(unit)
    program = f"php-fpm{debian[1]}" if debian else unit.removesuffix("-php-fpm")
    words = (
        (program, "-t")
        if debian or unit == "php-fpm"
        else (f"/opt/remi/{program}/root/usr/sbin/php-fpm", "-t")
    )
    return Command(words, Effect.TEST)

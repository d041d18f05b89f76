"""nginx passes requests on to a port of this server at which nothing listens, and the configuration
of another web server that does not run listens there: Apache behind nginx, as panels set both up.

Somebody may have switched off a server that does not start at boot, or of which no service says
so, and another program may be meant to have the port since: then it is likely.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    server_commands,
)
from diagnose.model.backends import StoppedBackend
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.http import GATEWAY_FAILURES


@check(
    severity=Severity.ERROR,
    needs=[StoppedBackend],
    explains=[
        "http.server-error", "upstream.refused", "upstream.none-live", "upstream.ipv6-localhost",
        "websocket.not-upgraded", "websocket.upstream-failed",
    ],
)  # fmt: skip
def web_server_stopped(evidence: Evidence) -> Iterator[Claim]:
    target, stopped = evidence.target, evidence.good(StoppedBackend)
    failed = _failed(evidence)
    if not stopped or not failed:
        return
    server = stopped[0]
    paths = dict.fromkeys(path.partition("?")[0] for path in (target.path, *target.websockets))
    error = f"{server.error_file}:{server.error_line}" if server.error_line else server.error_file
    yield Claim(
        about=Subject(port=target.port, path=next(iter(paths))),
        covers=(
            *(Subject(port=target.port, path=path) for path in paths),
            Subject(port=target.port),
            Subject(port=80),
        ),
        because=(server, *failed),
        confidence=Confidence.CERTAIN if server.enabled else Confidence.LIKELY,
        facts={
            "program": server.title,
            "target": server.target,
            "place": error or server.place,
            "nginx_place": server.place,
            "listens": f"{server.file}:{server.line}" if server.line else server.file,
            "message": server.message,
            "complaint": server.complaint if not server.message else "",
            "off": server.enabled is False,
        },
        fix=_fix(server),
    )


def _failed(evidence: Evidence) -> list[Exchange | Upgrade]:
    pages = (page for page in evidence.good(Exchange) if page.is_page_of(evidence.target))
    upgrades = (upgrade for upgrade in evidence.good(Upgrade) if upgrade.is_visit)
    failed: list[Exchange | Upgrade] = [*pages, *upgrades]
    return [each for each in failed if each.status in GATEWAY_FAILURES]


def _fix(server: StoppedBackend) -> Fix:
    """Return the start. What stands in its way is mended by a person first."""
    start = (
        server_commands.test_server(server.test),
        *((server_commands.start_server(server.start, server.stop),) if server.start else ()),
    )
    if server.message or server.complaint or server.masked:
        return Fix((Manual("mend", Where.SERVER), *start), Applicability.MANUAL)
    return Fix(start, Applicability.AUTOMATIC if server.enabled else Applicability.REVIEW)

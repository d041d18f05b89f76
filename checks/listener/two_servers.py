"""Two instances of one web server (HAProxy, Apache, Caddy, Traefik) have sockets of their own for
the same address (socket(7), SO_REUSEPORT), and the kernel gives each connection to one of them. The
older one has the configuration of its start: a file that changed after it, or another file.

Two instances that loaded the same files are meant so by some, and give the same answers: no claim.
An instance that a reload has replaced does not listen any more (HAProxy, Management Guide, section
4, "-sf"). nginx has `listener.two-nginx`.
"""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.server import reload_steps
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
from diagnose.model.http import page_exchanges
from diagnose.model.server import Listeners
from diagnose.model.web_servers import Product, WebServer, WebServerConfig

#: The signal after which an instance takes no new connection and ends after its last one (HAProxy,
#: Management Guide, section 4; httpd, "Stopping and Restarting"; Caddy and Traefik: on SIGTERM).
_SIGNALS: dict[Product, str] = {
    "haproxy": "USR1",
    "apache": "WINCH",
    "caddy": "TERM",
    "traefik": "TERM",
}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, Listeners],
    explains=[
        "server.application-answers",
        "server.haproxy-no-backend",
        "server.own-answer",
        "server.redirect-missing",
        "server.reload-needed",
        "certificate.expired",
        "certificate.name-mismatch",
        "certificate.renewed-not-loaded",
        "certificate.self-signed",
        "http.host-refused",
        "http.no-redirect",
        "http.page-refused",
        "http.redirect-wrong-host",
        "http.server-error",
        "upstream.other-application",
        "upstream.own-answer",
    ],
)
def two_servers(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    both = _both(evidence, port)
    if both is None or not _listens_twice(evidence, port, {server.pid for server in both}):
        return
    older, newer = both
    changed = _changed_file(evidence, older, newer)
    if not changed and older.config == newer.config and older.arguments == newer.arguments:
        return
    ending = _ending(older, newer)
    failed = [page for page in page_exchanges(evidence) if (page.status or 999) >= 400]
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(), Subject(port=port)),
        because=(older, newer, *evidence.good(Listeners), *failed),
        severity=Severity.ERROR if failed else None,
        confidence=Confidence.LIKELY,
        facts={
            "server": older.title,
            "port": port,
            "older": older.pid or "",
            "newer": newer.pid or "",
            "older_unit": older.unit,
            "newer_unit": newer.unit,
            "older_config": older.config,
            "newer_config": newer.config if newer.config != older.config else "",
            "changed": changed,
            "ending": ending.pid if ending and ending.pid else "",
            "binary": older.binary.rpartition("/")[2] or older.product,
        },
        fix=_fix(ending, older if changed and ending is newer else None),
    )


def _both(evidence: Evidence, port: int) -> tuple[WebServer, WebServer] | None:
    """Return the two instances of one product that listen on the port, the older one first."""
    servers = {
        server.pid: server
        for server in evidence.good(WebServer)
        if server.pid is not None and port in server.ports and not server.container
    }
    both = sorted(servers.values(), key=_start)
    if len(both) != 2 or both[0].product != both[1].product:
        return None
    return both[0], both[1]


def _start(server: WebServer) -> tuple[float, int]:
    return server.started or 0.0, server.pid or 0


def _listens_twice(evidence: Evidence, port: int, pids: set[int | None]) -> bool:
    """Return whether two processes have sockets for the same address, one of them a main one, or
    both the workers of main ones that have no other address there."""
    holders: dict[tuple[int, str], set[int]] = {}
    for listener in listeners_on(evidence, port):
        if listener.pid is not None:
            holders.setdefault((listener.family, listener.address), set()).add(listener.pid)
    families = [family for family, _ in holders]
    return any(
        len(own) > 1 and (bool(own & pids) or families.count(family) == 1)
        for (family, _), own in holders.items()
    )


def _changed_file(evidence: Evidence, older: WebServer, newer: WebServer) -> str:
    """Return the file that changed after the older instance loaded it, and before the newer one
    did; "" for none."""
    since, until = older.loaded or older.started, newer.loaded or newer.started
    files = (
        file
        for config in evidence.good(WebServerConfig)
        if config.product == older.product and since is not None and until is not None
        for file in config.files
        if file.changed is not None and since <= file.changed <= until + 1
    )
    return next((file.path for file in files), "")


def _ending(older: WebServer, newer: WebServer) -> WebServer | None:
    """Return the instance that is to end: the one that no service has, else the older one; None
    where a service has each of them."""
    if older.unit and newer.unit:
        return None
    return newer if older.unit else older


def _fix(ending: WebServer | None, stale: WebServer | None) -> Fix:
    """Return what ends an instance; `stale` is the other one if it has to load its files anew."""
    if ending is None or ending.pid is None:
        return Fix((Manual("stop-a-service", Where.SERVER),), Applicability.MANUAL)
    steps: tuple[Command | Manual, ...] = (
        commands.end_gently(_SIGNALS[ending.product], ending.pid),
        *(reload_steps(stale) if stale else ()),
        Manual("not-again", Where.SERVER),
    )
    return Fix(steps, Applicability.REVIEW)

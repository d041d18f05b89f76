"""Port 80 does not respond although the target's port does. Browsers try https first by now, but
old links, other clients and HTTP-01 challenges (RFC 8555 section 8.3) use port 80: where a renewal
failed because the authority could not connect, this is why. Where the renewal tool's settings have
a folder for challenges, or a server of its own behind a firewall, no renewal can succeed, with or
without a log."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _redirect_edits
from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.renewal import ChallengeFolder, OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.http import https_only

if TYPE_CHECKING:
    from checks.server._port_edits import SlippedPort

#: What Let's Encrypt's authority reports (boulder, va/va.go) where it cannot connect.
_NOT_REACHED = re.compile(
    r"Timeout during connect|Connection refused|No route to host|Network unreachable"
)


@check(
    severity=Severity.WARNING,
    needs=[Connection],
    needs_fault=[Connection],
    explains=["certificate.expired", "certificate.expires-soon", "http.acme-challenge-blocked"],
)
def port_closed(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    if target.port != 443:
        return
    closed = _closed_attempts(evidence)
    if not closed:
        return
    subjects = endpoints((attempt.address for attempt in closed), closed[0].port)
    kinds = {attempt.failure.kind for attempt in closed if attempt.failure}
    renewals = [
        failure
        for failure in evidence.good(RenewalFailure)
        if target.host in failure.names and _NOT_REACHED.search(failure.message)
    ]
    refused = kinds == {"refused"}
    settings = _settings(evidence, refused)
    optional = not renewals and settings is None and _is_optional(evidence)
    slip = _slip(evidence) if refused else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *([Subject()] if renewals or settings else [])),
        because=(*closed, *renewals, *([settings] if settings else [])),
        confidence=Confidence.LIKELY if kinds == {"timeout"} else Confidence.CERTAIN,
        severity=Severity.NOTE if optional else None,
        facts={
            "name": target.host,
            "addresses": tuple(subject.address for subject in subjects if subject.address),
            "refused": refused,
            "silent": kinds == {"timeout"},
            "renewal": renewals[0].message if renewals else "",
            "tool": settings.tool if settings else "",
            "source": settings.source if settings else "",
            "message": closed[0].failure.message if closed[0].failure else "",
            "slip": slip.port if slip else "",
            "slip_place": slip.place if slip else "",
        },
        # Its owner may have closed the port on purpose, unless a renewal needs it.
        fix=(slip and _moved(evidence, slip))
        or _fix(Nginx.of(evidence), _folder(settings), sure=refused and bool(renewals)),
    )


def _closed_attempts(evidence: Evidence) -> list[Connection]:
    """Return the connections to port 80 that failed at an address at which the site answers."""
    answering_addresses = {
        connection.address
        for connection in evidence.good(Connection)
        if connection.purpose == "target"
    }
    attempts = [attempt for attempt in evidence.of(Connection) if attempt.purpose == "plain"]
    open_addresses = {attempt.address for attempt in attempts if attempt.failure is None}
    return [
        attempt
        for attempt in attempts
        if attempt.failure
        and attempt.address in answering_addresses
        and attempt.address not in open_addresses
    ]


def _is_optional(evidence: Evidence) -> bool:
    """Return whether no browser asks for plain http: a WebSocket's address, or a name that browsers
    open by https alone."""
    target = evidence.target
    headers = [
        exchange.headers for exchange in evidence.good(Exchange) if exchange.purpose == "target"
    ]
    return target.scheme == "wss" or any(
        https_only(target.host, response_headers) for response_headers in headers or [()]
    )


def _settings(evidence: Evidence, refused: bool) -> ChallengeFolder | OwnServerRenewal | None:
    """Return the settings of a tool that renews the target's certificate over port 80. Where a tool
    listens itself, nobody else has to."""
    folders = (
        challenge_folder
        for challenge_folder in evidence.good(ChallengeFolder)
        if challenge_folder.name == evidence.target.host
    )
    own = (
        renewal
        for renewal in evidence.good(OwnServerRenewal)
        if renewal.name == evidence.target.host
    )
    return next(folders, None) or (None if refused else next(own, None))


def _folder(settings: ChallengeFolder | OwnServerRenewal | None) -> str:
    folder = settings.folder if isinstance(settings, ChallengeFolder) else ""
    return "" if re.search(r"[\s;{}\"'$\\]", folder) else folder


def _slip(evidence: Evidence) -> "SlippedPort | None":
    """Return the port on which another web server than nginx listens in the place of 80, by a slip
    in its configuration; None if port 80 has a listener, or where nothing is known."""
    listeners = evidence.good(Listeners)
    if not listeners or any(snapshot.on(80) for snapshot in listeners):
        return None
    # Imported late: few sites have this port closed.
    from checks.server import server_view
    from checks.server._port_edits import slipped_plain_port

    view = server_view(evidence)
    return slipped_plain_port(view) if view and view.server.pid is not None else None


def _moved(evidence: Evidence, slip: "SlippedPort") -> Fix | None:
    from checks.server import reload_steps, server_view

    view = server_view(evidence)
    if view is None or not slip.edits:
        return None
    return Fix((*slip.edits, *reload_steps(view.server)), Applicability.REVIEW)


def _fix(nginx: Nginx, folder: str, sure: bool) -> Fix:
    """Add a server block for port 80, with the folder of challenges, if nginx has none that
    visitors reach and no other program holds the port."""
    listeners = nginx.evidence.good(Listeners)
    is_port_taken = not listeners or any(snapshot.on(80) for snapshot in listeners)
    blocks = {
        id(selection.server.block): selection.server
        for selection in nginx.selected_servers()
        if selection.name_match == "exact"
    }
    changes: Changes = {}
    if nginx.master and not is_port_taken and not nginx.listen_sockets(80) and len(blocks) == 1:
        (server,) = blocks.values()
        _redirect_edits.add_redirect_server(
            nginx, _redirect_edits.tls_addresses(server.listens), folder, changes
        )
    return _redirect_edits.fix(nginx, changes, "open", sure)

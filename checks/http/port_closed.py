"""Port 80 does not answer where the target's port does. Browsers try https first by now, but old
links, other clients and HTTP-01 challenges (RFC 8555 section 8.3) come to port 80."""

from collections.abc import Iterator

from checks.http import _redirects
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    endpoints,
    together,
)
from diagnose.model.http import Exchange
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.http import https_only


@check(
    severity=Severity.WARNING,
    needs=[Connection],
    explains=["http.acme-challenge-blocked"],
)
def port_closed(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    if target.port != 443:
        return
    answering = {one.address for one in evidence.good(Connection) if one.purpose == "target"}
    tries = [one for one in evidence.of(Connection) if one.purpose == "plain"]
    open_somehow = {one.address for one in tries if one.failure is None}
    closed = [
        one
        for one in tries
        if one.failure and one.address in answering and one.address not in open_somehow
    ]
    if not closed:
        return
    subjects = endpoints((one.address for one in closed), closed[0].port)
    kinds = {one.failure.kind for one in closed if one.failure}
    headers = [one.headers for one in evidence.good(Exchange) if one.purpose == "target"]
    optional = target.scheme == "wss" or any(
        https_only(target.host, given) for given in headers or [()]
    )
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(closed),
        confidence=Confidence.LIKELY if kinds == {"timeout"} else Confidence.CERTAIN,
        severity=Severity.NOTE if optional else None,
        facts={
            "name": target.host,
            "addresses": tuple(one.address for one in subjects if one.address),
            "refused": kinds == {"refused"},
            "silent": kinds == {"timeout"},
            "message": closed[0].failure.message if closed[0].failure else "",
        },
        fix=_fix(Nginx.of(evidence), sure=kinds == {"refused"} and not optional),
    )


def _fix(nginx: Nginx, sure: bool) -> Fix:
    """nginx gets a block for port 80, where it has none that visitors meet and nobody else holds
    the port."""
    listeners = nginx.evidence.good(Listeners)
    held = not listeners or any(one.on(80) for one in listeners)
    blocks = {id(one.server.block): one.server for one in nginx.answering() if one.how == "exact"}
    changes: Changes = {}
    if nginx.master and not held and not nginx.listening(80) and len(blocks) == 1:
        (server,) = blocks.values()
        _redirects.added(nginx, _redirects.beside(server.listens), "", changes)
    return _redirects.fix(nginx, changes, "open", sure)

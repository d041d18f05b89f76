"""Apache or Caddy asks for a password (RFC 7617), and the page's scripts send a token of their own
in the same field: `Authorization: Bearer …`. A request has one such field (RFC 9110 section
11.6.2), so that the token takes the password's place, and the server answers 401.

The evidence is the log: a browser that had just sent a user has none in a request of the page, and
is refused where the server surely asks everybody. Whether the field held a token is not in the log.
"""

import re
from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures, request_facts
from checks.server import ServerView, file_rows, place_text, server_on_port
from checks.server._apache_sections import lines_for
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
)
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import takes

_APACHE_ASKS = re.compile(r"(?i)\s*AuthType\s+\"?Basic\"?\s*$")
_APACHE_WANTS = re.compile(r"(?i)\s*Require\s+(?:valid-user|user|group)\b")
_APACHE_REALM = re.compile(r"(?i)\s*AuthName\s+(\"[^\"]{0,200}\"|\S{1,200})")
#: Who has no password may come in as well (mod_authz_core, mod_access_compat).
_APACHE_EXCEPTS = re.compile(
    r"(?i)\s*(?:Satisfy\s+any|AuthType\s+\"?None|Require\s+(?!valid-user|user|group))"
)
_CADDY_ASKS = re.compile(r"\s*basic_?auth(?:\s+(?P<matcher>/[^\s*{]*)\*?)?\s*\{\s*$")


@frozen
class _AskingLine:
    file: str
    number: int
    text: str


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["server.other-requests-failed", "server.own-answer", "server.rule-refuses"],
)
def token_refused(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or len(view.answering_sites) != 1:
        return
    (site,) = view.answering_sites
    refused: dict[_AskingLine, list[FailedRequests]] = {}
    for failure in current_failures(evidence, {401}, view.server.product):
        # Scripts ask for data; what ends with a slash is a page that a visitor opens.
        is_data = failure.lost_user and not failure.path.endswith("/")
        asking = _asking_line(view, site, failure.path) if is_data else None
        if asking is not None:
            refused.setdefault(asking, []).append(failure)
    for asking, failures in refused.items():
        first = failures[0]
        subjects = tuple(
            Subject(port=evidence.target.port, path=failure.path) for failure in failures
        )
        yield Claim(
            about=subjects[0],
            covers=subjects,
            because=(*failures, view.config, view.server),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                **request_facts(evidence, first, None),
                "times": sum(failure.times for failure in failures),
                "others": tuple(f"{failure.method} {failure.path}" for failure in failures[1:]),
                "line": asking.text,
                "place": place_text(asking.file, asking.number),
                view.server.product: True,
            },
            fix=Fix((Manual("one-field-one-login", Where.SERVER),), Applicability.MANUAL),
        )


def _asking_line(view: ServerView, site: WebSite, path: str) -> _AskingLine | None:
    """Return the line by which the server surely asks everybody for a password at a path."""
    of_product = {"apache": _of_apache, "caddy": _of_caddy}.get(view.server.product)
    lines = of_product(view, site, path) if of_product else ()
    return next(iter(lines), None)


def _of_apache(view: ServerView, site: WebSite, path: str) -> Iterator[_AskingLine]:
    lines = list(lines_for(view, site, path))
    file = view.config.file(site.file) if view.config else None
    own = file_rows(view, file)[site.line : site.end] if file else []
    realms = {match[1].strip('"') for line in own if (match := _APACHE_REALM.match(line))}
    if len(realms) > 1:
        # A browser has no password for a second realm (RFC 9110 section 11.5).
        return
    for line in lines:
        counting = [other.text for other in lines if other.order >= line.order]
        if not _APACHE_ASKS.match(line.text) or any(map(_APACHE_EXCEPTS.match, counting)):
            continue
        if any(map(_APACHE_WANTS.match, counting)):
            yield _AskingLine(site.file, line.number, line.text.strip())


def _of_caddy(view: ServerView, site: WebSite, path: str) -> Iterator[_AskingLine]:
    """Yield the lines of the site's own block: one inside of another block is for less."""
    file = view.config.file(site.file) if view.config else None
    depth = 0
    for number, text in enumerate(file_rows(view, file)[: site.end] if file else (), 1):
        if number <= site.line:
            continue
        match = _CADDY_ASKS.match(text) if depth == 0 else None
        if match and takes(match["matcher"] or "/", path):
            yield _AskingLine(site.file, number, text.strip(" \t{"))
        depth += text.rstrip().endswith("{") - (text.strip() == "}")

"""The file of an ACME challenge is not where the web server looks for it: the client writes it
below another folder (RFC 8555 section 8.3: 404 where the authority asks for the token).

It is judged at the address of a real token alone. Any other challenge is nowhere, and no fault. Nor
is one where the client's settings name the folder in which the server looks: clients remove the
file after each attempt.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._challenges import written_folder
from checks.http._served_challenges import serving_fix
from checks.nginx import Nginx, file_line
from checks.server import place_text, server_on_port
from checks.server._rules import decisive_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.renewal import ChallengeFolder
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: A token has at least 128 bits, in base64url (RFC 8555 section 8).
_TOKEN = re.compile(r"/\.well-known/acme-challenge/[A-Za-z0-9_-]{22,128}")


@frozen
class _Place:
    """Where the server looks for the file, and the line that says so."""

    file: str
    line: str
    server: str = "nginx"


@check(
    severity=Severity.WARNING,
    # Listeners: only a look at the server shows where the file would be.
    needs=[Exchange, Listeners],
    needs_fault=[Exchange],
    explains=["nginx.own-answer", "server.own-answer"],
)
def acme_challenge_missing(evidence: Evidence) -> Iterator[Claim]:
    path = evidence.target.path_without_query
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    place = _place(evidence, path) if pages and _TOKEN.fullmatch(path) else None
    if place is None or not place.file.endswith(path) or _is_written_there(evidence, place, path):
        return
    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        facts={
            "url": pages[0].url,
            "file": place.file,
            "folder": place.file.removesuffix(path) or "/",
            "server": place.server,
            "name": evidence.target.host,
            "nginx": place.server == "nginx",
            "place": place.line,
        },
        fix=(serving_fix(nginx) if place.server == "nginx" else None)
        or Fix((Manual("same-folder", Where.SERVER),), Applicability.MANUAL),
    )


def _is_written_there(evidence: Evidence, place: _Place, path: str) -> bool:
    """Return whether the client's settings, or its message, name the folder in which the server
    looks."""
    looked = posixpath.normpath(place.file.removesuffix(path) or "/")
    below = posixpath.normpath(posixpath.dirname(place.file))
    written = written_folder(evidence)
    if written and posixpath.normpath(written.folder) == (below if written.holds_files else looked):
        return True
    return any(
        looked == posixpath.normpath(settings.folder) or below in settings.same_as
        for settings in evidence.good(ChallengeFolder)
        if settings.name == evidence.target.host
    )


def _place(evidence: Evidence, path: str) -> _Place | None:
    """Return where the file would be; None if the server passes the request on, or nobody knows."""
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(path):
        served = served_file(match, path, start=nginx.start_folder)
        if pass_directive_of(match) is None and served is not None:
            return _Place(served.path, file_line(served.directive))
    view = server_on_port(evidence)
    if view is None or decisive_rule(view, path, False, 404):
        return None  # a rule answers before the file is looked for
    for site in view.sites_at_target:
        if site.root and not site.routes and not site.gateways:
            line = place_text(site.file, site.line)
            return _Place(f"{site.root.rstrip('/')}{path}", line, view.server.title)
    return None

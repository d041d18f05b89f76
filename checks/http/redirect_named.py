"""A person's words name a redirect that the run got, from the asked address to another: the line
that makes it is named. nginx adds a slash itself for a `location` with the slash that passes
requests on (ngx_http_core_module, "location"), and for a folder, as Apache does (mod_dir,
"DirectorySlash").

Without such words a redirect is no fault. A redirect between http and https alone is another
question.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._redirects import find_redirect
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._location_edits import copied_lines
from checks.server import ServerView, line_text, place_text, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.nginx.edits import insert_before
from diagnose.parsers.nginx.locations import LocationMatch, match_location, proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS, redirect_target
from diagnose.parsers.urls import parse_url

#: A path that nginx's configuration has without quotes.
_PLAIN = re.compile(r"/[\w./~-]{1,200}", re.ASCII)
#: What may stand around an address in a sentence.
_SPLIT = re.compile(r"[\s\"'`“”‘’«»<>，。；、（）()\[\]]+")
#: A line of Apache or Caddy that redirects.
_REDIRECT = re.compile(r"(?i)\s*(?:redir|redirect|redirectmatch|redirectpermanent|rewriterule)\s")
#: That it happens without being asked for.
_UNASKED = re.compile(
    r"(?i)\b(?:automatic\w*|always|every ?time|keeps?|without asking)\b|自动|总是|一直|每次"
)


@frozen(eq=False)
class _Sender:
    """What makes the redirect: a line and its place. `slash` is True if it is the slash that a
    server adds to a location's or a folder's address, `folder` if to a folder's."""

    server: str
    text: str = ""
    place: str = ""
    slash: bool = False
    folder: bool = False
    match: LocationMatch | None = None


@check(severity=Severity.WARNING, needs=[Exchange, Host])
def redirect_named(evidence: Evidence) -> Iterator[Claim]:
    target, symptom = evidence.target, evidence.target.symptom
    if symptom is None or symptom.kind != "wrong-address":
        return
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(target)]
    step = next((page for page in pages if page.status in REDIRECTS), None)
    onward = redirect_target(step) or "" if step else ""
    if step is None or not _is_named(symptom.text, step.url, onward):
        return
    sender = _nginx_sender(evidence, step, onward) or _server_sender(evidence, step, onward)
    if sender is None:
        return
    path = parse_url(step.url)
    subjects = endpoint_subjects([step])
    fix = _fix(evidence, sender, path.path if path else "")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(step,),
        facts={
            "url": step.url,
            "onward": onward,
            "status": step.status,
            "path": path.path if path else "",
            "server": sender.server,
            "line": sender.text,
            "place": sender.place,
            "slash": sender.slash,
            "folder": sender.folder,
            "edited": fix.applicability is not Applicability.MANUAL,
        },
        # The line is sure; that it is not meant, only the words say.
        confidence=Confidence.LIKELY,
        fix=fix,
    )


def _is_named(text: str, url: str, onward: str) -> bool:
    """Return whether the words name where the redirect leads, and whence it comes, or that nobody
    asked for it."""
    words = {word.rstrip(".,;:!?") for word in _SPLIT.split(text)[:2000]}
    own, to = parse_url(url), parse_url(onward)
    if own is None or to is None or (own.host, own.path) == (to.host, to.path):
        return False
    is_same_site = own.host == to.host
    named = onward in words or (is_same_site and to.path != "/" and to.path in words)
    return named and (url in words or own.path in words or bool(_UNASKED.search(text)))


def _nginx_sender(evidence: Evidence, step: Exchange, onward: str) -> _Sender | None:
    nginx, url, to = Nginx.of(evidence), parse_url(step.url), parse_url(onward)
    if nginx.config is None or url is None or to is None:
        return None
    if own := find_redirect(nginx, step):
        text = own.directive.text
        return _Sender("nginx", text, file_line(own.directive))
    path = url.path.partition("?")[0]
    servers = {
        id(answering_server.server.block): answering_server.server
        for answering_server in nginx.answering_servers()
    }
    if len(servers) != 1 or step.status != 301 or to.path.partition("?")[0] != f"{path}/":
        return None
    match = match_location(next(iter(servers.values())), path)
    if match.redirects:
        text = match.block.text
        return _Sender("nginx", text, file_line(match.block), slash=True, match=match)
    if proxy_pass_of(match) is not None or match.directive("fastcgi_pass") is not None:
        return None
    return _Sender("nginx", slash=True, folder=True)


def _server_sender(evidence: Evidence, step: Exchange, onward: str) -> _Sender | None:
    view, url, to = server_on_port(evidence), parse_url(step.url), parse_url(onward)
    if view is None or view.config is None or url is None or to is None:
        return None
    # Imported late: most sites have one web server.
    from checks.server._redirect_lines import redirecting_line
    from diagnose.model.web_servers import TITLES
    from diagnose.parsers.web_sites import route_of

    title = TITLES[view.server.product]
    if line := redirecting_line(view, step):
        return _Sender(title, line.text.strip(), line.place)
    if placed := _written_line(view, url.path, onward):
        return _Sender(title, *placed)
    sites = view.answering_sites
    is_slash = step.status in {301, 308} and to.path == f"{url.path}/"
    is_own = len(sites) == 1 and route_of(sites[0], url.path, False) is None
    if not is_slash or not is_own or view.server.product not in {"apache", "caddy"}:
        return None
    return _Sender(title, slash=True, folder=True)


def _written_line(view: ServerView, path: str, onward: str) -> tuple[str, str] | None:
    """Return the one line of the answering sites that names both paths, and its place."""
    to, found = parse_url(onward), []
    for site in view.answering_sites:
        for number in range(site.line + 1, min(site.end, site.line + 2000)):
            text = line_text(view, site.file, number)
            words = {word.strip("\"'^$") for word in text[:500].split()}
            if _REDIRECT.match(text) and path in words and words & {onward, to.path if to else ""}:
                found.append((text.strip(), place_text(site.file, number)))
    return found[0] if len(found) == 1 else None


def _fix(evidence: Evidence, sender: _Sender, path: str) -> Fix:
    if not sender.slash:
        return Fix((Manual("change-the-line", Where.SERVER),), Applicability.MANUAL)
    if sender.folder or sender.match is None:
        return Fix((Manual("name-with-slash", Where.SERVER),), Applicability.MANUAL)
    return _exact_fix(evidence, sender.match, path) or Fix(
        (Manual("exact-location", Where.SERVER),), Applicability.MANUAL
    )


def _exact_fix(evidence: Evidence, match: LocationMatch, path: str) -> Fix | None:
    """Return the edit that gives the path without the slash a location of its own, as it would have
    without the one that has the slash; None if that one is not plain."""
    nginx = Nginx.of(evidence)
    file = nginx.file(match.block)
    server = next(iter(nginx.answering_servers())).server
    other = match_location(server, f"{path}-")
    if file is None or not _PLAIN.fullmatch(path) or other.redirects:
        return None
    lines = copied_lines(nginx, other.block) if proxy_pass_of(other) is not None else None
    if not lines or other.block.name != "location":
        return None
    block = [f"location = {path} {{", *(f"    {line}" for line in lines), "}"]
    edit = config_edit(nginx, file.path, insert_before(file.text, match.block, block))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None

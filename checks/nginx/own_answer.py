"""The error is nginx's own answer, and no application was asked: the directive that makes it is
named, with the line of the error log about this request (ngx_http_rewrite_module, "return";
ngx_http_access_module; ngx_http_auth_basic_module).

A 404 without such a directive is that of a file which is not there.

Mostly it is meant, so that it is a note. It is a fault if a password was sent and refused, or a
token that is meant for the application (a request has one Authorization, RFC 9110 section 11.6.2);
or if the site works over https and an address with http ends here: then a redirect is missing; or
if `root` or `alias` has the address of an application, where proxy_pass is meant.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects
from checks.http._challenges import challenge_faults
from checks.nginx import Nginx, file_line
from checks.nginx._answering_rules import BROWSER, answering_rules
from checks.nginx._page_errors import is_in_run, logged_errors
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
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.access_phases import possible_results
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch

if TYPE_CHECKING:
    from diagnose.parsers.nginx.commented_blocks import CommentedLocation

#: The field, and its scheme if that is shown. ngx_http_auth_basic_module reads Basic only.
_CREDENTIALS = re.compile(r"(?i)authorization: (?:([a-z]+) )?")
_ADDRESSES = ("http://", "https://")
#: The user in the words of ngx_http_auth_basic_module, and the file that lacks him.
_USER = re.compile(r'^user "([^"\s:]{1,200})"(?: was not found in "([^"]{1,500})")?')


#: What closes a path on purpose.
_GUARDS = frozenset({"auth_basic", "auth_request", "deny"})


@frozen
class _Credentials:
    """What a request sent as Authorization: the scheme, "" if it is not shown."""

    scheme: str

    @property
    def is_password(self) -> bool:
        return self.scheme.lower() == "basic"


@check(severity=Severity.NOTE, needs=[NginxConfig, Exchange])
def own_answer(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = _own_pages(evidence)
    decisive = _decisive(nginx, pages[0]) if pages else None
    folder = None if decisive or not pages else _folder(nginx, pages[0])
    directive = folder.directive if folder else decisive
    if directive is None:
        return
    address = folder.address if folder else ""
    page, subjects = pages[0], endpoint_subjects(pages)
    lines = _log_lines(evidence)
    sent = _refused_credentials(page)
    is_plain = _is_redirect_missing(nginx, page)
    is_guard = directive.name in _GUARDS and not (sent or is_plain)
    if _is_told_by_rule(nginx, directive) and not (sent or is_plain or address):
        return
    # Imported late: only an error needs it.
    from checks.nginx._own_answer_edits import reported_manifest
    from checks.nginx._unreachable_lines import removal, unreachable_line

    manifest = reported_manifest(evidence) if is_guard and page.status == 401 else ""
    guarded = _guarded(nginx, manifest)
    if manifest and guarded is None:
        return  # The message is about a manifest that is open, and the page is closed on purpose.

    dead = None if sent or is_plain or address else unreachable_line(nginx, directive)
    comment = _comment(nginx) if folder and folder.file and not (is_plain or dead) else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *lines[-1:], *nginx.configs),
        severity=Severity.WARNING if sent or is_plain or address or dead or comment else None,
        confidence=Confidence.LIKELY if dead or comment else Confidence.CERTAIN,
        location=nginx.location(directive),
        consequence_of=challenge_faults(evidence.target.path),
        facts={
            "url": page.url,
            "status": page.status,
            "statement": directive.text,
            "place": file_line(directive),
            "log": lines[-1].text if lines else "",
            "file": folder.file if folder else "",
            "address": address,
            "password": sent is not None and sent.is_password,
            "token": sent is not None and not sent.is_password,
            "scheme": sent.scheme if sent else "",
            "plain": is_plain,
            **_dead_facts(dead),
            **_comment_facts(comment[0] if comment else None),
            "asks": directive.name == "auth_basic",
            "manifest": manifest,
            "unknown_user": any("was not found" in line.text for line in lines),
            "command": _password_command(nginx, lines) if sent and sent.is_password else "",
        },
        fix=(removal(nginx, directive) if dead else None)
        or (comment[1] if comment else None)
        or _written_fix(nginx, directive, is_plain, address)
        or (_manifest_fix(nginx, guarded, manifest) if guarded else None)
        or _by_hand(sent, is_guard=is_guard),
    )


def _own_pages(evidence: Evidence) -> list[Exchange]:
    return [
        page
        for page in page_exchanges(evidence)
        if 400 <= (page.status or 0) < 500 and proxy_page(page.body) == "nginx"
    ]


def _log_lines(evidence: Evidence) -> list[LogLine]:
    """Return what nginx wrote about this run's own request."""
    errors = logged_errors(evidence, r".", evidence.target.path)
    return [line for line, _ in errors if is_in_run(evidence, line)]


def _refused_credentials(page: Exchange) -> _Credentials | None:
    """Return what was sent to a page that asks for a password; None if nothing was."""
    sent = _CREDENTIALS.search(page.equivalent) if page.status == 401 else None
    return _Credentials(sent[1] or "") if sent else None


def _dead_facts(dead: Directive | None) -> dict[str, str]:
    """Return the line that is never reached."""
    return {
        "dead": dead.text if dead else "",
        "dead_place": file_line(dead) if dead else "",
    }


def _comment_facts(location: "CommentedLocation | None") -> dict[str, str]:
    """Return the location for the path that stands in a comment."""
    return {
        "comment": location.path if location else "",
        "comment_place": f"{location.edit.file}:{location.line}" if location else "",
    }


def _guarded(nginx: Nginx, manifest: str) -> LocationMatch | None:
    """Return the location of a manifest that asks for a password."""
    for match in nginx.location_matches(manifest) if manifest else ():
        guard = match.directive("auth_basic")
        if guard is not None and guard.args[:1] != ("off",):
            return match
    return None


def _written_fix(nginx: Nginx, directive: Directive, is_plain: bool, address: str) -> Fix | None:
    """Write what is meant in the place of a line: a redirect to https, or the application."""
    # Imported late: only an error needs it.
    from checks.nginx._commands import reload_steps
    from checks.nginx._own_answer_edits import passing_edits, redirect_edits

    file_edits = redirect_edits(nginx, directive) if is_plain else ()
    if address and not is_plain:
        file_edits = passing_edits(nginx, directive, address)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def _manifest_fix(nginx: Nginx, guarded: LocationMatch, manifest: str) -> Fix:
    # Imported late: only an error needs it.
    from checks.nginx._own_answer_edits import manifest_steps

    typed = manifest_steps(nginx, guarded, manifest)
    step = Manual("leave-it-closed", Where.SERVER, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _comment(nginx: Nginx) -> "tuple[CommentedLocation, Fix] | None":
    """Return the location for the path that stands in a comment as a whole."""
    from checks.http._commented_locations import commented_location

    return commented_location(nginx, nginx.evidence.target.path_without_query)


def _by_hand(sent: _Credentials | None, *, is_guard: bool) -> Fix:
    if sent:
        step = "password" if sent.is_password else "token"
    else:
        step = "leave-it-closed" if is_guard else "change-the-rule"
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _password_command(nginx: Nginx, lines: Sequence[LogLine]) -> str:
    """Return the command that sets the password of the user whom the log names, in the file of the
    site; the words stand for what is not known."""
    users = [match for line in lines if (match := _USER.search(line.text))]
    files = {match[2] for match in users if match[2]} or {
        directive.args[0]
        for match in nginx.location_matches(nginx.evidence.target.path_without_query)
        for directive in match.directives("auth_basic_user_file")
        if directive.args and "$" not in directive.args[0]
    }
    path = nginx.resolve_path(files.pop()) if len(files) == 1 else ""
    return shlex.join(("htpasswd", path or "FILE", users[-1][1] if users else "USER"))


def _is_told_by_rule(nginx: Nginx, directive: Directive) -> bool:
    """Return whether nginx.rule-refuses names the same line, with its condition."""
    # Imported late: only an error needs it.
    from checks.nginx.rule_refuses import severity

    return any(
        rule.directive is directive and severity(nginx.evidence, rule) is not None
        for rule in answering_rules(nginx)
    )


@frozen
class _Folder:
    """The `root` or `alias` by which nginx looks for a file that is not there: the `file`, or the
    `address` of an application in its place."""

    directive: Directive
    file: str = ""
    address: str = ""


def _folder(nginx: Nginx, page: Exchange) -> _Folder | None:
    """Return what nginx looked for, if it answers 404 for a path below the site's root."""
    # Imported late: only an error needs it.
    from checks.nginx._inner_blocks import ending_locations

    visited_path = nginx.evidence.target.path_without_query
    match, path = next(ending_locations(nginx, visited_path), (None, visited_path))
    if match is None or page.status != 404 or visited_path == "/":
        return None
    for name in ("alias", "root"):
        directive = match.directive(name)
        if directive and directive.args and directive.args[0].startswith(_ADDRESSES):
            return _Folder(directive, address=directive.args[0])
    served = served_file(match, path, start=nginx.start_folder)
    return _Folder(served.directive, file=served.path) if served else None


def _decisive(nginx: Nginx, page: Exchange) -> Directive | None:
    """Return the only directive by which nginx answers the page with this status; None if several
    may, or none does."""
    # Imported late: only an error needs it.
    from checks.nginx._inner_blocks import answering_block, ending_locations

    path = nginx.evidence.target.path_without_query
    if page.status == 401:
        match = next((match for match, _ in ending_locations(nginx, path)), None)
        guard = match.directive("auth_basic") if match else None
        return guard if guard and guard.args[:1] != ("off",) else None
    if page.status == 404 and (internal := _internal(nginx, path)):
        return internal
    target = nginx.evidence.target
    scheme = "https" if target.uses_tls else "http"
    fields = (("user-agent", BROWSER), ("referer", ""), ("upgrade", ""))
    request = ClientRequest("", target.host, path, scheme, page.port, page.method, fields=fields)
    inner = answering_block(nginx, path)
    requests = [(selected.server, request) for selected in nginx.answering_servers()]
    if inner is not None:
        requests = [(inner.server, inner.client_request(request))]
    decisive_headers = {
        id(result.decided_by): result.decided_by
        for server, request in requests
        for result in possible_results(server, request)
        if result.status == page.status and result.decided_by is not None
    }
    decisive = next(iter(decisive_headers.values())) if len(decisive_headers) == 1 else None
    # Whom a list of addresses lets pass is the question of nginx.front-address-denied.
    is_list = decisive is not None and decisive.name == "deny"
    is_for_all = inner is not None and not inner.match.directives("allow")
    return None if is_list and not is_for_all else decisive


def _internal(nginx: Nginx, path: str) -> Directive | None:
    """Return the `internal` by which a location answers 404 to every request of a visitor
    (ngx_http_core_module), None if none does."""
    from checks.nginx._inner_blocks import ending_locations

    matches = ending_locations(nginx, path)
    directives = (line for match, _ in matches for line in children(match.block, "internal"))
    return next(directives, None)


def _is_redirect_missing(nginx: Nginx, page: Exchange) -> bool:
    """Return whether a page of http ends here, and the name has a block of its own for https. A
    challenge is asked for over http (RFC 8555 section 8.3), and need not be redirected."""
    if nginx.evidence.target.path.startswith(CHALLENGES):
        return False
    if page.url.startswith("https:") or page.status not in {403, 404, 410}:
        return False
    kinds = {
        server_blocks.select_server(socket, nginx.evidence.target.host)[1]
        for socket in nginx.listen_sockets(443)
    }
    return "exact" in kinds

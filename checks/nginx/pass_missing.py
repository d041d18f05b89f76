"""A location has settings for an application (`proxy_set_header`) and no directive that passes the
request on: nginx looks for files in the inherited or built-in root (ngx_http_proxy_module)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import insert_lines, location_fix
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Listeners
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.commented_lines import CommentedLine, commented_lines
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, LocationMatch
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.urls import parse_url

#: What the settings of an application begin with, and the directive that passes a request on.
_PASS_OF_PREFIX = {
    "proxy_": "proxy_pass",
    "fastcgi_": "fastcgi_pass",
    "uwsgi_": "uwsgi_pass",
    "scgi_": "scgi_pass",
    "grpc_": "grpc_pass",
}
#: Directives that answer, or choose another location or folder.
_ANSWERS = {*PASS_DIRECTIVES, "return", "rewrite", "try_files", "root", "alias", "error_page"}
_REFUSALS = {403, 404, 405}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "nginx.index-missing",
        "nginx.target-not-found",
        "nginx.file-forbidden",
        "nginx.own-answer",
        "nginx.method-not-allowed",
        "nginx.front-controller-missing",
        "http.not-the-site",
        "websocket.no-location",
        "websocket.not-upgraded",
    ],
)
def pass_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = page_exchanges(evidence)
    if not pages or not all(map(_is_answered_by_nginx, pages)):
        return
    for match in nginx.location_matches(target.path):
        setting = _setting_of_application(match.block)
        if setting is None:
            continue
        pass_name = _pass_name(setting)
        changes: Changes = {}
        commented = _commented_pass(nginx, match, pass_name)
        line = "" if commented else _only_pass_of_server(match, pass_name)
        if commented:
            changes[match.block.file] = [commented.edit]
        elif line:
            insert_lines(nginx, match, [line], changes)
        edits = config_edits(nginx, changes)
        yield Claim(
            about=Subject(port=target.port, path=target.path_without_query),
            covers=(Subject(port=target.port),),
            because=(*pages, *nginx.configs),
            facts={
                "url": target.url,
                "status": pages[0].status or "",
                "place": file_line(match.block),
                "setting": setting.name,
                "directive": pass_name,
                "line": line,
                "commented": " ".join((pass_name, *commented.directive.args)) if commented else "",
            },
            location=nginx.location(match.block),
            fix=location_fix(nginx, match, edits, sure=False)
            if edits
            else Fix(
                (Manual("pass-it-on", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL
            ),
        )


def _is_answered_by_nginx(page: Exchange) -> bool:
    is_refused = page.status in _REFUSALS and proxy_page(page.body) == "nginx"
    return is_refused or is_default_page(page.status, page.body)


def _setting_of_application(location: Directive) -> Directive | None:
    """Return the first setting for an application, if nothing in the location answers."""
    directives = location.block or ()
    conditional = [
        directive for outer in children(location, "if") for directive in outer.block or ()
    ]
    if location.name != "location" or any(
        directive.name in _ANSWERS for directive in (*directives, *conditional)
    ):
        return None
    return next((directive for directive in directives if _pass_name(directive)), None)


def _pass_name(setting: Directive) -> str:
    prefixes = (prefix for prefix in _PASS_OF_PREFIX if setting.name.startswith(prefix))
    return _PASS_OF_PREFIX.get(next(prefixes, ""), "")


def _commented_pass(nginx: Nginx, match: LocationMatch, pass_name: str) -> CommentedLine | None:
    """Return the line that stands in a comment of the location; of several the only one at whose
    port of this server something listens."""
    file = nginx.file(match.block)
    lines = list(commented_lines(file.text, match.block, {pass_name})) if file else []
    if len(lines) < 2:
        return lines[0] if lines else None
    ports = {socket.port for seen in nginx.evidence.good(Listeners) for socket in seen.sockets}
    served = [
        line
        for line in lines
        if (url := parse_url(line.directive.args[0])) and is_local_host(url.host)
        if url.port in ports
    ]
    return served[0] if len(served) == 1 else None


def _only_pass_of_server(match: LocationMatch, pass_name: str) -> str:
    """Return the line that passes requests on in the other locations of the server block, "" if
    there is none or they differ."""
    server = match.blocks[1]
    pass_lines = {
        " ".join(directive.args)
        for directive in walk(server.block or ())
        if directive.name == pass_name
    }
    return f"{pass_name} {pass_lines.pop()};" if len(pass_lines) == 1 else ""

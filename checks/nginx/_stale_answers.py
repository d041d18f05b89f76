"""Answers that the configuration on disk would not give, and lines of nginx's log that it cannot
write: the running nginx has an older one.

The control is what the files say for the same request: nothing in them refuses it, and the
application, asked as they say, answers well; or the file that they name is there.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import is_in_run, logged_errors
from checks.nginx._page_files import examined_files
from diagnose.model import Observation
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, UpstreamTry
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import error_log, proxy_headers, server_blocks
from diagnose.parsers.nginx.access_phases import access_result
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.config import WITHOUT_ALWAYS, walk
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Directives by which nginx may answer a request in place of the application, beside those that
#: `access_result` computes.
_GUARDS = (
    "auth_basic", "auth_request", "auth_jwt", "limit_req", "limit_conn", "modsecurity",
    "proxy_cache", "fastcgi_cache", "uwsgi_cache", "secure_link", "access_by_lua_block",
    "access_by_lua_file", "rewrite_by_lua_block", "rewrite_by_lua_file", "js_access",
)  # fmt: skip
#: nginx looks for a file: ngx_http_static_module, ngx_http_index_module, ngx_http_autoindex_module.
_FILE = (
    r'(?:open(?:at)?\(\) )?"(/[^"]*)" (?:failed|is not found) \(2: '
    r'|directory index of "(/[^"]*)" is forb'
)


def stale_answer_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield what visitors got and would not get after a reload."""
    yield from _refused_page_symptoms(nginx)
    yield from _existing_file_symptoms(nginx)
    yield from minor_symptoms(nginx)
    if any(_folder_lines(nginx)):
        yield from _refusing_pages(nginx)


def minor_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield those with which the page itself works."""
    yield from _redirect_symptoms(nginx)
    yield from _upload_lines(nginx)
    if nginx.evidence.target.symptom is not None:
        yield from _field_symptoms(nginx)


def contradicting_lines(nginx: Nginx) -> tuple[LogLine, ...]:
    """Return the lines that an nginx with the configuration on disk cannot have written: each is
    later than the newest change."""
    return (
        *_folder_lines(nginx), *_rule_lines(nginx), *_upstream_lines(nginx), *_upload_lines(nginx)
    )  # fmt: skip


def _refusing_pages(nginx: Nginx) -> tuple[Exchange, ...]:
    """Return the visitors' responses, if all of them are errors or nginx's own redirects."""
    pages = tuple(page for page in page_exchanges(nginx.evidence) if page.status is not None)
    return pages if all(map(_is_refusing, pages)) else ()


def _redirect_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the unencrypted pages of port 80, where the files redirect there."""
    evidence, target = nginx.evidence, nginx.evidence.target
    main = nginx.config.main if nginx.config else ()
    request = ClientRequest("", target.host, target.path, "http", 80)
    results = [
        access_result(server, request)
        for _, server in server_blocks.answering_servers(main, target.host, 80)
    ]
    redirects = [result.decided_by for result in results if _is_redirect(result.decided_by)]
    if redirects and len(redirects) == len(results) and target.uses_tls:
        for exchange in evidence.good(Exchange):
            if exchange.purpose == "plain" and 200 <= (exchange.status or 0) < 300:
                yield exchange


def _is_redirect(directive: Directive | None) -> bool:
    """Return whether a rule redirects to https (ngx_http_rewrite_module, "return")."""
    args = directive.args if directive and directive.name == "return" else ()
    return bool(args) and args[0] in {"301", "302", "307", "308"} and args[-1].startswith("https:")


def _field_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the pages without a field that the files add, or with another value. It is looked for
    if a person misses something: a field alone harms nobody."""
    path = nginx.evidence.target.path
    matches = [
        final_location(answering_server.server, path)
        for answering_server in nginx.answering_servers()
    ]
    pages = [page for page in page_exchanges(nginx.evidence) if page.status is not None]
    for page in pages if matches and not nginx.is_refused else ():
        if all(_lacks_field(match, page) for match in matches):
            yield page


def _lacks_field(match: LocationMatch, page: Exchange) -> bool:
    for directive in match.directives("add_header"):
        name, value, *rest = (*directive.args, "", "")
        is_sent = page.status in WITHOUT_ALWAYS or "always" in rest
        values = [text for field, text in page.headers if field.lower() == name.lower()]
        if name and value and "$" not in value and is_sent and value not in values:
            return True
    return False


def _is_refusing(page: Exchange) -> bool:
    status = page.status or 0
    return status >= 400 or (300 <= status < 400 and proxy_page(page.body) == "nginx")


def _refused_page_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the responses that nginx or an application refuses, where the files pass the request on
    and the application accepts it."""
    pages = _refusing_pages(nginx)
    if not pages or not _passes_on(nginx):
        return
    for request in nginx.evidence.good(ComparedRequest):
        is_same = request.part == "none" and request.path == nginx.evidence.target.path
        is_redirect = min(page.status or 0 for page in pages) < 400
        if is_same and 200 <= (request.status or 0) < (300 if is_redirect else 400):
            yield from pages
            yield request


def _passes_on(nginx: Nginx) -> bool:
    """Return whether, by the files, an application gets the request for the target's page, and no
    rule stands in the way."""
    path, selections = nginx.evidence.target.path, nginx.answering_servers()
    for selection in selections:
        match = final_location(selection.server, path)
        result = access_result(selection.server, _request(nginx))
        is_open = result.verdict == "passes" and result.decided_by is None
        is_open = is_open and not result.personal and not _is_guarded(match)
        if not is_open or has_unknown_rules(selection.server, path):
            return False
        if pass_directive_of(match) is None or match.redirects:
            return False
    return bool(selections) and not nginx.is_refused


def _request(nginx: Nginx) -> ClientRequest:
    target = nginx.evidence.target
    scheme = "https" if target.uses_tls else "http"
    fields = (("user-agent", "diagnose"), ("referer", ""), ("upgrade", ""))
    return ClientRequest("", target.host, target.path, scheme, target.port, fields=fields)


def _is_guarded(match: LocationMatch) -> bool:
    directives = (match.directive(name) for name in _GUARDS)
    return any(directive and directive.args != ("off",) for directive in directives)


def _existing_file_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the responses that say that a file is not there, where the files lead to one that is,
    and that nginx's workers may read."""
    for page in _refusing_pages(nginx):
        accesses = nginx.evidence.good(PageFileAccess)
        existing = [access for access in accesses if access.url == page.url and _is_there(access)]
        if page.status in {403, 404} and proxy_page(page.body) == "nginx":
            yield from (*existing, page) if existing else ()
    for file in examined_files(nginx.evidence):
        if _is_there(file.access) and file.refused.response.status == 404:
            yield file.refused.response


def _is_there(access: PageFileAccess) -> bool:
    return access.exists and not access.denied_parts and not access.mistake


def _folder_lines(nginx: Nginx) -> Iterator[LogLine]:
    """Yield the lines about the target's page that name a file below none of the folders in the
    configuration on disk."""
    evidence, folders = nginx.evidence, _folders(nginx)
    uri = evidence.target.path_without_query
    for line, match in logged_errors(evidence, _FILE, uri) if folders else ():
        path = match[1] or match[2]
        is_own = path.endswith(uri) if uri != "/" else not line.text.startswith("open")
        is_below = any(path == folder or path.startswith(f"{folder}/") for folder in folders)
        if is_own and not is_below and _is_later(nginx, line):
            yield line


def _folders(nginx: Nginx) -> frozenset[str]:
    """Return every folder that `root` or `alias` names anywhere, and the default; none if one of
    them is not known (ngx_http_core_module, "root")."""
    start = nginx.start_folder
    if nginx.config is None or not start:
        return frozenset()
    folders = {posixpath.join(start, "html")}
    for directive in walk(nginx.config.main):
        if directive.name in {"root", "alias"} and directive.args:
            folders.add(posixpath.normpath(posixpath.join(start, directive.args[0])))
    return frozenset() if any("$" in folder for folder in folders) else frozenset(folders)


def _rule_lines(nginx: Nginx) -> Iterator[LogLine]:
    """Yield the lines in which a rule forbids the target's page, where the files have none."""
    lines = logged_errors(nginx.evidence, error_log.REFUSED_BY_RULE, nginx.evidence.target.path)
    for line, _ in lines if _passes_on(nginx) else ():
        if _is_later(nginx, line):
            yield line


def _upstream_lines(nginx: Nginx) -> Iterator[LogLine]:
    """Yield the lines about the target's page with an application that the files do not name."""
    evidence, path = nginx.evidence, nginx.evidence.target.path
    tries = [upstream_try for upstream_try in evidence.of(UpstreamTry) if upstream_try.path == path]
    known = {_authority(each) for each in tries}
    for line, _ in logged_errors(evidence, "", path) if tries else ():
        authority = error_log.upstream_authority(line)
        if authority and authority not in known and _is_later(nginx, line):
            yield line


def _authority(upstream_try: UpstreamTry) -> str:
    if upstream_try.socket:
        return f"unix:{upstream_try.socket}".lower()
    address = upstream_try.address or upstream_try.host
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{upstream_try.port}".lower()


def _upload_lines(nginx: Nginx) -> Iterator[LogLine]:
    """Yield the lines about bodies that nginx refused after the last change, and that the files
    allow (ngx_http_core_module, "client_max_body_size": 1m by default, 0 for no limit)."""
    changed = _last_change(nginx)
    for line in nginx.evidence.of(LogLine):
        size = error_log.refused_body_size(line.text)
        host = error_log.matching_lines([line], host=nginx.evidence.target.host)
        if not size or not host or changed is None or line.when < changed:
            continue
        limits = [_body_limit(location) for location in nginx.location_matches(line.path)]
        if limits and all(limit == 0 or limit >= size for limit in limits):
            yield line


def _body_limit(match: LocationMatch) -> int:
    directive = match.directive("client_max_body_size")
    size = proxy_headers.parse_size(directive.args[0]) if directive and directive.args else None
    return 1 << 20 if size is None else size


def _is_later(nginx: Nginx, line: LogLine) -> bool:
    """Return whether nginx wrote a line in this run, after the last change."""
    changed = _last_change(nginx)
    return changed is not None and line.when >= int(changed) and is_in_run(nginx.evidence, line)


def _last_change(nginx: Nginx) -> float | None:
    files = nginx.config.files if nginx.config else ()
    return max((file.changed for file in files if file.changed is not None), default=None)

"""What comes from the site today, and would come no more after an edit of nginx's files: the
location model answers before and after. No I/O.

A `location` or a `root` for one path takes others along. Only what this run has seen counts, and
only what is sure: another file than today's, a file in the place of an application, or a refusal.
"""

from collections.abc import Iterator, Mapping

from diagnose.model import Claim, Evidence
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.patch_faults import expanded_file
from diagnose.parsers.nginx.rewrites import rewritten
from diagnose.parsers.nginx.server_blocks import Server, servers
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

#: Maximum number of paths that are computed.
MAX_PATHS = 40
_GOOD = 200
#: What may refuse a request before nginx looks for its file.
_RULES = {"auth_basic", "auth_request", "deny", "if", "internal", "limit_except", "return"}
#: How a path is answered, and by what.
_Answer = tuple[str, str]


def lost_answers(
    evidence: Evidence, claim: Claim, config: NginxConfig, texts: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the paths of the site that come today, and would not after the files (by path) have
    these texts. What the claim itself is about may change."""
    host = evidence.target.host
    before = _of_host(config.main, host)
    after = _of_host(expanded_file(config, config.path, texts), host)
    if not before or len(before) != len(after):
        return ()
    paths = list(dict.fromkeys(_good_paths(evidence, claim)))[:MAX_PATHS]
    files = {path for file in evidence.good(PageFileResponse) for path in _path_of_file(file)}
    return tuple(
        path
        for path in paths
        if any(
            _is_lost(*pair, path) and not (path in files and _looks_alike(*pair, path))
            for pair in zip(before, after, strict=True)
        )
    )


def _path_of_file(file: PageFileResponse) -> Iterator[str]:
    url = parse_url(file.url)
    if url is not None and file.status == _GOOD and not file.is_html:
        yield url.path.partition("?")[0]


def _looks_alike(before: Server, after: Server, path: str) -> bool:
    """Return whether nginx looks for the same file first, as `try_files $uri` does. It is there: no
    page came in its place."""
    looks = [_first_file(server, path) for server in (before, after)]
    return looks[0] == looks[1] != ""


def _first_file(server: Server, path: str) -> str:
    """Return the file for which nginx looks first; "" if a rule leads elsewhere or refuses."""
    match = match_location(server, path)
    tried, whole = match.directive("try_files"), LocationMatch((server.http, server.block))
    rules = (*rewritten(whole, path).applied, *rewritten(match, path).applied)
    is_ruled = any(rules) or any(line.name in _RULES for line in match.block.block or ())
    is_other = tried is not None and tried.args[:1] != ("$uri",)
    if is_ruled or is_other or pass_directive_of(match):
        return ""
    served = served_file(match, path)
    return served.path if served else ""


def _of_host(main: tuple[Directive, ...], host: str) -> list[Server]:
    return [server for server in servers(main) if host in server.names]


def _good_paths(evidence: Evidence, claim: Claim) -> Iterator[str]:
    # An address is asked more than once: as a browser does, with another field.
    about = {each.url for each in claim.because if isinstance(each, (Exchange, PageFileResponse))}
    target = evidence.target
    for exchange in evidence.good(Exchange):
        is_page = (
            exchange.is_page_of(target) and exchange.method == "GET" and exchange.status == _GOOD
        )
        if is_page and exchange.url not in about:
            yield from _own_path(evidence, exchange.url)
    for file in evidence.good(PageFileResponse):
        is_used = file.status == _GOOD and not refusal(
            file.file_kind, _GOOD, file.headers, is_html=file.is_html
        )
        if is_used and not file.redirects and file.url not in about:
            yield from _own_path(evidence, file.url)


def _own_path(evidence: Evidence, text: str) -> Iterator[str]:
    url = parse_url(text)
    if url is not None and url.host == evidence.target.host and url.port == evidence.target.port:
        yield url.path.partition("?")[0]


def _is_lost(before: Server, after: Server, path: str) -> bool:
    if has_unknown_rules(before, path) or has_unknown_rules(after, path):
        return False
    old, new = _answer(before, path), _answer(after, path)
    if old[0] == "pass":
        return new[0] in {"file", "refused"}
    return old[0] == "file" and (new[0] == "refused" or (new[0] == "file" and new != old))


def _answer(server: Server, path: str) -> _Answer:
    """Return the file of a path, "pass" for an application, "refused" for a status, or "rule"."""
    match, own_path = final_request(server, path)
    if match.redirects:
        return "rule", ""
    if pass_directive_of(match) is not None:
        return "pass", ""
    rules = rewritten(match, own_path)
    if rules.ends:
        status = rules.applied[-1].args[0]
        return ("refused" if status.isdecimal() and int(status) >= 400 else "rule"), ""
    served = served_file(match, rules.path or own_path)
    return ("file", served.path) if served is not None else ("rule", "")

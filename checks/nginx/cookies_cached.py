"""nginx keeps a response in its cache together with its cookie, and hands one visitor's session to
all others (ngx_http_proxy_module, "proxy_cache_valid": a response with Set-Cookie is not cached,
unless "proxy_ignore_headers" names that field).

Nextcloud, ERPNext and others set a cookie with every answer, scripts and pictures included.
Visitors are then logged in as somebody else. A redirect to the login is such a response too: who
has just logged in gets it out of the cache, and the next login begins with the session of another.
The evidence is such a response, and the configuration; after a message about other people's
content, or about cookies, the configuration alone.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._cached_answers import (
    SESSION,
    cache_folder,
    cache_zone,
    heeding_fix,
    is_for_files,
    is_kept,
    module_prefix,
)
from diagnose.checking.registry import check
from diagnose.model import (
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
from diagnose.model.http import Exchange, header, page_exchanges
from diagnose.model.marks import Headers
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, match_location
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

#: The requests of visitors in a run whose response nginx may keep.
_VISITS = frozenset({"target", "browser", "redirect", "logged", "again", "login"})
#: What $upstream_cache_status says of a response that the application did not give just now.
_FROM_CACHE = frozenset({"HIT", "STALE", "UPDATING"})
#: How long a value of a cookie is that tells visitors apart.
_LONG = 20
_FIELD = "set-cookie"


@frozen
class _Stored:
    """A response with a cookie that nginx keeps: by which directive, and the cache's name.
    `is_removed` is True if the response takes the cookie away from its visitor, `is_hit` if nginx
    says that it came out of the cache."""

    response: Exchange | PageFileResponse | None
    cookie: str
    match: LocationMatch
    directive: Directive
    zone: str
    is_removed: bool = False
    is_hit: bool = False


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["nginx.private-page-cached"],
)
def cookies_cached(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    responses: tuple[Exchange | PageFileResponse, ...] = (
        *page_exchanges(evidence),
        *_other_visits(evidence),
        *evidence.good(PageFileResponse),
    )
    kept = [stored for response in responses for stored in _stored(nginx, response)]
    if not kept and page_exchanges(evidence):
        kept = list(_reported_caches(nginx))
    if not kept:
        return
    first = next((stored for stored in kept if stored.is_hit), kept[0])
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(first.directive)),
        covers=(NO_PORT,),
        because=(
            *([first.response] if first.response else page_exchanges(evidence)[:1]),
            *nginx.configs,
        ),
        confidence=Confidence.LIKELY,
        location=nginx.location(first.directive),
        facts={
            "url": first.response.url.partition("?")[0] if first.response else evidence.target.url,
            "location": first.match.block.text,
            "told": first.response is None,
            "hit": first.is_hit,
            "files": is_for_files(first.match),
            "cookie": first.cookie,
            "removed": first.is_removed,
            "directive": first.directive.text,
            "place": file_line(first.directive),
            "prefix": module_prefix(first.match),
            "zone": first.zone,
            "folder": cache_folder(first.match, first.zone),
        },
        fix=_fix(nginx, first),
    )


def _fix(nginx: Nginx, stored: _Stored) -> Fix:
    fix = heeding_fix(nginx, stored.match, stored.directive, "heed-the-cookie")
    end = Manual("end-the-sessions", Where.APPLICATION)
    return replace(fix, steps=(*fix.steps, end))


def _other_visits(evidence: Evidence) -> Iterator[Exchange]:
    """Yield the visitors' other requests: the next steps of redirects, and what failed before."""
    target = evidence.target
    for exchange in evidence.good(Exchange):
        url = parse_url(exchange.url)
        is_own = url is not None and url.host == target.host and exchange.port == target.port
        if is_own and exchange.purpose in _VISITS and not exchange.is_page_of(target):
            yield exchange


def _stored(nginx: Nginx, response: Exchange | PageFileResponse) -> Iterator[_Stored]:
    cookie, is_removed = _session_cookie(response.headers)
    url = parse_url(response.url)
    if not cookie or url is None or not response.status or nginx.is_refused:
        return
    if isinstance(response, Exchange) and response.method not in {"GET", "HEAD"}:
        return
    for selected in nginx.answering_servers():
        match = match_location(selected.server, url.path)
        for stored in _cache(match):
            is_nginx_own = _adds_cookie(match)
            if not is_nginx_own and is_kept(
                match, module_prefix(match), response.headers, response.status
            ):
                yield replace(
                    stored,
                    response=response,
                    cookie=cookie,
                    is_removed=is_removed,
                    is_hit=_is_hit(match, response.headers),
                )


def _adds_cookie(match: LocationMatch) -> bool:
    """Return whether nginx itself sets cookies in a location: those are not in its cache
    (ngx_http_headers_module, ngx_http_userid_module)."""
    adds = any(
        line.args[:1] and line.args[0].lower() == _FIELD for line in match.directives("add_header")
    )
    userid = match.directive("userid")
    return adds or (userid is not None and userid.args[:1] not in {(), ("off",)})


def _is_hit(match: LocationMatch, headers: Headers) -> bool:
    """Return whether nginx says in a field of the response that it came out of the cache."""
    return any(
        line.args[1:2] == ("$upstream_cache_status",)
        and (header(headers, line.args[0]) or "") in _FROM_CACHE
        for line in match.directives("add_header")
    )


def _reported_caches(nginx: Nginx) -> Iterator[_Stored]:
    """Yield the caches that would keep such a response, that of the page first, after a message
    about other people's content; after one about cookies that of the page alone."""
    symptom = nginx.evidence.target.symptom
    if symptom is None or symptom.kind not in {"cached", "cookie"} or nginx.is_refused:
        return
    path = nginx.evidence.target.path_without_query
    for selected in nginx.answering_servers():
        own = match_location(selected.server, path)
        others = all_locations(selected.server) if symptom.kind == "cached" else ()
        for match in (own, *others):
            if is_kept(match, module_prefix(match), ()):
                yield from _cache(match)


def _cache(match: LocationMatch) -> Iterator[_Stored]:
    """Yield the cache of a location, if it ignores that a response sets a cookie."""
    prefix = module_prefix(match)
    zone = cache_zone(match, prefix)
    if zone is None or _keeps_it_out(match, prefix):
        return
    for directive in match.directives(f"{prefix}_ignore_headers"):
        if _FIELD in map(str.lower, directive.args):
            yield _Stored(None, "", match, directive, zone.args[0])
            return


def _session_cookie(headers: Headers) -> tuple[str, bool]:
    """Return the name of a cookie that tells visitors apart, "" if there is none, and whether it is
    taken away: that ends the login of everybody who gets it."""
    for name, value in headers:
        pair = value.partition(";")[0]
        key, _, text = pair.partition("=")
        if name.lower() != _FIELD:
            continue
        text = text.strip()
        if not text or SESSION.search(key) or len(text) >= _LONG:
            return clean(key.strip(), 100), not text
    return "", False


def _keeps_it_out(match: LocationMatch, prefix: str) -> bool:
    """Return whether the cookie is taken away, or such a response is not kept."""
    hidden = (
        word.lower() for line in match.directives(f"{prefix}_hide_header") for word in line.args
    )
    kept_out = (word for line in match.directives(f"{prefix}_no_cache") for word in line.args)
    return _FIELD in hidden or any("set_cookie" in word for word in kept_out)

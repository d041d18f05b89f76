"""nginx keeps a response in its cache together with its cookie, and hands one visitor's session to
all others (ngx_http_proxy_module, "proxy_cache_valid": a response with Set-Cookie is not cached,
unless "proxy_ignore_headers" names that field).

Nextcloud, ERPNext and others set a cookie with every answer, scripts and pictures included.
Visitors are then logged in as somebody else. The evidence is such a response, and the
configuration; after a message about other people's content, the configuration alone.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._cached_answers import (
    SESSION,
    cache_folder,
    cache_zone,
    heeding_fix,
    is_kept,
    module_prefix,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.marks import Headers
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, match_location
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

#: How long a value of a cookie is that tells visitors apart.
_LONG = 20
_FIELD = "set-cookie"


@frozen
class _Stored:
    """A response with a cookie that nginx keeps: by which directive, and the cache's name.
    `is_removed` is True if the response takes the cookie away from its visitor."""

    response: Exchange | PageFileResponse | None
    cookie: str
    match: LocationMatch
    directive: Directive
    zone: str
    is_removed: bool = False


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["nginx.private-page-cached"],
)
def cookies_cached(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    responses: tuple[Exchange | PageFileResponse, ...] = (
        *page_exchanges(evidence),
        *evidence.good(PageFileResponse),
    )
    kept = [stored for response in responses for stored in _stored(nginx, response)]
    symptom = evidence.target.symptom
    if not kept and symptom is not None and symptom.kind == "cached" and page_exchanges(evidence):
        kept = list(_configured(nginx))
    if not kept:
        return
    first = kept[0]
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(first.directive)),
        covers=(NO_PORT,),
        because=(
            *([first.response] if first.response else page_exchanges(evidence)[:1]),
            *([nginx.config] if nginx.config else []),
        ),
        confidence=Confidence.LIKELY,
        location=nginx.location(first.directive),
        facts={
            "url": first.response.url.partition("?")[0] if first.response else evidence.target.url,
            "location": " ".join((first.match.block.name, *first.match.block.args)),
            "told": first.response is None,
            "cookie": first.cookie,
            "removed": first.is_removed,
            "directive": " ".join((first.directive.name, *first.directive.args)),
            "place": file_line(first.directive),
            "zone": first.zone,
            "folder": cache_folder(first.match, first.zone),
        },
        fix=heeding_fix(nginx, first.match, first.directive, {_FIELD}, "heed-the-cookie"),
    )


def _stored(nginx: Nginx, response: Exchange | PageFileResponse) -> Iterator[_Stored]:
    cookie, is_removed = _session_cookie(response.headers)
    url = parse_url(response.url)
    if not cookie or url is None or response.status != 200 or nginx.is_refused:
        return
    for selected in nginx.answering_servers():
        match = match_location(selected.server, url.path)
        for stored in _cache(match):
            if is_kept(match, module_prefix(match), response.headers):
                yield replace(stored, response=response, cookie=cookie, is_removed=is_removed)


def _configured(nginx: Nginx) -> Iterator[_Stored]:
    """Yield the caches that would keep such a response: that of the page first."""
    if nginx.is_refused:
        return
    path = nginx.evidence.target.path.partition("?")[0]
    for selected in nginx.answering_servers():
        own = match_location(selected.server, path)
        for match in (own, *all_locations(selected.server)):
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

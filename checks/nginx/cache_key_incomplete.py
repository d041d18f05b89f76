"""The key of nginx's cache leaves out what tells requests apart, so that visitors get the answer to
another request: another page, the first page of every list, or a file whose parts are all the same
(ngx_http_proxy_module, "proxy_cache_key"; ngx_http_fastcgi_module, "fastcgi_cache_key", which has
no default; ngx_http_slice_module).
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.nginx import Nginx, file_line
from checks.nginx._cached_answers import emptied, emptying_step
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.cache_keys import CacheKey, cache_key_gap
from diagnose.parsers.nginx.locations import all_locations, select_location
from diagnose.parsers.nginx.server_blocks import Server

#: A key that tells all requests apart, and what proxy_cache takes without one.
_WHOLE = "$scheme$request_method$host$request_uri"
_DEFAULT = "$scheme$proxy_host$request_uri"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.blank-page",
        "http.body-cut",
        "http.file-integrity",
        "http.page-file-type",
        "http.page-for-api",
        "http.part-of-page",
    ],
)
def cache_key_incomplete(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    if not pages or nginx.is_refused:
        return
    servers = {
        id(selected.server.block): selected.server for selected in nginx.answering_servers()
    }.values()
    caches = [cache for server in servers for cache in _caches(evidence, server)]
    if not caches:
        return
    first = caches[0]
    directive = first.key or first.zone
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(directive)),
        covers=(Subject(),),
        because=(*pages[:1], *nginx.configs),
        severity=Severity.WARNING if first.gap in {"query", "head"} else None,
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "zone": first.zone.args[0],
            "name": f"{first.prefix}_cache_key",
            "key": " ".join(first.key.args) if first.key else "",
            "place": file_line(directive),
            "location": first.location.block.text,
            **{
                name: first.gap == name
                for name in ("all", "path", "query", "body", "slice", "head")
            },
        },
        fix=_fix(nginx, first),
    )


def _caches(evidence: Evidence, server: Server) -> Iterator[CacheKey]:
    """Yield the caches of a server block whose key leaves something out that visitors send."""
    queried = [select_location(server, path).block for path in _queried_paths(evidence)]
    for location in all_locations(server):
        cache = cache_key_gap(location)
        if cache and (cache.gap != "query" or location.block in queried):
            yield cache


def _queried_paths(evidence: Evidence) -> Iterator[str]:
    """Yield the paths of which the query matters: the target's, and those to which its page links
    with one."""
    if "?" in evidence.target.path:
        yield evidence.target.path
    for page in evidence.good(Page):
        for link in page.queries:
            yield urlsplit(link).path or "/"


def _fix(nginx: Nginx, cache: CacheKey) -> Fix:
    """Complete the key; what is kept already stays wrong until it is too old."""
    empty = emptying_step(nginx, cache.location, cache.zone.args[0])
    file = nginx.file(cache.key or cache.zone)
    changed = cache.methods if cache.gap == "body" else cache.key or cache.zone
    file_edits = (
        config_edits(nginx, {changed.file: [_change(cache, file.text)]})
        if file and changed and nginx.file(changed)
        else ()
    )
    if not file_edits:
        return Fix((Manual("complete-the-key", Where.SERVER), empty), Applicability.MANUAL)
    return emptied(location_fix(nginx, cache.location, file_edits, sure=False), empty)


def _change(cache: CacheKey, text: str) -> edits.TextEdit:
    name, key = f"{cache.prefix}_cache_key", "".join(cache.key.args) if cache.key else ""
    if cache.gap == "body" and cache.methods:
        return edits.replace_directive(cache.methods, f"{cache.methods.name} GET HEAD;")
    if cache.key is None:
        whole = f"{_DEFAULT}$slice_range" if cache.gap == "slice" else _WHOLE
        return edits.insert_after(text, cache.zone, [f'{name} "{whole}";'])
    corrected = {
        "path": f"{key}$request_uri",
        "query": f"{key}$is_args$args",
        "slice": f"{key}$slice_range",
        "head": f"$request_method{key}",
    }.get(cache.gap, _WHOLE)
    return edits.replace_directive(cache.key, f'{name} "{corrected}";')

"""Select from an access log the pages that visitors asked for and did not get, what pages of the
site loaded and did not get, the pages that lead to themselves, those whose own requests failed, and
those that visitors used. No I/O.

A browser is known by its other requests: it names a page of the site as Referer, if only for the
site's icon. Programs that look for weak sites do not. The request for an address that somebody
typed, or loaded again, has no Referer of the site. But a page that sent requests for data before
anybody loaded it was shown by a script of the site (History API): its address is meant to be there.
"""

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import replace

from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url
from diagnose.parsers.usual_paths import is_usual_websocket

#: Maximum number of pages of each kind that are kept.
MAX_PAGES = 2

#: Statuses of a page that is not there, or that the server does not give (RFC 9110 section 15.5).
_NOT_SERVED = frozenset({403, 404})
#: Statuses of errors of the server that are not over by themselves.
_ERRORS = frozenset({500, 502, 503, 504})
#: A browser gives up after twenty redirects (Fetch standard, "HTTP-redirect fetch"): so many of one
#: page in so many seconds are a circle.
_CIRCLE, _CIRCLE_SECONDS = 6, 10.0
#: What a page cannot do without, and how the ends of pages' own addresses are written.
_NEEDED = frozenset({"", ".js", ".mjs", ".css", ".wasm", ".json"})
_PAGES = frozenset({"", ".html", ".htm"})
#: How what a page sends is refused; 419 is Laravel's "page expired".
_SENT = frozenset({403, 404, 405, 413, 419, *_ERRORS})
#: How the names of files begin that browsers and robots ask for by themselves, and how those end
#: that only a developer's tools read.
_UNASKED = ("favicon", "apple-touch-icon", "robots.txt", "browserconfig.xml", "ads.txt")
_OF_TOOLS = frozenset({".map"})


def unserved_pages(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[OtherRequest, ...]:
    """Return the pages that visitors did not get since a time (seconds since the epoch), the
    likeliest fault first. `names` and `is_shared` are those of `failed_requests`."""
    pages: dict[str, OtherRequest] = {}
    browsers: set[tuple[str, str]] = set()
    visitors: dict[str, set[tuple[str, str]]] = {}
    shown, failed = set[tuple[str, str, str]](), set[tuple[str, str, str]]()
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if not is_of_site(line, names, is_shared, is_from_page):
            continue
        visitor = line.client, line.agent
        if is_from_page and _is_call(line) and (page := _page_of(line)):
            shown |= {(*visitor, page)} - failed
        if line.method != "GET":
            continue
        if is_from_page:
            browsers.add(visitor)
        failed.add((*visitor, line.path))
        is_from_page = is_from_page or (*visitor, line.path) in shown
        if line.is_served:
            pages.pop(line.path, None)
        elif line.when >= since and _is_unserved_page(line):
            pages[line.path] = _counted(pages.get(line.path), line, file, is_from_page)
            visitors.setdefault(line.path, set()).add(visitor)
    unserved = [
        replace(page, by_browser=not browsers.isdisjoint(visitors[page.path]))
        for page in pages.values()
    ]
    return tuple(sorted(unserved, key=_weight)[:MAX_PAGES])


def unserved_parts(
    lines: Iterable[AccessLine],
    file: str,
    names: Collection[str],
    page: str,
    since: float,
) -> tuple[OtherRequest, ...]:
    """Return what pages of the site loaded since a time and did not get, by its own address, the
    likeliest fault first.

    `page` is the path of the target's page. What another page cannot do without is left out: that
    page is diagnosed, with all that it loads (`pages_with_failures`).
    """
    parts: dict[str, OtherRequest] = {}
    for line in lines:
        if line.method != "GET":
            continue
        if line.is_served:
            parts.pop(line.path, None)
        elif line.when >= since and _is_unserved_part(line, names, page):
            part = _counted(parts.get(line.path), line, file, is_from_page=True)
            parts[line.path] = replace(part, by_browser=True, sender=_page_of(line))
    return tuple(sorted(parts.values(), key=_weight)[:MAX_PAGES])


def circling_pages(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[OtherRequest, ...]:
    """Return a page that led a visitor to itself again and again since a time, if only by way of
    other pages, and that nobody got afterwards."""
    pages: dict[str, OtherRequest] = {}
    runs: dict[tuple[str, str, str], tuple[float, int]] = {}
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.when < since or line.method != "GET":
            continue
        if not is_of_site(line, names, is_shared, is_from_page):
            continue
        if line.status not in REDIRECTS:
            pages.pop(line.path, None)
            continue
        key = line.client, line.agent, line.path
        first, count = runs.get(key, (line.when, 0))
        is_quick = line.when - first <= _CIRCLE_SECONDS
        runs[key] = (first, count + 1) if is_quick else (line.when, 1)
        if runs[key][1] >= _CIRCLE:
            previous = pages.get(line.path)
            page = _counted(previous, line, file, is_from_page)
            pages[line.path] = page if previous else replace(page, times=_CIRCLE)
    return tuple(sorted(pages.values(), key=lambda page: -page.times)[:1])


def pages_with_failures(
    lines: Iterable[AccessLine], file: str, names: Collection[str], since: float
) -> tuple[OtherRequest, ...]:
    """Return the pages whose own requests failed since a time, by the Referer of these requests,
    the likeliest fault first. A missing picture or icon harms nobody."""
    pages: dict[tuple[str, str, str], OtherRequest] = {}
    for line in lines:
        page = parse_url(line.referer) if host_of(line.referer) in names else None
        if page is None or line.when < since:
            continue
        path = page.path.partition("?")[0]
        # A form is often sent to its own page; that page loaded again is the page itself.
        if path == line.path and line.method == "GET":
            continue
        key = path, line.method, line.path
        if line.is_served:
            pages.pop(key, None)
        elif (line.status in _SENT or line.is_empty) and posixpath.splitext(line.path)[
            1
        ] in _NEEDED:
            counted = _counted(pages.get(key), line, file, is_from_page=True)
            pages[key] = replace(
                counted, path=path, sent=line.path, method=line.method, by_browser=True
            )
    by_path = {page.path: page for page in sorted(pages.values(), key=_weight, reverse=True)}
    return tuple(sorted(by_path.values(), key=_weight)[:MAX_PAGES])


def calls_given_a_page(
    lines: Iterable[AccessLine], file: str, names: Collection[str], since: float
) -> tuple[OtherRequest, ...]:
    """Return the requests of pages of the site that asked for something else than a page (Accept)
    and got one since a time, the most frequent first: the fallback of files may have taken the
    place of an application."""
    calls: dict[str, OtherRequest] = {}
    for line in lines:
        if host_of(line.referer) not in names or line.when < since or not _is_call(line):
            continue
        if line.method != "GET" or line.has_query or not line.accept:
            continue
        if line.media_type == "text/html" and "html" not in line.accept.lower():
            call = _counted(calls.get(line.path), line, file, is_from_page=True)
            calls[line.path] = replace(call, by_browser=True)
        else:
            calls.pop(line.path, None)
    return tuple(sorted(calls.values(), key=_weight)[:1])


def used_pages(
    lines: Iterable[AccessLine], file: str, names: Collection[str], since: float
) -> tuple[OtherRequest, ...]:
    """Return the pages that browsers got and that sent requests since a time, by the Referer of
    these requests, the last that was used first."""
    pages: dict[str, OtherRequest] = {}
    for line in lines:
        page = parse_url(line.referer) if host_of(line.referer) in names else None
        if page is None or line.when < since or "?" in page.path:
            continue
        used = _counted(pages.pop(page.path, None), line, file, is_from_page=False)
        pages[page.path] = replace(
            used, path=page.path, source="visit", status=None, by_browser=True
        )
    return tuple(reversed(list(pages.values())[-MAX_PAGES:]))


def _is_unserved_page(line: AccessLine) -> bool:
    return (
        _is_missing(line)
        and line.is_of_browser
        and not line.has_query
        and not is_usual_websocket(line.path)
        and posixpath.splitext(line.path)[1] in _PAGES
        # What begins with a dot is hidden on purpose, unless it is well known (RFC 8615).
        and "/." not in line.path
    )


def _is_missing(line: AccessLine) -> bool:
    return line.is_empty or line.status in _NOT_SERVED | _ERRORS


def _is_call(line: AccessLine) -> bool:
    """Return whether a request was answered and is none for a file of a page: a page of an error
    may load files too."""
    is_file = line.method == "GET" and bool(posixpath.splitext(line.path)[1])
    return line.is_served and not is_file


def _page_of(line: AccessLine) -> str:
    """Return the path of the page that sent a request, "" if it is unknown."""
    page = parse_url(line.referer)
    return page.path.partition("?")[0] if page else ""


def _is_unserved_part(line: AccessLine, names: Collection[str], page: str) -> bool:
    if host_of(line.referer) not in names or not _is_missing(line):
        return False
    sender, extension = _page_of(line), posixpath.splitext(line.path)[1].lower()
    if sender == line.path or (extension in _NEEDED and sender != page):
        return False
    # An address without an extension may mean nothing without its query.
    is_known = bool(extension) or not line.has_query
    return is_known and is_asked_by_pages(line.path)


def is_asked_by_pages(path: str) -> bool:
    """Return whether a page of the site may need this path. Icons and the like are asked for by
    browsers themselves; what begins with a dot is hidden on purpose; a WebSocket is no page."""
    name = posixpath.basename(path).lower()
    return (
        not name.startswith(_UNASKED)
        and posixpath.splitext(name)[1] not in _OF_TOOLS
        and not is_usual_websocket(path)
        and "/." not in path
    )


def _counted(
    previous: OtherRequest | None, line: AccessLine, file: str, is_from_page: bool
) -> OtherRequest:
    return OtherRequest(
        path=line.path,
        file=file,
        status=line.status,
        times=previous.times + 1 if previous else 1,
        written=line.written,
        is_from_page=is_from_page or (previous is not None and previous.is_from_page),
    )


def _weight(request: OtherRequest) -> tuple[bool, bool, bool, int]:
    return (
        (request.status or 0) < 500,
        not request.is_from_page,
        not request.by_browser,
        -request.times,
    )

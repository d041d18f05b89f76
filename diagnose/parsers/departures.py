"""Select from access logs the pages after which visitors did not come back: a redirect that took
them elsewhere, or a login. No I/O.

Nothing failed by the log. A redirect to a wrong address, and a login that is to lead back to one,
look the same there as right ones, except that the browser's next request never comes.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from diagnose.model import Target
from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.own_scheme import query_values
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import Url, is_internal_host, is_related_host, parse_url
from diagnose.parsers.usual_paths import is_usual_websocket

#: Maximum number of pages that are kept.
MAX_PAGES = 2

#: How pages' own addresses end.
_PAGES = frozenset({"", ".html", ".htm", ".php", ".aspx", ".jsp", ".do"})
#: Paths at which applications show a login, or begin one elsewhere.
_LOGIN = re.compile(
    r"/(?:login|log-in|log_in|signin|sign-in|sign_in|sso|auth|oauth2?|oidc|saml2?|cas)(?:[/.]|$)",
    re.IGNORECASE,
)
#: Where a login elsewhere leads back to, and what ends one.
_AFTER_LOGIN = re.compile(r"callback|logout|signout|sign_out", re.IGNORECASE)
#: A part that looks like a secret: such an address may be good for a single request.
_SECRET = re.compile(r"/(?=[^/]{0,300}\d)[\w~=-]{20,300}(?:/|$)", re.ASCII)

_Visitor = tuple[str, str]


def departures(
    logs: Mapping[str, Iterable[AccessLine]],
    names: Collection[str],
    shared: Collection[str],
    since: float,
) -> tuple[OtherRequest, ...]:
    """Return the pages after which visitors did not come back since a time (seconds since the
    epoch), those of browsers first.

    `logs` are the lines of each log by its path, since a visitor's next request may stand in
    another one. `names` are the names of the site, `shared` the logs that other sites write too. A
    browser is known by a request with a page of the site as Referer; of others only a page counts
    that was asked for more than once.
    """
    browsers = set[_Visitor]()
    counts = Counter[str]()
    moves: dict[_Visitor, dict[str, AccessLine]] = {}
    for file, lines in logs.items():
        for line in lines:
            is_from_page = host_of(line.referer) in names
            if not line.is_of_browser:
                continue
            if not is_of_site(line, names, file in shared, is_from_page):
                continue
            visitor = line.client, line.agent
            if is_from_page:
                browsers.add(visitor)
            if _is_move(line):
                moves.setdefault(visitor, {})[file] = line
                counts[line.path] += line.status in REDIRECTS
    pages: dict[str, OtherRequest] = {}
    for visitor, last_lines in moves.items():
        file, line = _last(last_lines)
        is_browser = visitor in browsers
        if line.when < since or not _is_departure(line):
            continue
        if not is_browser and (line.status not in REDIRECTS or counts[line.path] < 2):
            continue
        previous = pages.get(line.path)
        pages[line.path] = OtherRequest(
            path=line.path,
            source="departure",
            file=file,
            status=line.status,
            times=previous.times + 1 if previous else 1,
            written=line.written,
            is_from_page=host_of(line.referer) in names
            or (previous is not None and previous.is_from_page),
            by_browser=is_browser or (previous is not None and previous.by_browser),
        )
    ordered = sorted(pages.values(), key=lambda page: (not page.by_browser, -page.times))
    return tuple(ordered[:MAX_PAGES])


def _is_move(line: AccessLine) -> bool:
    """Return whether a visitor went on with this request: it is not for a file of a page."""
    return line.method != "GET" or posixpath.splitext(line.path)[1].lower() in _PAGES


def _last(lines: Mapping[str, AccessLine]) -> tuple[str, AccessLine]:
    """Return the last of the lines of several logs, and its log. Their clock has whole seconds: of
    those of the same second, the one with which the visitor went on is taken for the last."""
    end = int(max(line.when for line in lines.values()))
    latest = [(file, line) for file, line in lines.items() if int(line.when) >= end]
    return next((each for each in latest if not _is_departure(each[1])), latest[0])


def _is_departure(line: AccessLine) -> bool:
    if line.method != "GET" or is_usual_websocket(line.path) or _SECRET.search(line.path):
        return False
    if _LOGIN.search(line.path) and not _AFTER_LOGIN.search(line.path):
        return line.status == 200 or line.status in REDIRECTS
    # What else an address leads to may depend on its query, which is not asked for again.
    return line.status in REDIRECTS and not line.has_query


def leads_astray(urls: Iterable[str], target: Target) -> bool:
    """Return whether one of the addresses to which a page of the target leads, or one that stands
    in their queries, may be a wrong one: the site's own with http or another port, or one that is
    no public name."""
    return any(
        _is_doubtful(url, target)
        for text in urls
        for url in map(parse_url, _addresses(text))
        if url is not None
    )


def _addresses(url: str) -> Iterator[str]:
    yield url
    yield from query_values(url)


def _is_doubtful(url: Url, target: Target) -> bool:
    if url.host == target.host and url.port != target.port:
        return True
    if is_related_host(target.host, url.host):
        return target.uses_tls and not url.secure
    return is_internal_host(url.host) or is_address(url.host) or "." not in url.host

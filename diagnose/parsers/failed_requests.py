"""Select from an access log the requests of visitors that failed, without those that programs
send which look for weak sites. No I/O.

A status below 500 is often meant: it counts if a browser sent the request from a page of the site,
or if a browser opened a WebSocket, for which it sends no Referer, or asked for the page of another
site whether that may send a request (a CORS preflight). 401 counts where a browser has a password
for the site, and sends a request of the page without it: a script has put something else there; and
where the web server keeps the login from the application, if it comes again and again. 408 counts
for an upload whose sender was there afterwards (`stalled_uploads`).
"""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.stalled_uploads import (
    TIMED_OUT,
    is_stalled_upload,
    uploads_of_present_senders,
)
from diagnose.parsers.unknown_paths import is_unknown
from diagnose.parsers.usual_paths import is_usual_websocket

#: Maximum number of different failures that are kept.
MAX_FAILURES = 3
#: Maximum number of paths of WebSockets that are kept.
MAX_UPGRADES = 2

#: Statuses of a request that sends something, when a page of the site sends it: forbidden, not
#: found, method not allowed, length required, media type, Laravel's "page expired". Those of a
#: login (401) and of a form that was filled in wrongly (400) are usual. 444: nginx closes the
#: connection by a rule. 422 may be a form that was filled in wrongly, or one that Rails refuses for
#: its origin: it comes last.
_REFUSED = frozenset({403, 404, 405, 411, 415, 419, 422, 444})
FILLED_IN_WRONGLY = 422
#: nginx's status for a client that closed the connection before the answer: nobody got it.
CLIENT_CLOSED = 499
#: Statuses of any request that say it was too large (RFC 9110 section 15.5.14, RFC 6585 section 5;
#: 494 is nginx's own).
_TOO_LARGE = frozenset({413, 414, 431, 494})
#: nginx's answer to a header that fits into no buffer, as it stands in its log. Others answer so to
#: a query that they do not understand.
_BAD_REQUEST = 400
_SAFE = frozenset({"GET", "HEAD"})
#: How a WebSocket is refused that reaches no application, or one that does not know its path.
_NO_WEBSOCKET = frozenset({400, 403, 404, 426})
#: How applications answer a request that lost its Upgrade, and gateways where they close then.
_NO_UPGRADE = frozenset({400, 401, 403, 404, 405, 426, 500, 501, 502})
#: How a preflight is refused whatever site asks (Fetch standard, "CORS-preflight fetch"): it wants
#: a login, or nobody knows the path or the method. 403 may be meant for the site that asks.
NO_PREFLIGHT = frozenset({401, 403, 404, 405})
#: WebDAV's methods with a field `Destination`, and the status of one that a server does not take
#: (nginx's ngx_http_dav_module). Its clients are no browsers.
_RELOCATIONS = frozenset({"MOVE", "COPY"})
_BAD_DESTINATION = 400
#: Methods that programs for files and interfaces send and pages rarely do, and the status with
#: which a rule for methods answers (RFC 4918, RFC 5789).
_OF_PROGRAMS = frozenset(
    {"PUT", "PATCH", "DELETE", "PROPFIND", "PROPPATCH", "MKCOL", "MOVE", "COPY", "LOCK", "REPORT"}
)
_NOT_ALLOWED = 405
#: The status of a request without a password (RFC 9110 section 15.5.2).
_NO_PASSWORD = 401
#: How often a page is refused its data before that is no login that is still to come.
_REPEATED = 2
#: The status of an open WebSocket (RFC 6455 section 4.2.2), and of an application that did not
#: answer in time (RFC 9110 section 15.6.5).
SWITCHED, _GATEWAY_TIMEOUT = 101, 504
#: Seconds for which a browser surely has the password that it sent: it was not restarted.
_KEPT_PASSWORD = 60
#: WeChat's mini programs send a Referer at this host with every request, also with a handshake.
_MINI_PROGRAM = "servicewechat.com"
#: What this program calls itself in every request.
_OWN_AGENT = "diagnose/"


def passes_login(_: str) -> bool:
    """Return False: what a web server does of which nothing is known."""
    return False


def failed_requests(
    lines: Collection[AccessLine],
    file: str,
    names: Collection[str],
    is_shared: bool,
    since: float,
    withholds_login: Callable[[str], bool] = passes_login,
) -> tuple[FailedRequests, ...]:
    """Return the failures since a time (seconds since the epoch), the worst first.

    `names` are the names of the site. In a log that other sites write too (`is_shared`), and whose
    format names no site, only requests from the site's own pages are known to be its own.
    `withholds_login` is whether the web server keeps the login from the application at a path.
    """
    groups: dict[tuple[str, str, bool], dict[int, FailedRequests]] = {}
    passwords: dict[tuple[str, str], float] = {}
    opened: set[tuple[str, str]] = set()
    forms_accepted = False
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.has_user and line.status < 400:
            passwords[line.client, line.agent] = line.when
        if line.when < since or not is_of_site(line, names, is_shared, is_from_page):
            continue
        if line.method == "GET" and line.status < 400:
            opened.add((line.client, line.path))
        is_from_page = is_from_page or _is_own_form(line, opened)
        if line.method == "POST" and is_from_page and 300 <= line.status < 400:
            forms_accepted = True
        # A rule for the field Host may take a request without the port, and not one with it.
        key = line.method, line.path, _wrote_port(line)
        if line.status < 400:
            tunnels = groups.pop(key, {}).get(SWITCHED)
            if _is_cut_tunnel(line):
                tunnels = _with(tunnels, line, file, is_from_page)
            if tunnels:
                groups[key] = {SWITCHED: tunnels}
        elif (
            (lost := _lost_user(line, is_from_page, passwords))
            or _is_failure(line, is_from_page)
            or (is_from_page and _is_unknown_person(line) and withholds_login(line.path))
        ):
            statuses = groups.setdefault(key, {})
            failure = _with(statuses.get(line.status), line, file, is_from_page)
            statuses[line.status] = replace(failure, lost_user=failure.lost_user or lost)
    failures = [
        replace(failure, forms_accepted=forms_accepted and failure.method == "POST")
        for statuses in groups.values()
        for failure in statuses.values()
        if failure.lost_user or failure.times >= _REPEATED or not _may_be_an_accident(failure)
    ]
    if any(failure.status == TIMED_OUT for failure in failures):
        present = uploads_of_present_senders(line for line in lines if line.when >= since)
        failures = [
            failure
            for failure in failures
            if failure.status != TIMED_OUT or (failure.method, failure.path) in present
        ]
    return tuple(sorted(failures, key=_weight)[:MAX_FAILURES])


def refused_upgrades(
    lines: Iterable[AccessLine], names: Collection[str], is_shared: bool, since: float
) -> tuple[str, ...]:
    """Return the paths at which browsers may have been refused a WebSocket since a time (seconds
    since the epoch), the most often requested first.

    A handshake is a GET of HTTP/1.1 (RFC 6455 section 4.1), and browsers send no Referer with it.
    So is the request for a page whose address a visitor typed: only the application knows.
    An application that did not see the Upgrade may also answer with a page (200), which counts at
    the usual paths of WebSockets alone.
    """
    counts: Counter[str] = Counter()
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.when < since or not is_of_site(line, names, is_shared, is_from_page):
            continue
        if may_be_upgrade(line):
            counts[line.path] += 1
        elif line.method == "GET" and line.status < 400:
            counts.pop(line.path, None)
    return tuple(path for path, _ in counts.most_common(MAX_UPGRADES))


def may_be_upgrade(line: AccessLine) -> bool:
    """Return whether a browser may have asked for a WebSocket and got none, by the log."""
    return (
        line.method == "GET"
        and line.version == "1.1"
        and (not line.referer or line.acts_as_browser or host_of(line.referer) == _MINI_PROGRAM)
        and line.is_of_browser
        and (line.status in _NO_UPGRADE or _may_be_page_instead(line))
        and not posixpath.splitext(line.path)[1]
    )


def _may_be_page_instead(line: AccessLine) -> bool:
    """Return whether a page may have been the answer to a handshake. Its type is rarely known."""
    is_page = line.status == 200 and line.media_type in {"", "text/html"}
    return is_page and is_usual_websocket(line.path)


def is_of_visitor(line: AccessLine) -> bool:
    """Return whether a request is none of this program's, in this run or an earlier one: it asks
    for paths that nobody else asks for."""
    return _OWN_AGENT not in line.agent and not is_unknown(line.path)


def is_of_site(
    line: AccessLine, names: Collection[str], is_shared: bool, is_from_page: bool
) -> bool:
    """Return whether a request of a visitor was for the site, as far as the log tells."""
    if not is_of_visitor(line):
        return False
    if line.host:
        return line.host.partition(":")[0] in names
    return is_from_page or not is_shared


def _is_failure(line: AccessLine, is_from_page: bool) -> bool:
    # 501: a method that no browser sends. 505: a version of HTTP that none has.
    if line.status >= 500:
        return line.status not in {501, 505}
    if line.status == CLIENT_CLOSED:
        return is_from_page or line.method not in _SAFE
    if line.status in _TOO_LARGE:
        return is_from_page or line.status == 413
    if line.status == TIMED_OUT:
        return is_stalled_upload(line, is_from_page)
    if line.method in _OF_PROGRAMS and line.status == _NOT_ALLOWED and line.has_user:
        return True  # somebody with a password, and no stranger who looks for weak sites
    if line.method in _RELOCATIONS:
        return line.status == _BAD_DESTINATION
    if line.method == "GET" and is_usual_websocket(line.path):
        return line.status in _NO_WEBSOCKET and line.is_of_browser
    if line.method == "OPTIONS" and line.referer and line.is_of_browser:
        return line.status in NO_PREFLIGHT
    if _is_header_too_large(line):
        return True
    if not is_from_page:
        return False
    if line.method in _SAFE:
        # A missing picture or icon harms nobody.
        has_extension = bool(posixpath.splitext(line.path)[1])
        return line.status in {403, 404} and not has_extension
    return line.status in _REFUSED


def _is_own_form(line: AccessLine, opened: Collection[tuple[str, str]]) -> bool:
    """Return whether a form came from the page at its own path, which the same client had got
    (`opened`). A log that has neither Referer nor User-Agent (HAProxy's) tells no more."""
    has_fields = line.referer or line.agent
    return line.method == "POST" and not has_fields and (line.client, line.path) in opened


def _is_header_too_large(line: AccessLine) -> bool:
    """Return whether a browser was told for a mere page that the request itself is bad."""
    is_mere = line.method == "GET" and not line.has_query and not posixpath.splitext(line.path)[1]
    return is_mere and line.status == _BAD_REQUEST and line.is_of_browser


def _is_cut_tunnel(line: AccessLine) -> bool:
    """Return whether a timeout of HAProxy ended an open WebSocket: the client ("cD") or the server
    ("sD") was silent for too long (Configuration Manual, section 8.5)."""
    return line.status == SWITCHED and line.ending[:2] in {"cD", "sD"}


def _lost_user(
    line: AccessLine, is_from_page: bool, passwords: Mapping[tuple[str, str], float]
) -> bool:
    """Return whether a request of the page came without the password that the browser has. What a
    page links without it (a manifest, an icon) has an extension."""
    sent = passwords.get((line.client, line.agent))
    return (
        line.status == _NO_PASSWORD
        and is_from_page
        and not line.has_user
        and sent is not None
        and 0 <= line.when - sent <= _KEPT_PASSWORD
        and not posixpath.splitext(line.path)[1]
    )


def _is_unknown_person(line: AccessLine) -> bool:
    """Return whether a browser asked for data and the application did not know who asks."""
    has_extension = bool(posixpath.splitext(line.path)[1])
    is_data = line.method == "GET" and not has_extension
    return line.status == _NO_PASSWORD and is_data and line.is_of_browser


def _may_be_an_accident(failure: FailedRequests) -> bool:
    """Return whether a single request of this kind says nothing: the login is still to come, or a
    browser asked by http on the port of TLS."""
    is_page = failure.method == "GET" and not is_usual_websocket(failure.path)
    return is_page and failure.status in {_NO_PASSWORD, _BAD_REQUEST}


def _with(
    previous: FailedRequests | None, line: AccessLine, file: str, is_from_page: bool
) -> FailedRequests:
    if previous is None:
        return FailedRequests(
            vantage=Vantage.SERVER,
            file=file,
            method=line.method,
            path=line.path,
            status=line.status,
            written=line.written,
            is_from_page=is_from_page,
            has_query=line.has_query,
            ending=line.ending,
            lasted_s=line.lasted_s if line.status in {SWITCHED, _GATEWAY_TIMEOUT} else None,
            wrote_port=_wrote_port(line),
        )
    times = [seconds for seconds in (previous.lasted_s, line.lasted_s) if seconds is not None]
    return replace(
        previous,
        written=line.written,
        times=previous.times + 1,
        is_from_page=previous.is_from_page or is_from_page,
        has_query=previous.has_query or line.has_query,
        ending=line.ending,
        lasted_s=min(times) if previous.lasted_s is not None else None,
    )


def _wrote_port(line: AccessLine) -> bool:
    return bool(re.fullmatch(r"[^:]+:[0-9]{1,5}", line.host))


def _weight(failure: FailedRequests) -> tuple[bool, bool, bool, int]:
    is_usual = failure.status in {FILLED_IN_WRONGLY, CLIENT_CLOSED}
    return is_usual, failure.status < 500, not failure.is_from_page, -failure.times

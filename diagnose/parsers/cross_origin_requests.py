"""Select from an access log the requests that scripts of other sites' pages sent. No I/O.

A log has no Origin. A browser sends the origin of the page as Referer to another site (Referrer
Policy, "strict-origin-when-cross-origin"), with a preflight too. So it does with a picture, and
where a visitor follows a link: then the page's own requests follow, with this site as Referer.
"""

import posixpath
from collections.abc import Collection, Iterable

from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.urls import parse_url
from diagnose.parsers.usual_paths import is_usual_websocket

#: Maximum number of requests that are kept.
MAX_REQUESTS = 2

_PREFLIGHT = "OPTIONS"
PORTS = {"http": 80, "https": 443}
#: How the names of data and fonts end. Pictures, films and pages' files need no permission.
_DATA = frozenset({"", ".json", ".xml", ".php", ".mjs", ".woff", ".woff2", ".ttf"})
#: Hosts in the Referer of programs that are no browsers: mini programs of WeChat, QQ, Alipay and
#: Douyin ask for no permission.
_PROGRAMS = ("servicewechat.com", "appservice.qq.com", "alipay-eco.com", "toutiao.com")


def cross_origin_requests(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[OtherRequest, ...]:
    """Return the requests for data that came from pages of other sites since a time (seconds since
    the epoch), refused preflights first. `names` and `is_shared` are those of `failed_requests`."""
    requests: dict[tuple[str, str], OtherRequest] = {}
    senders: dict[tuple[str, str], tuple[str, str]] = {}
    readers: set[tuple[str, str]] = set()
    for line in lines:
        host, visitor = host_of(line.referer), (line.client, line.agent)
        if host in names:
            readers.add(visitor)
        elif line.when >= since and _is_asked(line, host, names, is_shared):
            origin = _origin(line.referer)
            key = origin, line.path
            previous = requests.get(key)
            if origin and (
                previous is None or _weight(line.method, line.status) <= _rank(previous)
            ):
                requests[key] = OtherRequest(
                    path=line.path, file=file, method=line.method, status=line.status,
                    times=previous.times + 1 if previous else 1, written=line.written,
                    by_browser=True, origin=origin,
                )  # fmt: skip
                senders[key] = visitor
    asked = [
        request
        for key, request in requests.items()
        # Who reads a page of this site came by a link.
        if request.method == _PREFLIGHT or senders[key] not in readers
    ]
    return tuple(sorted(asked, key=lambda request: (_rank(request), -request.times))[:MAX_REQUESTS])


def _is_asked(line: AccessLine, host: str, names: Collection[str], is_shared: bool) -> bool:
    is_data = line.method == _PREFLIGHT or (line.method == "GET" and line.path != "/")
    return (
        is_data
        and bool(host)
        and is_of_site(line, names, is_shared, False)
        and line.is_of_browser
        and not host.endswith(_PROGRAMS)
        and not is_usual_websocket(line.path)
        and posixpath.splitext(line.path)[1].lower() in _DATA
        and "/." not in line.path
    )


def _origin(referer: str) -> str:
    """Return the origin of the page (RFC 6454 section 6.2); "" if its address is none of a page."""
    url = parse_url(referer)
    if url is None or url.scheme not in PORTS or ":" in url.host:
        return ""
    port = "" if url.port == PORTS[url.scheme] else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}"


def _rank(request: OtherRequest) -> int:
    return _weight(request.method, request.status or 0)


def _weight(method: str, status: int) -> int:
    """Return the order: a refused preflight, the request itself, a preflight that was answered."""
    if method != _PREFLIGHT:
        return 1
    return 2 if 200 <= status < 300 else 0

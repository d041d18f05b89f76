"""The address of the site's own application that a person writes to have got from the site: in a
link, a mail, or the data of a page behind a login."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import server_on_port
from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import all_locations
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.urls import is_loopback_host, parse_url

#: An address with a port that stands for the machine itself, and words before one that say where
#: the application listens, or what a configuration passes on.
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9.:/-])(?:https?://)?((?:localhost|127\.0\.0\.1|\[::1\]):[1-9][0-9]{1,4})(?![0-9])",
    re.IGNORECASE,
)
_OF_CONFIGURATION = re.compile(
    r"(?i)(?:prox(?:y|ied|ying|ies)[\w_ ]{0,12}|runs?|running|listen\w{0,4}|hosted|served|up"
    r"|upstream|backend|反代\w{0,3}|代理到?|转发到?|运行在|监听|后端是?|端口是?)"
    r"(?: (?:to|on|at|is|from))?[\s:=\"'`“]{0,3}(?:https?://)?$"
)
#: The same as a whole address in data: the scheme is written, and a path or the end follows.
_URL = re.compile(
    r"(?<![A-Za-z0-9])https?:(?://|\\/\\/)((?:localhost|127\.0\.0\.1|\[::1\]):[1-9][0-9]{1,4})"
    r"(?=[\\/\"'<\s?]|$)"
)
#: The types of answers that other programs read, and the pages of other sites show.
_DATA_TYPES = (
    "application/json", "application/xml", "application/rss+xml", "application/atom+xml",
    "text/xml", "application/feed+json",
)  # fmt: skip
#: Servers that pass the visitor's Host on by themselves.
_KEEP_HOST = frozenset({"caddy", "haproxy"})
#: Characters before an address in which such words stand.
_BEFORE = 40


def handed_out_address(evidence: Evidence) -> str:
    """Return the first address of the site's own application, on the machine itself, that a person
    names as a wrong one which the site gives out; "" if there is none, or if this run was sent to
    such an address itself: that is a fault of its own."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "wrong-address" or _leads_there(evidence):
        return ""
    words = symptom.text
    named = (
        match[1].lower()
        for match in _ADDRESS.finditer(words)
        if not _OF_CONFIGURATION.search(words[max(0, match.start() - _BEFORE) : match.start()])
    )
    ports = set(_own_ports(evidence))
    own = (each for each in named if int(each.rpartition(":")[2]) in ports)
    return next((f"http://{each}" for each in own), "")


def answered_address(evidence: Evidence, page: Exchange) -> str:
    """Return the first address of the site's own application, on the machine itself, in the data
    of an answer; "" if there is none, or if the web server tells the application that address."""
    media_type = (page.header("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type not in _DATA_TYPES or page.status != 200:
        return ""
    from checks.http._told_names import told_name

    named = dict.fromkeys(match[1].lower() for match in _URL.finditer(page.body))
    ports = set(_own_ports(evidence)) if named else set()
    nginx = Nginx.of(evidence)
    for each in named:
        is_told = told_name(nginx, page, each) is not None or any(
            not route.keeps_host and each in {route.sent_host, route.authority}
            for route in _routes(evidence)
        )
        if int(each.rpartition(":")[2]) in ports and not is_told:
            return f"http://{each}"
    return ""


def _leads_there(evidence: Evidence) -> bool:
    locations = (exchange.header("Location") or "" for exchange in evidence.good(Exchange))
    urls = map(parse_url, locations)
    return any(url is not None and is_loopback_host(url.host) for url in urls)


def _own_ports(evidence: Evidence) -> Iterator[int]:
    """Yield the ports of the applications to which the site passes requests on."""
    for target in _nginx_targets(evidence):
        yield from (endpoint.port for endpoint in target.endpoints)
    yield from (route.port for route in _routes(evidence))


def _nginx_targets(evidence: Evidence) -> Iterator[ProxyTarget]:
    nginx, target = Nginx.of(evidence), evidence.target
    for selected in nginx.answering_servers() if nginx.config else ():
        for match in all_locations(selected.server):
            variables = upstreams.route_variables(target, match, target.path)
            if proxy_target := upstreams.proxy_target_of(match, variables):
                yield proxy_target


def _routes(evidence: Evidence) -> Iterator[SiteRoute]:
    view = server_on_port(evidence)
    for site in view.answering_sites if view and view.config else ():
        yield from site.routes


def is_of_server(evidence: Evidence, page: Exchange, authority: str) -> bool:
    """Return whether the application may have this host and port from the web server, which tells
    it that, or asks it there: before it told the visitor's host, it told its own."""
    from checks.http._told_names import told_name

    if told_name(Nginx.of(evidence), page, authority) is not None:
        return True
    if any(target.authority == authority for target in _nginx_targets(evidence)):
        return True
    view = server_on_port(evidence)
    keeps = view is not None and view.config is not None and view.config.product in _KEEP_HOST
    return any(
        authority == route.sent_host
        or (authority == route.authority and not (keeps and route.keeps_host))
        for route in _routes(evidence)
    )

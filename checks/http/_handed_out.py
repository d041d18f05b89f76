"""The address of the site's own application that a person writes to have got from the site: in a
link, a mail, or the data of a page behind a login."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import file_rows, server_on_port
from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
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
    r"|forward\w{0,4}|pass(?:e[sd])?|rout(?:e[sd]?|ing)|upstream|backend|反代\w{0,3}|代理到?|转发到?|运行在|监听|后端是?|端口是?)"
    r"(?: (?:to|on|at|is|from))?[\s:=\"'`“]{0,3}(?:https?://)?$"
)
#: Words before an address that say that a page asks it, and words behind one that say that it
#: answers there.
_CALLED = re.compile(
    r"(?i)(?:\b(?:calls?|calling|called|requests?|fetch(?:es|ing)?)\b"
    r"(?: (?:still|all|are|is|being|go|goes|going|sent|made|to|at|the|url|api)){0,5}"
    r"|\b(?:page|browser|front-?end|script|link|button|form|image|call|url|api)s?\b[^.;]{0,24}?"
    r"\b(?:go(?:es)?|going|points?|pointing|sent) (?:to|at)"
    r"|\btr(?:y|ies|ying) to (?:reach|call|connect(?: to)?|load|open|fetch)"
    r"|(?:请求|接口|前端|页面|浏览器|资源|图片|链接)[^，。；,;]{0,16}?"
    r"(?:请求|访问|调用|指向|走|发到了?|发往|变成了?|到了?|是|地址))[^，。；,;]{0,6}$"
)
_ROUTED = re.compile(
    r"(?i)\b(?:nginx|apache|caddy|haproxy|traefik|prox\w{1,4}|forward\w{0,4}|pass(?:e[sd])?|rout\w{1,3}"
    r"|tunnels?|cloudflared|frpc?|curl|wget|services?)\b|转发|反代|代理|隧道|穿透"
)
_WORKS = re.compile(
    r"(?i)\S{0,80}[^.,;，。；]{0,20}?(?:\b(?:works?|working|fine|ok|okay|200)\b|正常|可以|没问题|能)"
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
#: Words for a redirect, in the languages of the messages that are read.
_REDIRECT = re.compile(
    r"(?i)redirect|weitergeleitet|umgeleitet|redirig|redirecion|перенаправ|リダイレクト|转到|跳转|重定向"
)
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
    ports = set(own_ports(evidence))
    own = (each for each in named if int(each.rpartition(":")[2]) in ports)
    own = (each for each in own if not is_rewritten(evidence, each))
    return next((f"http://{each}" for each in own), "")


def is_rewritten(evidence: Evidence, authority: str) -> bool:
    """Return whether the message is about a redirect to this host and port, and Apache writes the
    site's address into those (mod_proxy, ProxyPassReverse): it is of another time."""
    symptom, view = evidence.target.symptom, server_on_port(evidence)
    if symptom is None or not _REDIRECT.search(symptom.text) or view is None:
        return False
    if view.config is None or view.server.product != "apache":
        return False
    rows = (row.lower().split() for file in view.config.files for row in file_rows(view, file))
    return any(
        row[:1] == ["proxypassreverse"] and f"//{authority}" in row[-1].rstrip("/") for row in rows
    )


def written_address(evidence: Evidence) -> str:
    """Return the first address of the site's own application, on the machine itself, in the data
    that the page has for its scripts (`window.__ENV = {"PROJECT_URL": …}`); "" if there is none, or
    if the web server tells the application that address."""
    values = [(page, url) for page in evidence.good(Page) for url in page.local_values]
    ports = set(own_ports(evidence)) if values else set()
    for page, url in values:
        authority = url.partition("://")[2]
        exchange = next((each for each in evidence.good(Exchange) if each.url == page.url), None)
        is_own = int(authority.rpartition(":")[2]) in ports
        if exchange is not None and is_own and not _is_told(evidence, exchange, authority):
            return url
    return ""


def called_address(evidence: Evidence, page: Exchange) -> str:
    """Return the first address of the site's own application, on the machine itself, that a page
    asks by a person's words without a browser's; "" if there is none, or if the web server tells
    the application that address."""
    symptom = evidence.target.symptom
    if symptom is None or _leads_there(evidence):
        return ""
    words = symptom.text
    named = [
        match[1].lower()
        for match in _ADDRESS.finditer(words)
        if _CALLED.search(before := words[max(0, match.start() - _BEFORE) : match.start()])
        and not _ROUTED.search(before)
        and not _OF_CONFIGURATION.search(before)
        and not _WORKS.match(words, match.end())
    ]
    ports = set(own_ports(evidence)) if named else set()
    own = (each for each in named if int(each.rpartition(":")[2]) in ports)
    return next((f"http://{each}" for each in own if not _is_told(evidence, page, each)), "")


def answered_address(evidence: Evidence, page: Exchange) -> str:
    """Return the first address of the site's own application, on the machine itself, in the data
    of an answer; "" if there is none, or if the web server tells the application that address."""
    media_type = (page.header("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type not in _DATA_TYPES or page.status != 200:
        return ""
    named = dict.fromkeys(match[1].lower() for match in _URL.finditer(page.body))
    ports = set(own_ports(evidence)) if named else set()
    own = (each for each in named if int(each.rpartition(":")[2]) in ports)
    return next((f"http://{each}" for each in own if not _is_told(evidence, page, each)), "")


def _is_told(evidence: Evidence, page: Exchange, authority: str) -> bool:
    """Return whether the web server tells the application this host and port."""
    from checks.http._forwarded_names import forwarded_name

    return forwarded_name(Nginx.of(evidence), page, authority) is not None or any(
        not route.keeps_host and authority in {route.sent_host, route.authority}
        for route in _routes(evidence)
    )


def _leads_there(evidence: Evidence) -> bool:
    locations = (exchange.header("Location") or "" for exchange in evidence.good(Exchange))
    urls = map(parse_url, locations)
    return any(url is not None and is_loopback_host(url.host) for url in urls)


def own_ports(evidence: Evidence) -> Iterator[int]:
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
    from checks.http._forwarded_names import forwarded_name

    if forwarded_name(Nginx.of(evidence), page, authority) is not None:
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

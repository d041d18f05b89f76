"""What checks share about a WebSocket that fails by a person's words, without its path."""

from collections.abc import Iterator

from diagnose.model import Evidence, Target
from diagnose.model.http import Upgrade, page_exchanges
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.pages import Page, PageFileResponse, PagePort, WebSocketPath
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import Url, parse_url

_WEBSOCKET = lazy_pattern(r"(?i)web ?sockets?|(?<![a-z0-9.-])wss://")
_ADDRESS = lazy_pattern(r"(?i)(?<![a-z0-9])wss?://[^\s\"'<>`，。；！？、（）\u3400-\u9fff]{1,300}")
#: Words of somebody whose WebSocket opens, or does by now, or who only says that it is switched on.
_OPENS = lazy_pattern(
    r"(?i)web ?sockets? (?:support )?(?:is |are |does |do |itself )?"
    r"(?:works?|working|fine|ok|enabled|connects|opens|switched on|turned on)\b"
    r"|(?:enabled?|activated?|turned on|supports?) (?:\w{1,8} )?web ?sockets?"
    r"|web ?socket.{0,4}?(?:正常|没问题|可以连|能连|已(?:开启|启用|打开|支持))"
    r"|(?:已经?|都)?(?:开启|启用|打开|勾选|开)了? ?web ?socket"
    r"|\b(?:no|without|not an?|n[o'’]t any) (?:\w{1,10} )?web ?sockets? (?:\w{1,12} )?"
    r"(?:errors?|problems?|issues?|failures?|trouble)"
    r"|web ?sockets? (?:(?!not\b|never\b|be\b)\w{1,12} ){0,3}(?:solved|fixed|resolved|gone)\b"
    r"|web ?sockets?\b[^.;!?]{0,40}?[ ,]now it works\b"
    r"|没有?(?:任何)? ?web ?socket ?(?:的)?(?:报错|错误|问题|异常)"
    r"|web ?socket(?:(?![未没不怎如]).){0,6}?(?:好了|解决|修好|恢复)"
)
#: Kinds of words with which a WebSocket that does not open is told, and statuses of an application
#: that sees no upgrade.
_KINDS = frozenset({"websocket", "websocket-status", "not-connected", "unusable", "other"})
_STATUSES = frozenset({None, 200, 400, 404, 405, 426, 500, 501})


def reported_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths at which a WebSocket may be of which a person writes that it does not open;
    the target's own where none is known, and nothing if nobody writes so, or if it is known to open
    or to be elsewhere.

    A WebSocket that ends after a while has been passed on, and one at another port or host is none
    of the site's web server.
    """
    target, symptom = evidence.target, evidence.target.symptom
    if symptom is None or symptom.kind not in _KINDS or target.websockets:
        return ()
    is_told = symptom.number in _STATUSES and _WEBSOCKET.search(symptom.text)
    if not is_told or _OPENS.search(symptom.text) or not _is_page_served(evidence):
        return ()
    if any(upgrade.accepted and upgrade.through == "front" for upgrade in evidence.of(Upgrade)):
        return ()
    addresses = map(parse_url, _addresses(evidence, symptom.text))
    if any(url and not _is_own(target, url) for url in addresses):
        return ()
    return _known_paths(evidence) or (target.path_without_query,)


def _is_own(target: Target, url: Url) -> bool:
    """Return whether an address is the site's own: ws:// at its usual port is written for wss://
    too."""
    ports = {target.port, 80} if target.port == 443 else {target.port}
    return url.host == target.host and url.port in ports


def has_own_path(evidence: Evidence) -> bool:
    """Return whether the page or the access log names the path of a WebSocket."""
    return bool(_known_paths(evidence))


def _known_paths(evidence: Evidence) -> tuple[str, ...]:
    logged = [handshakes.path for handshakes in evidence.good(RefusedHandshakes)]
    opened = evidence.good(WebSocketPath)
    named = [websocket.path for websocket in opened if websocket.base != "unknown"]
    return tuple(dict.fromkeys((*logged, *named)))


def _is_page_served(evidence: Evidence) -> bool:
    """Return whether the site's page is answered everywhere: what fails before is another fault."""
    pages = page_exchanges(evidence)
    return bool(pages) and all(0 < (page.status or 0) < 500 for page in pages)


def _addresses(evidence: Evidence, words: str) -> Iterator[str]:
    """Yield the addresses of WebSockets in a person's words, and in the site's page and scripts."""
    yield from (match[0] for match in _ADDRESS.finditer(words))
    for page in page_exchanges(evidence):
        yield from page.mentions
    for response in evidence.good(PageFileResponse):
        yield from response.mentions
    for page_port in evidence.of(PagePort):
        yield page_port.url
    for content in evidence.good(Page):
        yield from content.plain_sockets

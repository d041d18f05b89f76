"""An https page, or a script that it loads, names a ws: address of its own host, or of the address
at which it was answered. Browsers block it as mixed content (W3C Mixed Content, section 4). A page
that also names the wss: address chooses between the two, and the field upgrade-insecure-requests
makes browsers use wss:.

A browser's own message names an address that no GET of the page shows: a script builds it. It
counts unless the page is known to open another WebSocket by now.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Step,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import Page, PageFileResponse, WebSocketPath
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import Url, is_related_host, parse_url

if TYPE_CHECKING:
    from checks.websocket._plain_ports import PassedPort

#: Chrome: "… attempted to connect to the insecure WebSocket endpoint 'ws://…'". Firefox and Safari
#: name the address alone, behind their own words.
_TOLD = lazy_pattern(r"(?i)(?<![a-z0-9])ws://[^\s\"'<>`‘’“”，。；、（）()]{1,300}")


@frozen
class _Source:
    """A page and the ws: and wss: addresses in it, or in the scripts that it loads."""

    page: str
    address: str
    port: int
    mentions: tuple[str, ...]
    observations: tuple[Observation, ...]
    script: str = ""
    is_told: bool = False


class _Remedy(TypedDict):
    facts: dict[str, object]
    fix: Fix


@check(severity=Severity.WARNING, needs=[Exchange])
def mixed_content(evidence: Evidence) -> Iterator[Claim]:
    upgraded = {page.url for page in evidence.good(Page) if page.upgrades}
    insecure = [
        (source, sockets)
        for source in (*_pages(evidence), *_scripts(evidence), *_told(evidence))
        if source.page not in upgraded and (sockets := _insecure_sockets(source))
    ]
    if not insecure:
        return
    first, sockets = insecure[0]
    subjects = endpoints((source.address for source, _ in insecure), first.port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(observation for source, _ in insecure for observation in source.observations),
        confidence=Confidence.LIKELY,
        is_reported=first.is_told,
        **_remedy(evidence, first, sockets[0]),
    )


def _remedy(evidence: Evidence, source: _Source, socket: str) -> _Remedy:
    """Return the facts and the fix: a program at a port of its own is passed on by the web server,
    and the script names the new address."""
    # Imported late: few pages open such a WebSocket.
    from checks.websocket._plain_ports import passed_port, path_of_socket, script_command

    url = parse_url(socket)
    passed = passed_port(evidence, url) if url else None
    # Without the web server's own line the script would name a path that nobody has.
    is_ready = url is not None and (passed.steps or passed.is_passed if passed else url.port == 80)
    path = passed.path if passed else path_of_socket(url) if url else ""
    command = script_command(evidence, source.script, url, path) if url and is_ready else None
    last = command or Manual("wss", Where.APPLICATION)
    before = _steps(passed)
    is_whole = command is not None and not any(isinstance(step, Manual) for step in before)
    own = evidence.target.authority
    return {
        "facts": {
            "url": source.page,
            "script": source.script,
            "socket": socket,
            "told": source.is_told,
            "port": passed.port if passed else "",
            "process": passed.process if passed else "",
            "program": passed.address if passed else "",
            "path": path if passed else "",
            "passed": passed is not None and passed.is_passed,
            "new": f"wss://{own}{path}" if passed else "",
            "edited": command is not None,
        },
        "fix": Fix((*before, last), Applicability.REVIEW if is_whole else Applicability.MANUAL),
    }


def _steps(passed: "PassedPort | None") -> tuple[Step, ...]:
    if passed is None or passed.is_passed:
        return ()
    return passed.steps or (Manual("pass-on", Where.SERVER),)


def _told(evidence: Evidence) -> Iterator[_Source]:
    """Yield the page of a browser's message that names a ws: address, unless the page is known to
    open its WebSocket on the site itself: the message is older then."""
    symptom, target = evidence.target.symptom, evidence.target
    if symptom is None or symptom.kind != "mixed-content" or not target.uses_tls:
        return
    named = [url for match in _TOLD.finditer(symptom.text) if (url := parse_url(match[0]))]
    opened = [upgrade for upgrade in evidence.good(Upgrade) if upgrade.is_visit]
    if any(upgrade.accepted and upgrade.through == "front" for upgrade in opened):
        return
    paths = {url.path.partition("?")[0] or "/" for url in named}
    if any(path.path not in paths and not path.library for path in evidence.good(WebSocketPath)):
        return
    for page in evidence.good(Exchange):
        if page.is_page_of(target) and page.url.startswith("https:") and (page.status or 500) < 400:
            mentions = (*map(_bare, named), *_secure_mentions(evidence, page))
            yield _Source(page.url, page.address, page.port, mentions, (page,), is_told=True)
            return


def _bare(url: Url) -> str:
    return f"{url.scheme}://{url.authority}{url.path.partition('?')[0]}"


def _secure_mentions(evidence: Evidence, page: Exchange) -> list[str]:
    """Return the wss: addresses of a page and its scripts: it may choose."""
    mentions = [*page.mentions]
    for response in evidence.good(PageFileResponse):
        mentions += response.mentions
    return [url for url in mentions if url.startswith("wss:")]


def _pages(evidence: Evidence) -> Iterator[_Source]:
    put_together = {page.url: page for page in evidence.good(Page) if page.plain_sockets}
    for exchange in evidence.good(Exchange):
        if exchange.is_of_visit and exchange.url.startswith("https:"):
            page = put_together.get(exchange.url)
            yield _Source(
                exchange.url,
                exchange.address,
                exchange.port,
                (*exchange.mentions, *(page.plain_sockets if page else ())),
                (exchange, *([page] if page else [])),
            )


def _scripts(evidence: Evidence) -> Iterator[_Source]:
    """Yield the scripts of the page. What a script and the page name belongs together: one of them
    may choose."""
    exchanges = evidence.good(Exchange)
    responses = [
        response
        for response in evidence.good(PageFileResponse)
        if response.page.startswith("https:")
    ]
    all_mentions = [mention for response in responses for mention in response.mentions]
    for response in responses:
        page = [exchange for exchange in exchanges if exchange.url == response.page]
        other_mentions = (mention for exchange in page for mention in exchange.mentions)
        secure = [url for url in (*other_mentions, *all_mentions) if url.startswith("wss:")]
        mentions = (*response.mentions, *secure)
        yield _Source(
            response.page, response.address, response.port, mentions, (response,), response.url
        )


def _insecure_sockets(source: _Source) -> list[str]:
    """Return the ws: addresses of the page's own host or site, or of its server's address, that are
    not also named as wss:. Browsers do not block those of this machine itself."""
    page_url = parse_url(source.page)
    named = [(text, url) for text in source.mentions if (url := parse_url(text))]
    own = [
        (text, url)
        for text, url in named
        if page_url and (is_related_host(page_url.host, url.host) or _is_server(source, url.host))
    ]
    safe = {url.host for _, url in own if url.secure}
    if page_url and page_url.host in safe:
        safe.add(source.address)
    return [text for text, url in own if not url.secure and url.host not in safe]


def _is_server(source: _Source, host: str) -> bool:
    return host == source.address and not is_loopback(host)

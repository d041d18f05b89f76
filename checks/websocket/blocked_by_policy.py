"""The page's own Content Security Policy forbids the WebSocket: no source of `connect-src` (or
`default-src`) matches its URL. Browsers then do not even try; every other client succeeds.

If the page itself names the WebSocket, or the browser's message does, this is an error. Otherwise
another page with another policy may open it. A WebSocket of the page's scripts need not be tried:
the browser does not try it either. A policy is enforced in documents: that of a JSON answer means
no WebSocket (Content Security Policy Level 3, section 4.1).
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers import content_security_policy
from diagnose.parsers.content_security_policy import Blocked, with_directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.target import PORTS
from diagnose.parsers.urls import Url, parse_url

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_HEADER = "content-security-policy"


@check(severity=Severity.ERROR, needs=[Exchange])
def blocked_by_policy(evidence: Evidence) -> Iterator[Claim]:
    page = next(filter(partial(_is_shown, evidence), evidence.good(Exchange)), None)
    if page is None:
        return
    reported_socket = _reported_socket(evidence)
    attempts = websocket_attempts(evidence)
    for attempt in attempts:
        url = parse_url(attempt.first.url)
        is_told = (
            reported_socket is not None
            and url is not None
            and reported_socket.path == url.path.partition("?")[0]
        )
        if claim := _claim(evidence, page, url, attempt, is_told=is_told):
            yield claim
            reported_socket = None
    if reported_socket is not None:
        if claim := _claim(evidence, page, reported_socket, is_told=True):
            yield claim
        return
    tried = {attempt.path for attempt in attempts}
    for named in evidence.good(WebSocketPath):
        url = parse_url(f"{page.url.partition('://')[0].replace('http', 'ws')}://"
                        f"{evidence.target.authority}{named.path}")  # fmt: skip
        # Without a login the program may not open it at all.
        if named.path not in tried and not named.library and (
            claim := _claim(evidence, page, url, source=named)
        ):  # fmt: skip
            yield claim
            return
    yield from _of_old_browsers(evidence, page)


#: Browsers of WebKit, which counted wss: as no `'self'` before Safari 15.4, in a person's words.
_WEBKIT = lazy_pattern(r"(?i)\b(?:safari|webkit|iphone|ipad|ipod|ios)\b|苹果(?:手机|浏览器)")
#: Words of somebody who means that Safari is well.
_WEBKIT_IS_WELL = lazy_pattern(
    r"(?i)\b(?:safari|iphones?|ipads?|ios)\b (?:(?!not\b|never\b)\w{1,10} )?(?:is |are )?"
    r"(?:works?|fine|ok|connects|opens|funktioniert|geht|marche|funciona)\b(?! pas\b| nicht\b)"
    r"|(?<!not )(?<!never )(?<!n't )(?<!n’t )(?<!no )"
    r"\b(?:works?|fine|connects|opens|funktioniert|geht|marche|funciona)\b(?! pas\b| nicht\b)"
    r"(?: (?!not\b|nicht\b)\w{1,12}){0,3} (?:in|on|with|auf|mit|sur|en) "
    r"(?:safari|iphone|ipad|ios)\b(?! nicht\b)"
    r"|(?:safari|苹果手机|iphone) ?(?:上)?(?:正常|没问题|可以|能连)"
)


def _of_old_browsers(evidence: Evidence, page: Exchange) -> Iterator[Claim]:
    """Judge what a person tells of Safari alone: the policy allows the WebSocket by `'self'`, and
    names it by nothing else. Browsers of the policy's Level 2 do not count wss: as that."""
    symptom = evidence.target.symptom
    if symptom is None or not symptom.kind.startswith("websocket"):
        return
    if not _WEBKIT.search(symptom.text) or _WEBKIT_IS_WELL.search(symptom.text):
        return
    scheme = "wss" if page.url.startswith("https:") else "ws"
    attempt = next(iter(websocket_attempts(evidence)), None)
    named = next(iter(evidence.good(WebSocketPath)), None)
    path = attempt.path if attempt else named.path if named else "/"
    url = parse_url(f"{scheme}://{evidence.target.authority}{path}")
    claim = _claim(evidence, page, url, attempt, named, is_told=True)
    if claim and claim.facts["old"]:
        yield replace(claim, confidence=Confidence.LIKELY, is_reported=True)


def _is_shown(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether an answer is the site's page, also where a redirect leads to it."""
    url = parse_url(exchange.url)
    return (
        exchange.purpose in {"target", "redirect"}
        and exchange.status == 200
        and url is not None
        and url.host == evidence.target.host
        and "json" not in (exchange.header("Content-Type") or "")
    )


def _reported_socket(evidence: Evidence) -> Url | None:
    """Return the address of the site's WebSocket that a browser refused by its message."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind not in {"csp", "websocket"}:
        return None
    # Imported late: most runs have no message.
    from diagnose.parsers.policy_messages import refused_socket

    url = refused_socket(symptom.text)
    return url if url and url.host == evidence.target.host else None


def _claim(
    evidence: Evidence,
    page: Exchange,
    socket_url: Url | None,
    attempt: Attempt | None = None,
    source: WebSocketPath | None = None,
    *,
    is_told: bool = False,
) -> Claim | None:
    """Return the claim about a WebSocket that was tried (`attempt`), that a script of the page
    opens (`source`), or that the message names (`is_told`); None if the policy allows it."""
    page_url = parse_url(page.url)
    if page_url is None or socket_url is None:
        return None
    header_values = [value for name, value in page.headers if name.lower() == _HEADER]
    policies = content_security_policy.policies(header_values, page.body)
    blocked = content_security_policy.blocked_by(policies, page_url, socket_url)
    is_old = blocked is None and is_told
    if is_old:
        blocked = content_security_policy.blocked_by(policies, page_url, socket_url, by_self=False)
    if blocked is None:
        return None
    named = is_told or _is_named(page, socket_url)
    # Imported late: few pages have such a policy.
    from checks.http._sent_fields import sent_field

    origin = _origin(socket_url)
    by_host = None if not header_values else _made_from_host(evidence, blocked)
    sent = sent_field(evidence, _HEADER, header_values) if header_values else None
    place = Subject(port=page.port, path=socket_url.path.partition("?")[0])
    subjects = attempt.subjects if attempt else (place,)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(page, *(attempt.same if attempt else ()), *([source] if source else ())),
        confidence=Confidence.CERTAIN
        if named and not blocked.without_scheme
        else Confidence.LIKELY,
        severity=None if named else Severity.WARNING,
        facts={
            "url": page.url,
            "socket": str(socket_url).partition("?")[0],
            "directive": blocked.directive,
            "rule": blocked.text,
            "source": origin,
            "old": is_old,
            "fallback": blocked.directive == "default-src",
            "without_scheme": blocked.without_scheme,
            "meta": not header_values,
            "named": named,
            "place": sent.place if sent else "",
            "sent_host": by_host.name if by_host and not sent else "",
            "wanted": _wanted(header_values, blocked, origin),
        },
        location=sent.location if sent else None,
        fix=(sent and _fix(sent, blocked, origin))
        or (by_host.fix if by_host and not sent else None)
        or Fix((Manual("allow-it", Where.APPLICATION),), Applicability.MANUAL),
    )


def _is_named(page: Exchange, socket_url: Url) -> bool:
    """Return whether the page has the address of the WebSocket in it."""
    return any(
        url is not None and url.host == socket_url.host and url.path == socket_url.path
        for url in map(parse_url, page.mentions)
    )


def _origin(url: Url) -> str:
    origin = f"{url.scheme}://{url.host}"
    return origin if url.port == PORTS[url.scheme] else f"{origin}:{url.port}"


def _fix(sent: "SentField", blocked: Blocked, source: str) -> Fix | None:
    """Allow the WebSocket beside what the policy allows already: of `default-src` what scripts may
    ask is the site itself and addresses."""
    if "$host" in sent.value.replace("$hostname", ""):
        # The line is for each name of the site.
        host = source.partition("://")[2].partition(":")[0]
        source = source.replace(host, "$host", 1)
        blocked = replace(blocked, sources=_written_sources(sent.value, blocked))
    value = with_directive(sent.value, _directive(blocked, source))
    return sent.with_value(value) if value else None


def _wanted(values: list[str], blocked: Blocked, source: str) -> str:
    """Return the whole policy that allows the WebSocket, of a page that sends one; "" otherwise."""
    if len(values) != 1 or "***" in values[0]:
        return ""
    return with_directive(values[0], _directive(blocked, source))


def _directive(blocked: Blocked, source: str) -> str:
    """Return the directive with the WebSocket beside what the policy allows already."""
    kept = [word for word in blocked.sources if word.lower() != "'none'"]
    if blocked.directive == "default-src":
        kept = [word for word in kept if not word.startswith("'") or word.lower() == "'self'"]
    return " ".join(("connect-src", *kept, source))


def _written_sources(value: str, blocked: Blocked) -> tuple[str, ...]:
    """Return the sources of a directive as a line of the configuration has them, with variables."""
    written = (text.split() for text in value.split(";"))
    sources = (words[1:] for words in written if words and words[0].lower() == blocked.directive)
    return tuple(next(sources, blocked.sources))


@frozen
class _SentHost:
    """The name that nginx sends the application as Host, and the fix that sends the visitor's."""

    name: str
    fix: Fix


def _made_from_host(evidence: Evidence, blocked: Blocked) -> _SentHost | None:
    """Return the Host that nginx sends, if the policy names it as an address: the application makes
    the policy from it. None if it is the visitor's own name."""
    # Imported late: few pages have such a policy.
    from checks.nginx import Nginx, _location_edits
    from checks.nginx._edits import Changes, config_edits
    from checks.upstream._comparisons import proxied_match
    from diagnose.parsers.nginx import upstreams
    from diagnose.parsers.nginx.proxy_headers import forwarded_host

    nginx, target = Nginx.of(evidence), evidence.target
    match = proxied_match(nginx, target.path)
    variables = upstreams.request_variables(target)
    proxy_target = upstreams.proxy_target_of(match, variables) if match else None
    name = forwarded_host(match, proxy_target, target) if match and proxy_target else ""
    if match is None or not name or name.partition(":")[0].lower() == target.host:
        return None
    if not any(word.rpartition("://")[2].rstrip("/") == name for word in blocked.sources):
        return None
    changes: Changes = {}
    value = {"Host": _location_edits.host_variable(target)}
    lines = _location_edits.header_lines(nginx, match, value, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    fix = _location_edits.location_fix(nginx, match, config_edits(nginx, changes))
    return _SentHost(name, replace(fix, applicability=Applicability.REVIEW))

"""Follow the redirects of observed responses. No I/O."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, unquote, urljoin

from diagnose.model import Evidence, Target
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import is_related_host, normalize_url, parse_url

#: Statuses that redirect a browser to Location (RFC 9110 section 15.4).
REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: Longest redirect chain that is followed. Browsers stop after twenty; nobody needs ten.
MAX_REDIRECTS = 10
#: OAuth 2.0 and OpenID Connect, CAS, WS-Federation.
_LOGIN_PARAMETERS = {"redirect_uri", "service", "wreply"}


def redirect_target(answer: Exchange | LocalAnswer) -> str | None:
    """Return the absolute, normalized URL to which a response redirects, or None."""
    if answer.status not in REDIRECTS:
        return None
    location = answer.header("Location")
    if not location:
        return None
    try:
        return normalize_url(urljoin(answer.url, location.strip()))
    except ValueError:
        return location


def named_address(url: str) -> str:
    """Return the address that the query of a login names, "" for none."""
    query = url.partition("?")[2].partition("#")[0]
    try:
        fields = parse_qsl(query[:8192], max_num_fields=64)
    except ValueError:
        return ""
    return next((value for name, value in fields if name in _LOGIN_PARAMETERS), "")


def becomes_get(answer: Exchange | LocalAnswer) -> bool:
    """Return whether a browser follows a redirect with a GET after another method (Fetch standard,
    "HTTP-redirect fetch"): a form that leads to its own page is no loop."""
    method = answer.method if isinstance(answer, Exchange) else "GET"
    return method not in {"GET", "HEAD"} and answer.status in {301, 302, 303}


def leads_to_itself(answer: Exchange | LocalAnswer) -> bool:
    """Return whether a response redirects to its own URL, with the same method."""
    is_own_url = redirect_target(answer) == normalize_url(answer.url)
    return is_own_url and not becomes_get(answer)


def loses_port(answer: Exchange | LocalAnswer) -> bool:
    """Return whether a page on a port of its own redirects to itself without that port, over https
    as before: an application forces https that does not know that visitors use it."""
    own, onward = parse_url(answer.url), parse_url(redirect_target(answer) or "")
    if own is None or onward is None or becomes_get(answer):
        return False
    is_same = (own.host, own.path) == (onward.host, onward.path) and own.secure and onward.secure
    return is_same and onward.has_default_port and not own.has_default_port


def drops_port(answer: Exchange | LocalAnswer) -> bool:
    """Return whether a page on a port of its own redirects to the usual port of the same name, with
    the same scheme: an application does that which does not know the port of its visitors."""
    own, onward = parse_url(answer.url), parse_url(redirect_target(answer) or "")
    if own is None or onward is None or (own.host, own.secure) != (onward.host, onward.secure):
        return False
    return onward.has_default_port and not own.has_default_port


def leads_to_http(answer: Exchange | LocalAnswer) -> bool:
    """Return whether a response over https redirects to http on the same site."""
    own, onward = parse_url(answer.url), parse_url(redirect_target(answer) or "")
    return (
        own is not None
        and onward is not None
        and own.secure
        and not onward.secure
        and is_related_host(own.host, onward.host)
    )


@frozen
class RedirectChain:
    """Responses, each redirecting to the next. `end` is "answer" if the last one is not a redirect
    (or failed), "loop", or "unseen" if `next_url` was not requested."""

    steps: tuple[Exchange, ...]
    end: Literal["answer", "loop", "unseen"]
    next_url: str = ""

    @property
    def is_endless(self) -> bool:
        """Whether it was followed as far as `MAX_REDIRECTS` without a circle."""
        return self.end == "unseen" and len(self.steps) > MAX_REDIRECTS

    @property
    def cycle(self) -> tuple[Exchange, ...]:
        """The steps of the circle, from the URL to which the last redirect returns."""
        urls = [normalize_url(step.url) for step in self.steps]
        return self.steps[urls.index(self.next_url) :] if self.next_url in urls else self.steps


def follow_redirects(start: Exchange, exchanges: Iterable[Exchange]) -> RedirectChain:
    """Follow redirects through the observed responses, preferring those of the same address.

    A URL that once gave something other than a redirect does not count as a loop, because some
    sites redirect to the same URL until a cookie comes back. A form is sent once: what follows are
    other requests, also to its own URL.
    """
    pages = [
        exchange
        for exchange in exchanges
        if exchange.purpose in {"target", "plain", "redirect"} and not becomes_get(exchange)
    ]
    steps = [start]
    visited = set() if becomes_get(start) else {normalize_url(start.url)}
    while (next_url := redirect_target(steps[-1])) is not None:
        answer = _observed_answer(next_url, start.address, pages)
        if next_url in visited and (answer is None or redirect_target(answer) is not None):
            return RedirectChain(tuple(steps), "loop", next_url)
        if answer is None:
            return RedirectChain(tuple(steps), "unseen", next_url)
        steps.append(answer)
        visited.add(next_url)
    return RedirectChain(tuple(steps), "answer")


def _observed_answer(url: str, address: str, pages: list[Exchange]) -> Exchange | None:
    """Return the response at a URL, preferring this address, then a response without redirect."""
    candidates = [page for page in pages if normalize_url(page.url) == url]
    return min(
        candidates,
        key=lambda page: (page.address != address, redirect_target(page) is not None),
        default=None,
    )


def is_own_https(target: Target, url: str) -> bool:
    """Return whether a URL is of the target's name, on the usual port of https."""
    parsed = parse_url(url)
    return parsed is not None and parsed.secure and (parsed.host, parsed.port) == (target.host, 443)


@lru_cache(maxsize=4)
def end_page(evidence: Evidence) -> Exchange | None:
    """Return the response to which the target's redirects lead, if it is another page of the
    target's own origin; None if the target does not redirect, or leads elsewhere.

    Cached: many checks of one run ask.
    """
    exchanges = evidence.of(Exchange)
    for start in exchanges:
        if start.purpose == "target" and redirect_target(start) is not None:
            chain = follow_redirects(start, exchanges)
            last = chain.steps[-1]
            if chain.end == "answer" and is_own_origin(evidence.target, last.url):
                return last if last.purpose == "redirect" else None
    return None


def end_path(evidence: Evidence) -> str:
    """Return the path of the page that visitors of the target get: where its redirects lead, or its
    own."""
    end = end_page(evidence)
    url = parse_url(end.url) if end else None
    return url.path if url else evidence.target.path


def preserves_path(path: str, url: str) -> bool:
    """Return whether a redirect's URL contains the path, perhaps encoded in a parameter."""
    return path in url or path in unquote(unquote(url))


_PAGE_REDIRECT = lazy_pattern(
    r"http-equiv=[\"']?refresh[\"']?[^>]{0,200}https://|location(?:\.href|\.protocol)?\s*=[^;]{0,80}"
    r"https:|location\.replace\([^)]{0,80}https:",
    re.IGNORECASE,
)


def redirects_in_page(body: str) -> bool:
    """Return whether a page redirects the browser to https by meta refresh or script."""
    return bool(_PAGE_REDIRECT.search(body))

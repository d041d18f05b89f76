"""Whether an application's answers show that one part of nginx's request makes the difference.
No I/O."""

from urllib.parse import urljoin

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.redirects import REDIRECTS, redirect_target
from diagnose.parsers.urls import normalize_url, parse_url


def is_questionable(exchange: Exchange) -> bool:
    """Return whether a page's status may come from nginx's request: a refusal (4xx), or a redirect
    to the same URL. Neither is a fault by itself."""
    if exchange.failure or exchange.status is None:
        return False
    return 400 <= exchange.status < 500 or redirect_target(exchange) == normalize_url(exchange.url)


def reproduces(response: ComparedRequest, exchange: Exchange) -> bool:
    """Return whether the application, asked as nginx asks it, answers what visitors get."""
    if response.status != exchange.status or response.failure:
        return False
    return response.status not in REDIRECTS or response.location == redirect_target(exchange)


def is_served(response: ComparedRequest, target: Target) -> bool:
    """Return whether the application serves a page, or redirects to another page of the site."""
    status = response.status or 0
    if response.failure or not 200 <= status < 400:
        return False
    if status < 300:
        return True
    url = parse_url(response.location) if status in REDIRECTS else None
    if url is None or url.host != target.host:
        return False
    return url.path.partition("?")[0] != target.path.partition("?")[0]


def absolute_location(location: str, page: str) -> str:
    """Return a Location as an absolute URL, normalized; it is relative to the URL of the page
    that sent it."""
    if not location:
        return ""
    try:
        return normalize_url(urljoin(page, location.strip()))
    except ValueError:
        return location

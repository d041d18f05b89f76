"""Makes the observation of the site's page: what its text tells a browser to load, request, send
or open, and what of it a policy may forbid."""

import re
from typing import Any

from diagnose.model.http import Exchange
from diagnose.model.marks import Headers
from diagnose.model.pages import FileKind, Page
from diagnose.net.http import HttpResult
from diagnose.parsers.form_scripts import handles_forms
from diagnose.parsers.html_page import HtmlPage, parse_page, upgrades_insecure
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import (
    insecure_requests_in,
    may_have_plain_base,
    own_plain_sockets_in,
)
from diagnose.probes import ProbeContext

#: What code of the server has, as `source_text_in` knows it.
_SOURCE = re.compile(
    r"<!--#|<\?(?:=|\s|[a-wyz$])|^[\ufeff\s]{0,99}(?:<%|\{%)|\[an error occurred|<center>nginx",
    re.IGNORECASE,
)
#: Fields that forbid a page something that it asks for itself.
POLICIES = {
    "content-security-policy", "cross-origin-embedder-policy", "permissions-policy",
    "feature-policy",
}  # fmt: skip
#: What a text has that reads data from a path, as `data_paths_in` knows it.
READS_DATA = re.compile(r"fetch\(|\.get(?:JSON)?\(|\.open\(|\buri\s{0,9}:")

#: What a text has that names pages of its own, as `routes_in` knows it.
_ROUTES = re.compile(r"\bpath[\"']?\s{0,3}[:=]\s{0,3}[\"'`]/\w")

#: The path of an address of the visitor's own machine.
_LOCAL_URL = re.compile(
    r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(/[\w./~-]{2,200})"
)


def read_page(ctx: ProbeContext, exchange: Exchange, answer: HttpResult) -> Page:
    """Return the observation of a page; the secrets of the request are masked in it."""
    text = ctx.options.request.mask_secrets(answer.text)
    refresh = exchange.header("Refresh") or ""
    html: HtmlPage = parse_page(text, exchange.url, answer.is_whole, refresh)
    policies = (
        value for name, value in answer.headers if name.lower() == "content-security-policy"
    )
    return Page(
        at=ctx.elapsed(),
        equivalent=exchange.equivalent,
        url=exchange.url,
        address=exchange.address,
        port=exchange.port,
        files=html.files,
        base=html.base,
        quirks=html.quirks,
        upgrades=html.upgrades or any(map(upgrades_insecure, policies)),
        is_empty=html.is_empty,
        has_style=html.has_style,
        inline_scripts=html.inline_scripts,
        insecure_forms=html.insecure_forms,
        posts=html.posts,
        refresh=html.refresh,
        insecure_frames=html.insecure_frames,
        images=html.images,
        logins=html.logins,
        queries=html.queries,
        portless=html.portless,
        plain_sockets=own_plain_sockets_in(text, ctx.target.host),
        requests=plain_requests_of(text, ctx.target.host),
        data_paths=data_paths_of(text),
        sent_paths=sent_paths_of(text),
        handles_forms=bool(html.posts) and handles_forms(text),
        uploads=html.uploads,
        local_values=html.local_values,
        tokens=html.tokens,
        source_text=source_text_of(text),
        **restricted(text, answer.headers, exchange.url),
    )


def plain_requests_of(text: str, host: str) -> tuple[str, ...]:
    """Return the http: addresses that the scripts in a text request, also by a name."""
    urls = insecure_requests_in(text)
    if may_have_plain_base(text, host):
        from diagnose.parsers.plain_bases import plain_bases_in

        urls = tuple(dict.fromkeys((*urls, *plain_bases_in(text, host))))
    return tuple(map(clean, urls))


def source_text_of(text: str) -> str:
    """Return how code of the server in a page begins, "" if there is none."""
    if not _SOURCE.search(text):
        return ""
    from diagnose.parsers.source_text import source_text_in

    return source_text_in(text)


def is_restricted(headers: Headers, document: str = "") -> bool:
    """Return whether a page has a policy that may forbid what it asks for."""
    if any(name.lower() in POLICIES for name, _ in headers):
        return True
    if "ecurity-" not in document and "ECURITY-" not in document:
        return False
    from diagnose.parsers.page_uses import has_policy_element

    return has_policy_element(document)


def restricted(text: str, headers: Headers, url: str) -> dict[str, Any]:
    """Return what a page asks for, if it has a policy that may forbid it. Few pages have one, and
    only those pay for reading it."""
    if not is_restricted(headers, text):
        return {}
    from diagnose.parsers.browser_features import features_in_page
    from diagnose.parsers.inline_scripts import script_proofs
    from diagnose.parsers.page_uses import uses_in_page

    return {
        "uses": uses_in_page(text, url),
        "features": features_in_page(text),
        "proofs": script_proofs(text),
    }


def file_uses(kind: FileKind, text: str, page: Headers, url: str) -> dict[str, Any]:
    """Return what a file of such a page asks for."""
    if not text or not is_restricted(page):
        return {}
    from diagnose.parsers.browser_features import features_in
    from diagnose.parsers.page_uses import evaluates_text, uses_in_script, uses_in_sheet

    if kind == "stylesheet":
        return {"uses": uses_in_sheet(text, url)}
    return {
        "uses": uses_in_script(text),
        "features": features_in(text),
        "evaluates": evaluates_text(text),
    }


def data_paths_of(script: str) -> tuple[str, ...]:
    """Return the paths from which a page or a script reads data."""
    if not script or not READS_DATA.search(script):
        return ()
    from diagnose.parsers.data_paths import data_paths_in

    return data_paths_in(script)


def routes_of(script: str) -> tuple[str, ...]:
    """Return the paths of the pages that a script shows by itself."""
    if not _ROUTES.search(script):
        return ()
    from diagnose.parsers.script_routes import routes_in

    return routes_in(script)


def read_cookies_of(script: str) -> tuple[str, ...]:
    """Return the names of the cookies that a script reads."""
    if "ookie" not in script:
        return ()
    from diagnose.parsers.read_cookies import read_cookies_in

    return read_cookies_in(script)


def sent_paths_of(script: str) -> tuple[str, ...]:
    """Return the paths to which a page or a script sends a POST."""
    if ".post(" not in script and "POST" not in script:
        return ()
    from diagnose.parsers.data_paths import sent_paths_in

    return sent_paths_in(script)


def told_paths_in(script: str, message: str) -> tuple[str, ...]:
    """Return the paths of a message's addresses of localhost that a script has in quotes, without
    a host: it asks the site itself by now."""
    paths = (match[1] for match in _LOCAL_URL.finditer(message[:2048]))
    return tuple(
        path for path in dict.fromkeys(paths) if any(f"{q}{path}{q}" in script for q in "\"'`")
    )


def is_worth_saying(page: Page) -> bool:
    """Return whether the page tells a browser to load, request, send or open anything."""
    sent = page.insecure_forms or page.posts or page.refresh or page.insecure_frames
    shown = page.files or page.requests or page.inline_scripts or page.plain_sockets or page.logins
    restricted = page.uses or page.features or page.source_text or page.sent_paths
    shown = shown or page.local_values
    return bool(shown or sent or page.images or page.queries or page.portless or restricted)


def cookies_after(cookie: str, page: Exchange) -> str:
    """Return the cookies that a browser has after the page: those of its request, and those that
    the page has set."""
    pairs = dict(pair.strip().partition("=")[::2] for pair in cookie.split(";") if "=" in pair)
    for name, value in page.headers:
        key, equals, text = value.partition(";")[0].partition("=")
        if name.lower() == "set-cookie" and equals and value.isascii() and value.isprintable():
            pairs[key.strip()] = text.strip()
    return "; ".join(f"{key}={value}" for key, value in list(pairs.items())[:16])

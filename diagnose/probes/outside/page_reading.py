"""Makes the observation of the site's page: what its text tells a browser to load, request, send
or open."""

import re

from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.net.http import HttpResult
from diagnose.parsers.html_page import HtmlPage, parse_page, upgrades_insecure
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import insecure_requests_in, own_plain_sockets_in
from diagnose.probes import ProbeContext

#: What a text has that reads data from a path, as `data_paths_in` knows it.
READS_DATA = re.compile(r"fetch\(|\.get(?:JSON)?\(|\.open\(|\buri\s{0,9}:")


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
        plain_sockets=own_plain_sockets_in(text, ctx.target.host),
        requests=tuple(map(clean, insecure_requests_in(text))),
        data_paths=data_paths_of(text),
    )


def data_paths_of(script: str) -> tuple[str, ...]:
    """Return the paths from which a page or a script reads data."""
    if not script or not READS_DATA.search(script):
        return ()
    from diagnose.parsers.data_paths import data_paths_in

    return data_paths_in(script)


def is_worth_saying(page: Page) -> bool:
    """Return whether the page tells a browser to load, request, send or open anything."""
    sent = page.insecure_forms or page.posts or page.refresh or page.insecure_frames
    shown = page.files or page.requests or page.inline_scripts or page.plain_sockets or page.logins
    return bool(shown or sent or page.images or page.queries)

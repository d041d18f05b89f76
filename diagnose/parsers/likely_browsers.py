"""Tells browsers by what they load, in an access log that has neither Referer nor User-Agent, such
as HAProxy's. No I/O.

A browser loads a page and, at once, what the page consists of. Programs that look for weak sites
ask for addresses alone. What a browser asks for while it shows a page comes from that page.
"""

import posixpath
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from diagnose.parsers.access_log import AccessLine

#: What pages consist of. An icon is left out: programs ask for it too.
PARTS = frozenset(
    {".js", ".mjs", ".css", ".wasm", ".woff", ".woff2", ".png", ".jpg", ".jpeg", ".svg", ".webp"}
)
#: How the names of files begin that programs ask for by themselves.
_UNASKED = ("favicon", "apple-touch-icon")
#: Seconds: from a page to its first part, and the pause before a visitor goes to another page.
_LOADING, _PAUSE = 5.0, 1.0
#: The status of a page, and of one that the browser has (RFC 9110 sections 15.3.1 and 15.4.5).
_SHOWN = frozenset({200, 304})


def with_likely_pages(
    lines: Sequence[AccessLine], host: str, names: Collection[str], is_shared: bool
) -> list[AccessLine]:
    """Return the requests in the order of their times, those of likely browsers with the page that
    sent them as Referer; the same requests if a line has a Referer or a User-Agent.

    `names` are the site's names, and `host` is the target's. In a log that other sites write too
    (`is_shared`) only lines with the site's name count.
    """
    if any(line.referer or line.agent for line in lines):
        return list(lines)
    # A server may write a line when its request is over.
    lines = sorted(lines, key=lambda line: line.when)
    pages, browsers = _pages_and_browsers(
        line for line in lines if _is_of_site(line, names, is_shared)
    )
    result: list[AccessLine] = []
    shown: dict[str, str] = {}
    last: dict[str, float] = {}
    for line in lines:
        if line.client not in browsers or not _is_of_site(line, names, is_shared):
            result.append(line)
            continue
        has_paused = line.when - last.get(line.client, 0.0) >= _PAUSE
        last[line.client] = line.when
        page = shown.get(line.client, "")
        is_page = line.method == "GET" and line.path in pages and line.status in _SHOWN
        if is_page and (has_paused or not page):
            shown[line.client], page = line.path, ""
        referer = f"https://{host}{page}" if page else ""
        result.append(replace(line, referer=referer, acts_as_browser=True))
    return result


def _pages_and_browsers(lines: Iterable[AccessLine]) -> tuple[set[str], set[str]]:
    """Return the paths of pages, and the clients that loaded one of them with a part of it."""
    pages, browsers = set[str](), set[str]()
    begun: dict[str, AccessLine] = {}
    last: dict[str, float] = {}
    for line in lines:
        has_paused = line.when - last.get(line.client, 0.0) >= _PAUSE
        last[line.client] = line.when
        if line.method != "GET" or line.status not in _SHOWN:
            continue
        name = posixpath.basename(line.path).lower()
        extension = posixpath.splitext(name)[1]
        page = begun.get(line.client)
        if not extension and (has_paused or page is None):
            begun[line.client] = line
        elif (
            page is not None
            and extension in PARTS
            and not name.startswith(_UNASKED)
            and line.when - page.when <= _LOADING
        ):
            pages.add(page.path)
            browsers.add(line.client)
    return pages, browsers


def _is_of_site(line: AccessLine, names: Collection[str], is_shared: bool) -> bool:
    return line.host.partition(":")[0] in names if line.host else not is_shared

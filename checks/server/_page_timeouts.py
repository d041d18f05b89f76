"""How long Apache, Caddy or HAProxy wait for the answer of an application, by their configuration.

Apache: `timeout=` of ProxyPass, or else ProxyTimeout, or else Timeout (mod_proxy). Caddy:
`response_header_timeout` and `read_timeout` of the transport. HAProxy: `timeout server`.
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, line_text, place_text
from checks.server._apache_workers import parameter_route
from checks.server._haproxy import haproxy_view, place
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute

#: Most lines of a file that are read.
_MAX_LINES = 20_000

_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "mi": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|min|mi|m|h|)")
_LINES = {
    "apache": re.compile(r"[ \t]*((?:ProxyTimeout|Timeout)[ \t]+(\S{1,20}))[ \t]*$", re.I),
    "caddy": re.compile(r"[ \t]*((?:response_header_timeout|read_timeout)[ \t]+(\S{1,20}))[ \t]*$"),
}
#: The settings of Apache, the one that counts first. HAProxy and Caddy have one.
_ORDER = ("timeout=", "proxytimeout", "")
_PROXY_PASS = re.compile(r"\b(timeout=(\S{1,20}))", re.I)


@frozen
class PageTimeout:
    """A setting that ends the wait for an answer after `seconds`, as it is written, and its
    place. `file` and `line` are that place too, "" and 0 for HAProxy."""

    seconds: float
    text: str
    place: str
    file: str = ""
    line: int = 0


def page_timeouts(view: ServerView, route: SiteRoute) -> Iterator[PageTimeout]:
    """Yield the settings that may end the wait for the answer of a route's application."""
    if view.server.product == "haproxy":
        haproxy = haproxy_view(view.evidence)
        backend = haproxy.proxies.backend if haproxy else None
        if backend is not None and (timeout := backend.timeout("server")):
            yield PageTimeout(timeout[0], " ".join(timeout[1].words), place(timeout[1]))
        return
    worker = parameter_route(view, route)
    if match := _PROXY_PASS.search(line_text(view, worker.file, worker.line)):
        yield from _timeout(match, worker.file, worker.line)
    pattern = _LINES.get(view.server.product)
    for file in view.config.files if view.config and pattern else ():
        for number, line in enumerate(file_rows(view, file)[:_MAX_LINES], start=1):
            if pattern and (match := pattern.match(line[:200])):
                yield from _timeout(match, file.path, number)


def timeout_in_force(view: ServerView, route: SiteRoute) -> PageTimeout | None:
    """Return the setting in force; Apache's, as far as the files of its sites have one."""
    timeouts = list(page_timeouts(view, route))
    for name in _ORDER:
        chosen = [each for each in timeouts if each.text.lower().startswith(name)]
        if chosen:
            return min(chosen, key=lambda timeout: timeout.seconds)
    return None


def _timeout(match: re.Match[str], file: str, line: int) -> Iterator[PageTimeout]:
    duration = _DURATION.fullmatch(match[2])
    if duration:
        seconds = float(duration[1]) * _UNITS[duration[2]]
        yield PageTimeout(seconds, match[1], place_text(file, line), file, line)

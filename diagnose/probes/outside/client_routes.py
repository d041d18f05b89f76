"""Asks for the page of a single-page application above a target that answers 404: its addresses
exist in the browser only, and its script shows which.
"""

from urllib.parse import urlsplit

from diagnose.model.http import Exchange, header
from diagnose.model.marks import Url
from diagnose.model.pages import ClientRoute, RouteSource
from diagnose.net.http import HttpConnection, HttpResult, send_get
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.script_routes import route_source
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.browser_requests import BROWSER_FIELDS
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.http_requests import (
    PageRequest,
    conceal_answer,
    curl_command,
    may_authenticate,
)
from diagnose.probes.outside.path_spellings import other_spelling
from diagnose.probes.outside.requested_files import requested_files

#: Maximum number of scripts, and of bytes of a page and of a script. The table of a router stands
#: in the first script, which has the whole program without code splitting.
MAX_SCRIPTS, MAX_PAGE, MAX_SCRIPT = 2, 64 << 10, 768 << 10
#: First folders of paths that programs read, and people do not open.
_OF_PROGRAMS = frozenset({"api", "rest", "graphql", "rpc", "v1", "v2", "v3", "oauth", "oauth2"})


def front_paths(path: str) -> tuple[str, ...]:
    """Return the paths of the pages to whose application a path may belong, the nearest first; ()
    if people do not open such a path."""
    first = path.strip("/").partition("/")[0].lower()
    if not other_spelling(path) or first in _OF_PROGRAMS:
        return ()
    folder = f"/{path.strip('/').partition('/')[0]}/"
    is_below = path.rstrip("/") != folder.rstrip("/")
    return (folder, "/") if is_below else ("/",)


async def request_front_page(ctx: ProbeContext, page: Exchange) -> None:
    """Emit the route of the application at the nearest page above, if its script may have one."""
    url = urlsplit(page.url)
    paths = front_paths(url.path)
    spelled = any(
        exchange.purpose == "spelling" and exchange.status == 200
        for exchange in ctx.observed(Exchange)
    )
    if not paths or spelled or page.method != "GET":
        return
    if not ctx.further_requests.begin("the page above the target"):
        return
    browser = _Browser(ctx, page)
    for path in paths:
        front = url._replace(path=path, query="", fragment="").geturl()
        if await browser.emit_route(front, url.path):
            break
    browser.close()


def _is_page(answer: HttpResult) -> bool:
    kind = header(answer.headers, "Content-Type") or ""
    return answer.status == 200 and kind.lower().startswith("text/html")


class _Browser:
    """Loads a page and its scripts on one connection."""

    def __init__(self, ctx: ProbeContext, page: Exchange) -> None:
        self._ctx, self._page = ctx, page
        self._connection: HttpConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    async def emit_route(self, front: Url, path: str) -> bool:
        """Emit which script of a page may show a path, and return whether the page shows nothing
        without its scripts."""
        answer = await self._get(front, MAX_PAGE)
        if answer is None or not _is_page(answer):
            return False
        html = parse_page(answer.text, front, answer.is_whole)
        # Some hosts send the application with a 404: it works.
        if not html.is_empty or answer.body == self._page.body:
            return False
        files = requested_files(self._ctx.target, html.files)
        scripts = [file.url for file in files if file.is_script]
        for script in scripts[:MAX_SCRIPTS]:
            if await self._emit_source(front, script, path) == "route":
                break
        return bool(scripts)

    async def _emit_source(self, front: Url, script: Url, path: str) -> RouteSource:
        at = self._ctx.elapsed()
        answer = await self._get(script, MAX_SCRIPT)
        if answer is None or answer.status != 200:
            return ""
        # A router may have its pages without the folder of its own page (basename, base href).
        below = path.removeprefix(urlsplit(front).path.rstrip("/"))
        sources = {route_source(answer.text, each) for each in dict.fromkeys((path, below))}
        source: RouteSource = "route" if "route" in sources else max(sources)
        if source:
            address, verified = self._page.address, self._page.verified
            self._ctx.emit(
                ClientRoute(
                    at=at,
                    took=self._ctx.elapsed() - at,
                    equivalent=curl_command(script, address, verified),
                    url=self._page.url,
                    front=front,
                    script=script,
                    source=source,
                )
            )
        return source

    async def _get(self, url: Url, max_bytes: int) -> HttpResult | None:
        """Return the response, or None if there must be no request or no connection opens."""
        allowance = self._ctx.further_requests.reserve(self._ctx, url, max_bytes)
        parsed = parse_url(url)
        if allowance is None or parsed is None:
            return None
        if self._connection is None or not self._connection.reusable:
            self.close()
            self._connection, _ = await open_http(
                self._ctx, self._page.address, parsed, False, allowance.seconds
            )
        if self._connection is None:
            return None
        request = PageRequest(url, self._page.address, "path", self._page.verified)
        may_send_secrets = may_authenticate(self._ctx, request)
        fields = {
            "Accept": BROWSER_FIELDS["Accept"] if max_bytes == MAX_PAGE else "*/*",
            "Accept-Encoding": "gzip",
            **request.fields(self._ctx.target, self._ctx.options.request, may_send_secrets),
        }
        answer = await send_get(
            self._connection, url, fields, allowance.seconds, max_body=allowance.bytes
        )
        self._ctx.further_requests.give_back(allowance, answer.size)
        return conceal_answer(answer, self._ctx.options.request)

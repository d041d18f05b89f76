"""Asks for what the site's page needs from another origin of its own server, as a browser does:
with the page's Origin, and a preflight where one is due.

Browsers ask with CORS for the fonts of a style sheet (CSS Fonts Level 4, section 4.9), for module
scripts and files with `crossorigin` (HTML standard), and for data (Fetch standard). A name is the
own server's if it leads to the address of the page, and is a sibling of the page's, or that of this
machine. What a browser would keep from the page is diagnosed after the target.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.other_requests import CookielessCall, CrossOriginUse, OtherRequest
from diagnose.model.pages import Page
from diagnose.net.deadline import deadline
from diagnose.net.http import HttpResult, send_get
from diagnose.parsers.cors_messages import HEADERS_FIELD, METHOD_FIELD
from diagnose.parsers.cross_origin_answers import permits, permits_preflight
from diagnose.parsers.cross_origin_calls import cross_origin_calls, sends_cookies
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.page_uses import fonts_in_sheet, uses_in_page
from diagnose.parsers.request_fields import MASKED, is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import Url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import open_http

#: Maximum number of uses that are asked for, of other names that are looked up, and of style sheets
#: at another origin that are read, of each this many bytes.
MAX_USES, MAX_NAMES, MAX_SHEETS, MAX_SHEET = 4, 2, 1, 64 << 10
#: Bytes of the body of another answer.
_MAX_BODY = 4 << 10
#: Seconds to wait for the address of a name.
_NAME_WAIT = 1.0
_PREFLIGHT = "OPTIONS"
#: What a request with a token is asked for before it (Fetch standard).
_TOKEN = ("authorization",)


@frozen
class ReadText:
    """A text that the page brought: the page itself, a style sheet or a script of it."""

    kind: str
    url: str
    text: str


@frozen
class _Use:
    """What the page asks another origin for."""

    url: Url
    kind: CrossOriginUse
    method: str = "GET"
    fields: tuple[str, ...] = ()
    with_cookies: bool = False
    source: str = ""

    @property
    def origin(self) -> str:
        return f"{self.url.scheme}://{self.url.authority}"

    @property
    def needs_preflight(self) -> bool:
        return self.kind == "data" and (bool(self.fields) or self.method not in {"GET", "HEAD"})


async def ask_elsewhere(ctx: ProbeContext, page: Page, texts: Iterable[ReadText]) -> None:
    """Ask for what the page needs elsewhere, the first use of each kind at each origin."""
    asker, asked = _Asker(ctx, page), set[tuple[str, str, bool]]()
    read = [*texts, *await asker.sheets()]
    uses = tuple(_uses(ctx, page, read))
    # A script that sends a token needs no cookie.
    has_login = any(sends_cookies(each.text) for each in read) or any(
        _TOKEN[0] in use.fields for use in uses
    )
    for use in uses:
        key = (use.origin, use.kind, use.needs_preflight)
        if key in asked or len(asked) >= MAX_USES or not await asker.is_own(use.url):
            continue
        asked.add(key)
        answer = await asker.ask(use)
        if answer is not None and not has_login:
            _emit_cookieless(ctx, use, answer)


def _emit_cookieless(ctx: ProbeContext, use: _Use, answer: HttpResult) -> None:
    """Emit an answer that permits cookies, where no script of the page sends them."""
    if use.kind != "data" or not permits(answer.headers, ctx.target.origin, with_cookies=True):
        return
    from diagnose.parsers.set_cookie import cookie_pair

    fields = (value for name, value in answer.headers if name.lower() == "set-cookie")
    ctx.emit(
        CookielessCall(
            at=ctx.elapsed(),
            url=str(use.url),
            script=use.source,
            origin=ctx.target.origin,
            method=_PREFLIGHT if use.needs_preflight else "GET",
            status=answer.status or 0,
            cookies=tuple(clean(cookie_pair(field)[0], 80) for field in fields)[:8],
        )
    )


def _uses(ctx: ProbeContext, page: Page, texts: Iterable[ReadText]) -> Iterator[_Use]:
    """Yield the uses of other origins: those of the site's own names first, and of these those
    without which a page shows nothing."""
    uses = [
        _Use(url, "module" if file.kind == "module" else "file")
        for file in page.files
        if (file.cors or file.kind == "module") and (url := parse_url(file.url))
    ]
    for read in texts:
        uses += _uses_of(read)
    ranks, host = {"module": 0, "data": 1, "font": 2}, ctx.target.host

    def rank(use: _Use) -> tuple[bool, int]:
        return not _are_siblings(use.url.host, host), ranks.get(use.kind, 3)

    for use in sorted(uses, key=rank):
        is_mixed = page.url.startswith("https:") and not use.url.secure
        if not is_mixed and not is_own_origin(ctx.target, str(use.url)):
            yield use


def _uses_of(read: ReadText) -> Iterator[_Use]:
    if read.kind != "script":
        for font in fonts_in_sheet(read.text, read.url):
            if url := parse_url(font):
                yield _Use(url, "font")
    for use in uses_in_page(read.text, read.url) if read.kind == "page" else ():
        if use.cors and use.kind == "image" and (url := parse_url(use.url)):
            yield _Use(url, "file")
    if read.kind != "stylesheet":
        for call in cross_origin_calls(read.text):
            if url := parse_url(call.url):
                yield _Use(url, "data", call.method, call.fields, call.with_cookies, read.url)


class _Asker:
    """Asks the page's own server, at the page's address."""

    def __init__(self, ctx: ProbeContext, page: Page) -> None:
        self._ctx, self._page = ctx, page
        self._origin = ctx.target.origin
        self._known: dict[str, bool] = {ctx.target.host: True}

    async def is_own(self, url: Url) -> bool:
        """Return whether the page's own server has this name."""
        if url.host not in self._known:
            if len(self._known) > MAX_NAMES:
                return False
            self._known[url.host] = await self._leads_here(url.host)
        is_own = self._known[url.host]
        if is_own:
            self._ctx.further_requests.add_own(f"{url.scheme}://{url.authority}")
        return is_own

    async def _leads_here(self, host: str) -> bool:
        address = self._page.address
        if is_address(host) or self._ctx.options.by_proxy:
            return host == address
        if not _are_siblings(host, self._ctx.target.host) and not self._ctx.net.is_mine(address):
            return False
        family = 6 if ":" in address else 4
        lookup = await self._ctx.net.resolve(host, family, _NAME_WAIT)
        return address in lookup.addresses

    async def sheets(self) -> list[ReadText]:
        """Read the page's style sheets that lie elsewhere on its server."""
        read: list[ReadText] = []
        for file in self._page.files:
            url = parse_url(file.url)
            if (
                url is None or file.kind != "stylesheet" or len(read) >= MAX_SHEETS
                or is_own_origin(self._ctx.target, file.url) or not await self.is_own(url)
            ):  # fmt: skip
                continue
            answer = await self._send(_Use(url, "file"), "GET", {}, MAX_SHEET)
            if answer is not None and answer.status == 200:
                read.append(ReadText("stylesheet", file.url, answer.text))
        return read

    async def ask(self, use: _Use) -> HttpResult | None:
        """Ask for a use, and have it diagnosed if a browser keeps it from the page. Return the
        answer, None if it says nothing."""
        if MASKED in str(use.url):
            return None
        answer = await self._send_use(use)
        if answer is None or _is_challenge(answer):
            return None
        await self._judge(use, answer)
        return answer

    async def _judge(self, use: _Use, answer: HttpResult) -> None:
        if use.needs_preflight or not self._is_kept_back(use, answer):
            if use.needs_preflight and self._is_refused(use, answer):
                self._diagnose(use, _PREFLIGHT)
            elif self._may_be_closed(use):
                self._diagnose(use, _PREFLIGHT if use.needs_preflight else "GET")
            return
        if 400 <= (answer.status or 0) < 500:
            # Visitors who have logged in may get another answer, after a preflight.
            with_token = replace(use, fields=_TOKEN)
            preflight = await self._send_use(with_token)
            is_judged = preflight is not None and not _is_challenge(preflight)
            if preflight is not None and is_judged and self._is_refused(with_token, preflight):
                self._diagnose(with_token, _PREFLIGHT)
                return
        self._diagnose(use, "GET")

    def _may_be_closed(self, use: _Use) -> bool:
        """Return whether a firewall may close the port to visitors and not to this machine."""
        return use.url.port != self._page.port and self._ctx.net.is_mine(self._page.address)

    def _is_kept_back(self, use: _Use, answer: HttpResult) -> bool:
        status = answer.status or 599
        if use.kind != "data" and 300 <= status < 500:
            return False  # It is not there, or elsewhere: that is another fault.
        if status >= 500:
            return True
        content_type = next(
            (value for name, value in answer.headers if name.lower() == "content-type"), ""
        )
        is_page = "html" in content_type or 300 <= status < 400
        return not is_page and not permits(answer.headers, self._origin, use.with_cookies)

    def _is_refused(self, use: _Use, answer: HttpResult) -> bool:
        return not permits_preflight(
            answer.status or 0, answer.headers, self._origin, use.method, use.fields,
            use.with_cookies,
        )  # fmt: skip

    async def _send_use(self, use: _Use) -> HttpResult | None:
        if not use.needs_preflight:
            return await self._send(use, "GET", {})
        fields = {METHOD_FIELD: use.method}
        if use.fields:
            fields[HEADERS_FIELD] = ",".join(use.fields)
        return await self._send(use, _PREFLIGHT, fields)

    async def _send(
        self, use: _Use, method: str, fields: dict[str, str], max_bytes: int = _MAX_BODY
    ) -> HttpResult | None:
        """Return the answer, one with a failure and no status if no connection opens; None if there
        must be no request."""
        url = str(use.url)
        allowance = self._ctx.further_requests.reserve(self._ctx, url, max_bytes)
        if allowance is None:
            return None
        try:
            async with deadline(allowance.seconds):
                opened, failure = await open_http(
                    self._ctx, self._page.address, use.url, True, allowance.seconds
                )
        except TimeoutError:
            opened, failure = None, Failure("timeout", "timed out")
        if opened is None:
            return HttpResult(failure=failure)
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", "Referer": f"{self._origin}/"}
        if max_bytes != MAX_SHEET:  # A style sheet is asked for without CORS.
            sent |= {"Origin": self._origin, "Sec-Fetch-Mode": "cors", **fields}
        try:
            answer = await send_get(
                opened, url, sent, allowance.seconds, method, max_body=allowance.bytes
            )
        finally:
            opened.close()
        self._ctx.further_requests.give_back(allowance, answer.size)
        return answer if answer.status is not None else None

    def _diagnose(self, use: _Use, method: str) -> None:
        self._ctx.further_requests.diagnose_later(
            OtherRequest(
                at=self._ctx.elapsed(),
                path=use.url.path.partition("?")[0],
                source="script" if use.kind == "data" else "page",
                method=method,
                by_browser=True,
                origin=self._origin,
                elsewhere=use.origin,
                use=use.kind,
                asks=use.method if method == _PREFLIGHT else "",
                fields=use.fields if method == _PREFLIGHT else (),
                with_cookies=use.with_cookies,
            )
        )


def _is_challenge(answer: HttpResult) -> bool:
    """Return whether programs get another answer than browsers: a limit, or Cloudflare's page that
    tries a browser (`cf-mitigated`)."""
    return answer.status == 429 or any(name.lower() == "cf-mitigated" for name, _ in answer.headers)


def _are_siblings(host: str, other: str) -> bool:
    """Return whether two names are equal, or end alike: api.example.com and www.example.com."""
    if host == other:
        return True
    labels, others = host.split("."), other.split(".")
    return len(labels) > 1 and labels[-2:] == others[-2:]

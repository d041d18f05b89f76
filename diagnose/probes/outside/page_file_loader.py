"""Requests the files of one page, over as few connections as possible."""

import re
from typing import Literal
from urllib.parse import urljoin

from diagnose.model.http import Exchange
from diagnose.model.pages import PageFile, PageFileResponse, PageFileTrial
from diagnose.net.http import HttpConnection, HttpResult, send_get
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.form_scripts import handles_forms
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import (
    module_in,
    own_plain_sockets_in,
    own_ports_in,
    service_worker_in,
    websocket_urls_in,
)
from diagnose.parsers.unknown_paths import unknown_sibling
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.further_requests import Allowance
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.http_requests import (
    PageRequest,
    conceal_answer,
    curl_command,
    may_authenticate,
)
from diagnose.probes.outside.page_reading import (
    cookies_after,
    data_paths_of,
    file_uses,
    plain_requests_of,
    read_cookies_of,
    routes_of,
    sent_paths_of,
    told_paths_in,
)

#: Maximum number of redirects of one file, and of bytes that are read of each. Of a picture only
#: whether it comes is looked at.
MAX_REDIRECTS = 2
MAX_SHEET, MAX_SCRIPT, MAX_IMAGE = 64 << 10, 256 << 10, 4 << 10

#: What Chromium sends for a style sheet; a script may be of any type.
_ACCEPT = {
    "stylesheet": "text/css,*/*;q=0.1",
    "image": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
}

_MAX_BYTES = dict.fromkeys(("image", "media", "wasm"), MAX_IMAGE) | {"stylesheet": MAX_SHEET}
#: Characters of data in which an address is looked for.
_DATA_HEAD = 65_536
#: What lies elsewhere than the page's files, and is not looked for below its path.
_ON_THEIR_OWN = {"manifest", "worker", "media", "import", "wasm", "frame"}
#: Statuses that tell of a request or its connection, and nothing of the file (RFC 9110 section
#: 15.5.1, 15.5.9, 15.5.20): they may come now and then. Such a file is asked for again, so often.
_OF_REQUESTS = {400, 408, 421}
_MORE_TRIES = 2
#: A part as browsers ask for it before they play anything (RFC 9110 section 14.2).
_PART = {"Range": "bytes=0-1"}

#: What a text has that opens WebSockets or a stream of events.
_OPENS = re.compile(
    r"wss?:|EventSource\(|Socket\(|socket\.io|\.withUrl\(|createConsumer|action-cable|SockJS"
    r"|new Pusher|__meteor_runtime_config__|<title>noVNC|blazor\.server\.|<!--Blazor:"
    r"|getReader\(|TextDecoderStream\(|\bio(?:\.connect)?\("
)

_HTML_DOCUMENT = lazy_pattern(r"[\ufeff\s]*<(?:!doctype html|html)[\s>]", re.IGNORECASE)


class PageFileLoader:
    """Requests the files of one page, over as few connections as possible."""

    def __init__(
        self,
        ctx: ProbeContext,
        connection: HttpConnection,
        request: PageRequest,
        page: Exchange,
    ) -> None:
        self._ctx, self._request, self._page = ctx, request, page
        self._connection: HttpConnection | None = connection
        self._cookie = cookies_after(request.cookie, page)
        self.responses: list[PageFileResponse] = []
        #: The scripts and style sheets that were read: what each is, its URL and its text.
        self.texts: list[tuple[str, str, str]] = []
        self.worker = self.module = ""
        #: The program for WebAssembly that the page compiles while it arrives, and not otherwise.
        self.streamed = ""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def load(self, file: PageFile, sheet: str = "") -> None:
        """Request a file, follow its redirects on the own origin, and emit the last response.
        `sheet` is the style sheet that names it, "" for the page."""
        start_time, redirects = self._ctx.elapsed(), list[str]()
        answer = await self._get(file, file.url)
        for _ in range(_MORE_TRIES if answer and answer.status in _OF_REQUESTS else 0):
            again = await self._get(file, file.url)
            if again is not None and again.status not in {None, *_OF_REQUESTS}:
                answer = again
                break
        while answer is not None and (location := _redirect(answer, [file.url, *redirects])):
            redirects.append(location)
            is_own = is_own_origin(self._ctx.target, location)
            if not is_own or len(redirects) > MAX_REDIRECTS:
                break
            answer = await self._get(file, location)
        if answer is not None:
            self._emit(file, start_time, tuple(redirects), answer, sheet)

    async def try_url(
        self, refused: PageFileResponse, url: str, prefix: str, is_absolute: bool, quirks: bool
    ) -> bool:
        """Request a file at another URL, and emit the response; return whether browsers use it."""
        start_time = self._ctx.elapsed()
        answer = await self._get(PageFile(refused.file_kind, url), url)
        if answer is None or answer.status is None:
            return False
        took = self._ctx.elapsed() - start_time
        is_used = _is_used(refused, answer, quirks)
        if is_used and answer.status == 200:
            # Whatever is asked there may be answered alike, and shows nothing then.
            control = unknown_sibling(url)
            other = await self._get(PageFile(refused.file_kind, control), control)
            is_used = other is None or other.status != 200 or not _is_used(refused, other, quirks)
        self._ctx.emit(
            PageFileTrial(
                at=start_time,
                took=took,
                equivalent=curl_command(url, self._request.address, self._request.verified),
                page=self._page.url,
                file=refused.url,
                url=url,
                prefix=prefix,
                address=self._request.address,
                port=self._page.port,
                is_absolute=is_absolute,
                status=answer.status,
                is_used=is_used and answer.status == 200,
            )
        )
        return is_used

    async def visit(self, url: str, purpose: Literal["login", "data"]) -> bool:
        """Request another address of the site, and emit the exchange; of data only if an HTML
        document came in its place, or a redirect. Return whether that is the page itself."""
        start_time = self._ctx.elapsed()
        answer = await self._get(PageFile("script", url), url)
        is_html = answer is not None and _HTML_DOCUMENT.match(answer.text[:4096]) is not None
        is_redirect = answer is not None and answer.status in REDIRECTS
        is_kept = is_html or is_redirect or purpose == "login"
        if answer is not None and purpose == "data" and not is_kept:
            self._emit_bases(url, start_time, answer)
        if answer is not None and answer.status is not None and is_kept:
            self._ctx.emit(
                Exchange(
                    at=start_time,
                    took=self._ctx.elapsed() - start_time,
                    equivalent=curl_command(url, self._request.address, self._request.verified),
                    url=url,
                    address=self._request.address,
                    port=self._page.port,
                    purpose=purpose,
                    status=answer.status,
                    reason=answer.reason,
                    headers=answer.headers,
                    body=answer.body if purpose == "data" else "",
                    verified=self._request.verified,
                )
            )
        return is_html and answer is not None and answer.body == self._page.body

    def look_for_program(self, text: str) -> None:
        """Remember the program for WebAssembly that the page, or a script of it, streams. `fetch`
        takes its address from the page, wherever the script lies (HTML standard, section 8.1.3)."""
        if self.streamed or ".wasm" not in text or "Streaming(" not in text:
            return
        # Imported late: few pages have such a program.
        from diagnose.parsers.streamed_programs import streamed_program_in

        if program := streamed_program_in(text):
            self.streamed = urljoin(self._page.url, program)

    @property
    def _scripts(self) -> str:
        """The text of the page's scripts, its own among them."""
        texts = (text for kind, _, text in self.texts if kind == "script")
        return "\n".join((self._page.body, *texts))

    def _emit_bases(self, url: str, start_time: float, answer: HttpResult) -> None:
        """Emit data that tells the page's scripts to ask the site over http."""
        if answer.status != 200 or "http:" not in answer.text[:_DATA_HEAD]:
            return
        # Imported late: most data names no address.
        from diagnose.parsers.bases_in_data import plain_bases_in_data

        text = self._ctx.options.request.mask_secrets(answer.text)
        if plain_bases_in_data(text, self._ctx.target.host, self._scripts):
            self._emit(PageFile("description", url), start_time, (), answer, "")

    async def _get(self, file: PageFile, url: str) -> HttpResult | None:
        """Return the response, or None if there must be no request or no connection opens."""
        max_bytes = _MAX_BYTES.get(file.kind, MAX_SCRIPT)
        allowance = self._ctx.further_requests.reserve(self._ctx, url, max_bytes)
        if allowance is None:
            return None
        answer = await self._request_url(file, url, allowance)
        self._ctx.further_requests.give_back(allowance, answer.size if answer else 0)
        return answer and conceal_answer(answer, self._ctx.options.request)

    async def _request_url(
        self, file: PageFile, url: str, allowance: Allowance
    ) -> HttpResult | None:
        if self._connection is None or not self._connection.reusable:
            self.close()
            parsed_url = parse_url(url)
            assert parsed_url is not None, "is_own_origin has parsed it"
            address = self._request.address
            self._connection, _ = await open_http(
                self._ctx, address, parsed_url, False, allowance.seconds
            )
        if self._connection is None:
            return None
        fields = self._fields(file, url)
        return await send_get(
            self._connection, url, fields, allowance.seconds, max_body=allowance.bytes
        )

    def _fields(self, file: PageFile, url: str) -> dict[str, str]:
        page = PageRequest(
            url, self._request.address, "target", self._request.verified, None, self._cookie
        )
        may_send_secrets = may_authenticate(self._ctx, page)
        return {
            "Accept": _ACCEPT.get(file.kind, "*/*"),
            "Accept-Encoding": "gzip",
            "Referer": self._page.url,
            **(_PART if file.kind == "media" else {}),
            **page.fields(self._ctx.target, self._ctx.options.request, may_send_secrets),
        }

    def _requests_of(self, file: PageFile, text: str, answer: HttpResult) -> tuple[str, ...]:
        host = self._ctx.target.host
        if file.kind == "description" and answer.status == 200:
            # Imported late: few pages show one.
            from diagnose.parsers.api_descriptions import plain_servers
            from diagnose.parsers.bases_in_data import plain_bases_in_data

            whole = self._ctx.options.request.mask_secrets(answer.text)
            return plain_servers(whole, host) or plain_bases_in_data(whole, host, self._scripts)
        return plain_requests_of(text, host)

    def _emit(
        self,
        file: PageFile,
        start_time: float,
        redirects: tuple[str, ...],
        answer: HttpResult,
        sheet: str,
    ) -> None:
        is_read = answer.status == 200 and (file.is_script or file.kind == "stylesheet")
        whole = self._ctx.options.request.mask_secrets(answer.text) if is_read else ""
        text = whole if file.is_script else ""
        symptom = self._ctx.target.symptom
        response = self._ctx.emit(
            PageFileResponse(
                at=start_time,
                took=self._ctx.elapsed() - start_time,
                equivalent=curl_command(file.url, self._request.address, self._request.verified),
                failure=answer.failure,
                page=self._page.url,
                file_kind=file.kind,
                is_optional=file.is_optional,
                url=file.url,
                redirects=redirects,
                address=self._request.address,
                port=self._page.port,
                status=answer.status,
                reason=answer.reason,
                headers=answer.headers,
                is_html=_HTML_DOCUMENT.match(answer.text[:4096]) is not None,
                mentions=(
                    *map(clean, websocket_urls_in(text)),
                    *own_plain_sockets_in(text, self._ctx.target.host),
                    *own_ports_in(text, self._ctx.target.host),
                ),
                requests=self._requests_of(file, text, answer),
                data_paths=data_paths_of(text),
                sent_paths=sent_paths_of(text),
                told_paths=told_paths_in(text, symptom.text) if symptom else (),
                routes=routes_of(text),
                read_cookies=read_cookies_of(text),
                handles_forms=handles_forms(text),
                body_end=answer.body_read.end if answer.body_read else "complete",
                coding_fault=answer.body_read.coding_fault if answer.body_read else "",
                integrity_fails=_fails_integrity(file, answer),
                sheet=sheet,
                **file_uses(file.kind, whole, self._page.headers, file.url),
            )
        )
        if whole:
            kind = "stylesheet" if file.kind == "stylesheet" else "script"
            self.texts.append((kind, file.url, whole))
        if file.kind not in _ON_THEIR_OWN:
            self.responses.append(response)
        if not self.worker and (worker := service_worker_in(text)):
            self.worker = urljoin(self._page.url, worker)
        if not self.module and (module := module_in(text)):
            # An import begins at the script, what a program is told at the page.
            base = file.url if module.startswith(".") else self._page.url
            self.module = urljoin(base, module)
        self.look_for_program(text)
        emit_opened(self._ctx, text, file.url)


def _fails_integrity(file: PageFile, answer: HttpResult) -> bool:
    """Return whether the whole file was read, and browsers refuse it for its content."""
    if not file.integrity or answer.status != 200 or not answer.is_whole or answer.failure:
        return False
    from diagnose.parsers.integrity import integrity_fails

    content = answer.text.encode("utf-8", "surrogatepass")
    limit = MAX_SHEET if file.kind == "stylesheet" else MAX_SCRIPT
    # What is not UTF-8, or as long as what is read at most, is not known byte for byte.
    is_exact = "\ufffd" not in answer.text and len(content) < limit
    return is_exact and integrity_fails(file.integrity, content)


def emit_opened(ctx: ProbeContext, text: str, source: str) -> None:
    """Emit what a page or a script opens after it."""
    if _OPENS.search(text):
        from diagnose.probes.outside.script_paths import emit_script_paths

        emit_script_paths(ctx, text, source)


def _redirect(answer: HttpResult, visited: list[str]) -> str | None:
    """Return the URL to which a response redirects, unless it was requested before."""
    location = next((value for name, value in answer.headers if name.lower() == "location"), "")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        url = parse_url(urljoin(visited[-1], location))
    except ValueError:
        return None
    return str(url) if url is not None and str(url) not in visited else None


def _is_used(refused: PageFileResponse, answer: HttpResult, quirks: bool) -> bool:
    """Return whether browsers would use an answer in the place of a refused file."""
    if answer.status is None:
        return False
    is_html = _HTML_DOCUMENT.match(answer.text[:4096]) is not None
    return not refusal(refused.file_kind, answer.status, answer.headers, quirks, is_html)

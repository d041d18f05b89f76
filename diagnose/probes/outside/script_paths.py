"""What the site's page and its scripts open after it: WebSockets, and streams of events."""

from urllib.parse import urljoin

from diagnose.model.pages import Page, WebSocketPath
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import streams_in
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext

#: Maximum number of streams that are diagnosed.
MAX_STREAMS = 1


def emit_script_paths(ctx: ProbeContext, text: str, source: str) -> None:
    """Emit the paths at which a page or a script opens WebSockets, each once in a run, and have the
    streams of events diagnosed that it opens."""
    _diagnose_streams(ctx, text)
    if not ctx.options.wants("websocket"):
        return
    from diagnose.parsers.websocket_calls import call_of_path, calls_in
    from diagnose.parsers.websocket_paths import NEEDED, is_socketio_client, named_paths_in

    calls = None
    files = (file.url for page in ctx.observed(Page) for file in page.files)
    has_client = any(map(is_socketio_client, files))
    for named in named_paths_in(text, _base_url(ctx), has_client):
        if ctx.further_requests.begin(f"websocket path {named.path}"):
            path = ctx.options.request.mask_secrets(clean(named.path))
            calls = calls_in(text) if calls is None else calls
            call = call_of_path(calls, named.path)
            ctx.emit(
                WebSocketPath(
                    at=ctx.elapsed(),
                    source=source,
                    path=path,
                    library=named.library,
                    need="required" if named.library in NEEDED else "",
                    line=call.line if call else 0,
                    subprotocols=call.subprotocols if call else (),
                    base=named.base,
                )
            )


def _base_url(ctx: ProbeContext) -> str:
    """Return the address at which relative ones of the page's scripts begin (HTML standard,
    "document base URL"): its `<base href>` on the site's own origin, or the page itself."""
    bases = (page.base for page in ctx.observed(Page) if is_own_origin(ctx.target, page.base))
    return next(bases, f"{ctx.target.origin}{ctx.target.path}")


def _diagnose_streams(ctx: ProbeContext, text: str) -> None:
    """Have a stream diagnosed that has an address of its own: a reference is one of the page."""
    is_opened = "EventSource(" in text or "getReader(" in text or "TextDecoderStream(" in text
    if not is_opened or not ctx.options.wants("http"):
        return
    # Imported late: few pages open a stream.
    from diagnose.model.other_requests import OtherRequest

    page = _base_url(ctx)
    for reference in streams_in(text)[:MAX_STREAMS]:
        url = urljoin(page, reference)
        stream = parse_url(url) if is_own_origin(ctx.target, url) else None
        if stream is not None and stream.path != ctx.target.path:
            ctx.further_requests.diagnose_later(
                OtherRequest(at=ctx.elapsed(), path=stream.path, source="script", by_browser=True)
            )

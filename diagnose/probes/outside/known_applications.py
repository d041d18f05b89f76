"""Says which application the site's page is of, and which WebSockets that application opens.

It needs no request: the page has come. The WebSockets are those of its documentation, and are tried
like those that a page names (`websocket`, `page_websockets`).
"""

from diagnose.model.applications import Application, KnownApplication
from diagnose.model.marks import Headers
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.applications import folder_of, recognize
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext


def emit_application(ctx: ProbeContext, text: str, headers: Headers, url: str) -> None:
    """Emit the application of a page and its WebSockets, once in a run."""
    parsed_url = parse_url(url)
    if parsed_url is None or not ctx.further_requests.begin("application of the site"):
        return
    known = recognize(text, headers)
    if known is None:
        return
    application, by = known
    start = "/" if ctx.target.is_websocket else ctx.target.path
    folder = clean(folder_of(application, parsed_url.path, start))
    ctx.emit(
        KnownApplication(
            at=ctx.elapsed(),
            id=application.id,
            name=application.name,
            url=url,
            folder=folder,
            by=by,
        )
    )
    if ctx.options.wants("websocket"):
        _emit_websockets(ctx, application, folder, url)


def _emit_websockets(ctx: ProbeContext, application: Application, folder: str, url: str) -> None:
    for websocket in application.websockets:
        path = websocket.path if websocket.path.startswith("/") else f"{folder}{websocket.path}"
        if ctx.further_requests.begin(f"websocket path {path}"):
            ctx.emit(
                WebSocketPath(
                    at=ctx.elapsed(),
                    source=url,
                    path=path,
                    library=application.name,
                    need="required" if websocket.required else "optional",
                    opens=websocket.opens,
                )
            )

"""Says which application the site's page or a pasted message is of, and which WebSockets that
application opens.

It needs no request: the page has come. The WebSockets are those of its documentation, and are tried
like those that a page names (`websocket`, `page_websockets`).
"""

from diagnose.model.applications import Application, KnownApplication, RecognizedBy
from diagnose.model.marks import Headers
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.applications import folder_of, recognize
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext


def emit_application(ctx: ProbeContext, text: str, headers: Headers, url: str) -> None:
    """Emit the application of a page and its WebSockets, once in a run."""
    parsed_url = parse_url(url)
    if parsed_url is None or not ctx.further_requests.begin("application of the site"):
        return
    known = recognize(text, headers) or _application_of_message(ctx)
    if known is None:
        return
    application, by = known
    start = "/" if ctx.target.is_websocket else ctx.target.path
    folder = clean(folder_of(application, parsed_url.path, start))
    _emit_known(ctx, application, by, folder, url)
    if ctx.options.wants("websocket"):
        _emit_websockets(ctx, application, _base_folder(ctx, text, url) or folder, url)


def emit_named_application(ctx: ProbeContext, headers: Headers, url: str, text: str = "") -> None:
    """Emit the application that names itself in an answer which is not the site's own page, once in
    a run: in the fields of one that wants a login first, or on a page that no visitor gets to. Its
    WebSockets are not tried."""
    parsed_url, known = parse_url(url), recognize(text, headers)
    if parsed_url is None or known is None:
        return
    if ctx.further_requests.begin("application of the site"):
        folder = clean(folder_of(known[0], parsed_url.path, ctx.target.path))
        _emit_known(ctx, *known, folder, url)


def _emit_known(
    ctx: ProbeContext, application: Application, by: RecognizedBy, folder: str, url: str
) -> None:
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


def _application_of_message(ctx: ProbeContext) -> tuple[Application, RecognizedBy] | None:
    """Return the application whose own words a person pasted, where its page does not show it: the
    page may be one that the site's scripts build."""
    symptom = ctx.target.symptom
    if symptom is None:
        return None
    # Imported late: only a pasted message needs it.
    from diagnose.parsers.applications import reported_application

    application = reported_application(symptom.text)
    return (application, "message") if application else None


def _base_folder(ctx: ProbeContext, text: str, url: str) -> str:
    """Return the folder at which the page's relative addresses begin by its `<base href>` (HTML
    standard, 4.2.3), "" without one on the site's own origin."""
    base = parse_page(text, url).base if "<base" in text.lower() else ""
    parsed = parse_url(base) if base and is_own_origin(ctx.target, base) else None
    return clean(f"{parsed.path.partition('?')[0].rpartition('/')[0]}/") if parsed else ""


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

"""The application behind Apache, Caddy or HAProxy refuses forms because of their Origin: it takes
itself for another site than the visitor does.

Django answers 403 "CSRF verification failed", SvelteKit "Cross-site POST form submissions are
forbidden". It knows its own origin from the Host and X-Forwarded-Proto that the server in front
sends. The evidence is the refusal, of an empty form after `--method POST` or in a pasted message,
and what the configuration tells the application. upstream.origin-mismatch is that of nginx.
"""

from collections.abc import Iterator, Sequence

from checks.http._told_scheme import told_scheme
from checks.server import ServerView, manual_fix, place_text, server_on_port
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.origin_refusals import (
    HIDDEN_ORIGIN,
    framework_of,
    names_origin,
    refuses_origin,
)

#: What Django adds where it got no cookie: then it did not come to the origin's fault, or has none.
_NO_COOKIE = "requires a CSRF cookie"


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.application-answers", "server.own-answer", "server.request-refused"],
)
def form_refused(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    route, pages = route_to_application(view), page_exchanges(evidence)
    words = _refusal(evidence, pages)
    if route is None or route.scheme != "http" or not pages or not words:
        return
    scheme_source = told_scheme(evidence, target.path) or _is_told_by_haproxy(view)
    own = route.replacement_host
    host = target.authority if route.keeps_host else own
    is_wrong = not scheme_source or not route.keeps_host
    if not is_wrong and not names_origin(words) and any(page.method == "POST" for page in pages):
        return  # a token that an empty form does not have
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path),),
        because=(view.server, *pages),
        confidence=Confidence.LIKELY if is_wrong or names_origin(words) else Confidence.POSSIBLE,
        facts={
            **view.facts,
            "url": pages[0].url,
            "place": place_text(route.file, route.line),
            "told": f"{'https' if scheme_source else 'http'}://{host}",
            "origin": target.origin,
            "scheme": not scheme_source,
            "host": not route.keeps_host,
            "own": not is_wrong,
            "django": framework_of(words) == "django",
            view.server.product: True,
        },
        fix=manual_fix(view, "pass-the-origin")
        if is_wrong
        else Fix((Manual("trust-the-origin", Where.APPLICATION),), Applicability.MANUAL),
    )


def _refusal(evidence: Evidence, pages: Sequence[Exchange]) -> str:
    """Return the words in which a form was refused for its origin; "" without any."""
    posts = [page for page in pages if page.method == "POST"]
    if posts:
        refused = (
            page.body
            for page in posts
            if refuses_origin(page.status, page.body) and _NO_COOKIE not in page.body
        )
        return next(refused, "")
    symptom = evidence.target.symptom
    is_pasted = symptom is not None and symptom.kind == "csrf"
    return symptom.text if symptom and is_pasted and not HIDDEN_ORIGIN.search(symptom.text) else ""


def _is_told_by_haproxy(view: ServerView) -> bool:
    """Return whether HAProxy's configuration mentions the field anywhere."""
    files = view.config.files if view.config and view.server.product == "haproxy" else ()
    return any("x-forwarded-proto" in file.text.lower() for file in files)

"""The application behind Apache, Caddy or HAProxy refuses forms because of their Origin: it takes
itself for another site than the visitor does.

Django answers 403 "CSRF verification failed", SvelteKit "Cross-site POST form submissions are
forbidden". It knows its own origin from the Host and X-Forwarded-Proto that the server in front
sends. The evidence is the refusal, of an empty form after `--method POST` or in a pasted message,
and what the configuration tells the application; or the server's log, which has forms of the site's
own pages that were refused; or the application's own log, where the server keeps none.
upstream.origin-mismatch is that of nginx.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.http._forwarded_scheme import forwarded_scheme, server_fix
from checks.server import ServerView, manual_fix, place_text, server_on_port
from checks.server._backend_answers import route_to_application
from checks.upstream._read_settings import trusts_origin
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.origin_refusals import framework_of, means_token, names_origin, refuses_origin

#: What Django adds where it got no cookie: then it did not come to the origin's fault, or has none.
_NO_COOKIE = "requires a CSRF cookie"


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.form-not-sent",
        "server.other-requests-failed",
        "server.own-answer",
        "server.request-refused",
    ],
)
def form_refused(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or not page_exchanges(evidence):
        return
    logged = tuple(_by_log(view)) or tuple(_by_own_log(view))
    # What the application itself wrote is surer than what a person tells.
    is_proven = any(claim.facts.get("words") for claim in logged)
    yield from logged if is_proven else tuple(_by_words(view)) or logged


def _by_words(view: ServerView) -> Iterator[Claim]:
    """Judge by the answer to an empty form, or by what a person tells."""
    evidence, path = view.evidence, view.evidence.target.path
    symptom = evidence.target.symptom
    # By HAProxy's log no server got the request (Configuration Manual, section 8.2.3).
    if symptom is not None and "/<NOSRV> " in symptom.text:
        return
    pages = page_exchanges(evidence)
    words = _refusal(evidence, pages)
    form_fields = _forwarded_fields(view, path) if words else None
    if form_fields is None:
        return
    is_sent = any(page.method == "POST" for page in pages)
    symptom = evidence.target.symptom
    is_guess = not is_sent and symptom is not None and symptom.kind == "status"
    if not form_fields.is_wrong and (is_guess or (is_sent and not names_origin(words))):
        return  # a token that an empty form does not have
    if not is_sent and (
        trusts_origin(evidence, is_told=not form_fields.is_wrong)
        or (not form_fields.is_wrong and _is_accepted(evidence))
    ):
        return  # the message is of another time
    if not form_fields.is_wrong and means_token(words):
        return
    confidence = (
        Confidence.LIKELY if form_fields.is_wrong or names_origin(words) else Confidence.POSSIBLE
    )
    facts = {"url": pages[0].url, "django": framework_of(words) == "django", "guess": is_guess}
    yield _claim(view, form_fields, confidence, facts, pages)


def _by_log(view: ServerView) -> Iterator[Claim]:
    """Judge by the server's log: forms of the site's own pages were refused, and the server does
    not tell the application the visitor's origin, or the framework does not believe it."""
    evidence = view.evidence
    if not any(evidence.of(FailedRequests)):
        return
    # Imported late: a healthy site's log has no refused form.
    from checks.http._refused_forms import logged_forms, reported_refusal

    for form in logged_forms(evidence, view.server.product):
        told, guard = _forwarded_fields(view, form.failure.path), form.guard
        if told is None:
            continue
        if not (told.is_wrong or form.words) and not (
            form.is_repeated and guard and guard.knows_no_mistake
        ):
            continue
        is_sure = told.is_wrong and guard is not None and guard.framework != "rails"
        yield _claim(
            view,
            told,
            Confidence.CERTAIN
            if form.words
            else Confidence.LIKELY
            if is_sure or reported_refusal(evidence)
            else Confidence.POSSIBLE,
            {
                "url": f"{evidence.target.origin}{form.failure.path}",
                "django": (guard.framework if guard else framework_of(form.words)) == "django",
                "words": form.words,
                "words_log": form.refusal.equivalent if form.refusal else "",
                "status": form.failure.status,
                "times": form.failure.times if form.failure.times > 1 else "",
                "log": form.failure.file,
            },
            [each for each in (form.failure, form.page, form.refusal) if each is not None],
            # An application that nobody knows may answer a wrong password so.
            None if guard or form.refusal or reported_refusal(evidence) else Severity.NOTE,
        )
        return


def _by_own_log(view: ServerView) -> Iterator[Claim]:
    """Judge by the application's own log, where the server has none: it refused a form of the
    site's own pages for its origin. Whether a later form was accepted is unknown."""
    for refusal in view.evidence.good(ProgramRefusal):
        is_form = refusal.method == "POST" and names_origin(refusal.message)
        form_fields = _forwarded_fields(view, refusal.path) if is_form else None
        if form_fields is None:
            continue
        facts = {
            "url": f"{view.evidence.target.origin}{refusal.path}",
            "django": framework_of(refusal.message) == "django",
            "words": refusal.message,
            "words_log": refusal.equivalent,
        }
        yield _claim(view, form_fields, Confidence.LIKELY, facts, [refusal])
        return


@frozen(eq=False)
class _ForwardedFields:
    """What the server tells the application of a path: the place of its line, whether it tells the
    scheme and the name, and the origin that follows."""

    path: str
    place: str
    has_scheme: bool
    has_host: bool
    origin: str

    @property
    def is_wrong(self) -> bool:
        return not self.has_scheme or not self.has_host


def _forwarded_fields(view: ServerView, path: str) -> _ForwardedFields | None:
    """Return what the application of a path is told; None if it is asked by TLS, or not known."""
    route, target = route_to_application(view, path), view.evidence.target
    if route is None or route.scheme != "http":
        return None
    has_scheme = bool(forwarded_scheme(view.evidence, path)) or _is_forwarded_by_haproxy(view)
    scheme = "https" if has_scheme else "http"
    return _ForwardedFields(
        path.partition("?")[0],
        place_text(route.file, route.line),
        has_scheme or not target.uses_tls,
        route.keeps_host,
        f"{scheme}://{target.authority if route.keeps_host else route.replacement_host}",
    )


def _claim(
    view: ServerView,
    form_fields: _ForwardedFields,
    confidence: Confidence,
    facts: Mapping[str, object],
    because: Iterable[Observation],
    severity: Severity | None = None,
) -> Claim:
    port = view.evidence.target.port
    names = [
        name
        for name, is_told in (
            (SCHEME_FIELD, form_fields.has_scheme),
            ("Host", form_fields.has_host),
        )
        if not is_told
    ]
    fix = server_fix(view.evidence, form_fields.path, *names) if names else None
    return Claim(
        about=Subject(port=port, path=form_fields.path),
        covers=(Subject(port=port, path=form_fields.path),),
        because=(view.server, *because),
        confidence=confidence,
        severity=severity,
        facts={
            **view.facts,
            "place": form_fields.place,
            "told": form_fields.origin,
            "origin": view.evidence.target.origin,
            "scheme": not form_fields.has_scheme,
            "host": not form_fields.has_host,
            "own": not form_fields.is_wrong,
            view.server.product: True,
            **facts,
        },
        fix=fix or manual_fix(view, "pass-the-origin")
        if form_fields.is_wrong
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
    if evidence.target.symptom is None:
        return ""
    # Imported late: only a pasted message needs it.
    from checks.http._refused_forms import reported_refusal

    return reported_refusal(evidence)


def _is_accepted(evidence: Evidence) -> bool:
    # Imported late: only a pasted message needs it.
    from checks.http._refused_forms import are_accepted

    return are_accepted(evidence)


def _is_forwarded_by_haproxy(view: ServerView) -> bool:
    """Return whether HAProxy's configuration mentions the field anywhere."""
    files = view.config.files if view.config and view.server.product == "haproxy" else ()
    return any("x-forwarded-proto" in file.text.lower() for file in files)

"""The page has a form that is sent by POST, and Apache, Caddy or HAProxy tells the application
another origin than the visitor's: applications that compare the Origin of a form (against CSRF)
refuse it with 403 or 422, although every page works. Whether this one compares it is unknown: no
form was sent. It is likely where the page shows a framework that does, and then a fault for a
person whose login fails.

server.form-refused says more after `--method POST`, after a pasted message, and by the log.
upstream.form-not-sent is that of nginx.
"""

from collections.abc import Iterator

from checks.http._forwarded_scheme import forwarded_scheme, server_fix
from checks.server import manual_fix, place_text, server_on_port
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import page_exchanges
from diagnose.model.pages import Page
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url


@check(severity=Severity.NOTE, needs=[Page, WebServer, WebServerConfig])
def form_not_sent(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or any(page.method == "POST" for page in page_exchanges(evidence)):
        return
    for page in evidence.good(Page):
        forms = [form for form in page.posts if is_own_origin(target, form)]
        url = parse_url(forms[0]) if forms else None
        route = route_to_application(view, url.path) if url else None
        if url is None or route is None or route.scheme != "http":
            continue
        has_scheme = not target.uses_tls or bool(forwarded_scheme(evidence, url.path))
        wrong = (
            *(() if has_scheme else (SCHEME_FIELD,)),
            *(() if route.keeps_host else ("Host",)),
        )
        if not wrong:
            continue
        scheme = "https" if has_scheme and target.uses_tls else "http"
        host = target.authority if route.keeps_host else route.replacement_host
        # Imported late: only a finding needs it.
        from checks.http._refused_forms import is_guarded

        is_known = is_guarded(evidence, page, wrong)
        is_told = target.symptom is not None and target.symptom.kind == "login"
        yield Claim(
            about=Subject(port=target.port, path=url.path.partition("?")[0]),
            because=(view.server, page),
            confidence=Confidence.LIKELY if is_known else Confidence.POSSIBLE,
            severity=Severity.WARNING if is_known and is_told else None,
            facts={
                **view.facts,
                "page": page.url,
                "form": forms[0].partition("?")[0],
                "told": f"{scheme}://{host}",
                "origin": target.origin,
                "fields": wrong,
                "scheme": not has_scheme,
                "host": not route.keeps_host,
                "place": place_text(route.file, route.line),
                view.server.product: True,
            },
            # Whether the application compares them is unknown: a person looks first.
            fix=server_fix(evidence, url.path, *wrong) or manual_fix(view, "pass-the-origin"),
        )
        return

"""The page has a form that is sent by POST, and nginx tells the application another origin than the
visitor's: applications that compare the Origin of a form (against CSRF) refuse it with 403, 422 or
500, although every page works. Whether this one compares it is unknown: no form was sent. It
is likely where the page shows a framework that does, and then a fault for a person whose login
fails.

upstream.origin-mismatch says more after `--method POST`, or after a pasted message.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream._comparisons import proxied_match
from checks.upstream._origin_edits import origin_fix
from checks.upstream._origins import FormRoute, forwarded_origin
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url


@check(severity=Severity.NOTE, needs=[Page, NginxConfig])
def form_not_sent(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    symptom = target.symptom
    is_asked = any(page.method == "POST" for page in page_exchanges(evidence))
    if is_asked or (symptom is not None and symptom.kind == "csrf"):
        return
    for page in evidence.good(Page):
        forms = [form for form in page.posts if is_own_origin(target, form)]
        url = parse_url(forms[0]) if forms else None
        match = proxied_match(nginx, url.path.partition("?")[0]) if url else None
        sent_origin = forwarded_origin(nginx, match) if match else None
        if url is None or match is None or sent_origin is None or not sent_origin.wrong_fields:
            continue
        directive = proxy_pass_of(match) or match.block
        # Imported late: only a finding needs it.
        from checks.http._refused_forms import is_guarded

        is_known = is_guarded(evidence, page, sent_origin.wrong_fields)
        is_told = target.symptom is not None and target.symptom.kind == "login"
        yield Claim(
            about=Subject(port=target.port, path=url.path, text=file_line(directive)),
            because=(page, *nginx.configs),
            confidence=Confidence.LIKELY if is_known else Confidence.POSSIBLE,
            severity=Severity.WARNING if is_known and is_told else None,
            facts={
                "page": page.url,
                "form": forms[0].partition("?")[0],
                "told": sent_origin.origin,
                "origin": target.origin,
                "fields": sent_origin.wrong_fields,
                "place": file_line(directive),
                "location": match.block.text,
            },
            location=nginx.location(directive),
            # Whether the application compares them is unknown: a person looks first.
            fix=origin_fix(FormRoute(nginx, match, sent_origin), sure=False),
        )
        return

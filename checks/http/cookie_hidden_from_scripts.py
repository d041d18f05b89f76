"""The web server adds HttpOnly to every cookie of the application, and one of them is for scripts:
they read it and send it back in a field (XSRF-TOKEN of Angular, axios and Laravel, csrftoken of
Django's documentation). A browser hides a cookie with HttpOnly from scripts (RFC 6265 section
4.1.2.6), so that the field is missing, and the application refuses what they send: 403, 419.

Lists of "security headers" have such a line. It is a protection, and no fault by itself: it is
judged where requests of the site's own pages were refused, or a person says so; or where a script
of the page reads that cookie by its name.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.set_cookie import cookie_pair

#: Cookies that scripts read. That of csurf (_csrf) is a secret, and those of sessions are none.
_READ = re.compile(r"(?i)x?[xc]srf-?_?token|x-(?:xsrf|csrf)-token")
_ATTRIBUTE = re.compile(r"(?i);\s*httponly\s*(?:;|$)")
_SENDING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KINDS = frozenset({"csrf"})
_REFUSED = frozenset({403, 419})


@check(
    severity=Severity.WARNING,
    needs=[Exchange, Page],
    explains=[
        "nginx.other-requests-failed",
        "server.form-refused",
        "server.other-requests-failed",
        "upstream.origin-mismatch",
    ],
)
def cookie_hidden_from_scripts(evidence: Evidence) -> Iterator[Claim]:
    scripts = {name: file for file in evidence.good(PageFileResponse) for name in file.read_cookies}
    hidden = [
        (page, name)
        for page in evidence.good(Exchange)
        if page.is_of_visit
        for key, value in page.headers
        if key.lower() == "set-cookie" and _ATTRIBUTE.search(value)
        for name in [cookie_pair(value)[0]]
        if _READ.fullmatch(name) or name in scripts
    ]
    if not hidden:
        return
    # Imported late: few cookies are hidden so.
    from checks.http._cookie_attributes import http_only_line, refused_requests
    from checks.nginx import Nginx

    page, name = next((each for each in hidden if each[1] in scripts), hidden[0])
    script = scripts.get(name)
    failures = tuple(
        refused_request
        for refused_request in refused_requests(evidence)
        if refused_request.method in _SENDING
    )
    has_field = any(each.tokens for each in evidence.good(Page))
    is_missed = bool(script or failures) or _is_told(evidence)
    if not is_missed or (has_field and name.lower() == "csrftoken"):
        return
    line, nginx = http_only_line(evidence, name, evidence.target.path), Nginx.of(evidence)
    if line is None:
        return
    subjects = endpoint_subjects((page,))
    first = failures[0] if failures else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(page, *([script] if script else []), *failures, *nginx.configs),
        confidence=Confidence.LIKELY,
        facts={
            "page": page.url.partition("?")[0],
            "cookie": name,
            "script": script.url.partition("?")[0] if script else "",
            "line": line.text,
            "place": line.place,
            "request": f"{first.method} {first.path}" if first else "",
            "status": first.status if first else "",
            "nginx": line.text.startswith("proxy_cookie"),
        },
        fix=line.fix or Fix((Manual("leave-it-out", Where.SERVER),), Applicability.MANUAL),
    )


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    return symptom is not None and (symptom.kind in _KINDS or symptom.number in _REFUSED)

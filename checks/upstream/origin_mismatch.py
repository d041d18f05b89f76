"""The application refuses forms because of their Origin: it takes itself for another site than the
visitor does.

Django answers 403 "CSRF verification failed", Rails 422, Next.js 500 "Invalid Server Actions
request", Spring "Invalid CORS request", Grafana "origin not allowed". A browser sends the page's
origin with every POST (Fetch standard, "append a request Origin header"). The application compares
it with its own, which it knows from Host, X-Forwarded-Proto and X-Forwarded-Host.

The evidence is the application itself, asked with an empty POST after `--method POST`. After a
pasted message, and after forms that were refused by nginx's log, it is what nginx's configuration
tells the application.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from checks.http._known_application import own_setting
from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from checks.upstream._origin_edits import origin_fix
from checks.upstream._origins import ToldOrigin, form_route
from checks.websocket import refused_attempts
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.origin_refusals import (
    HIDDEN_ORIGIN,
    FormGuard,
    form_guard,
    framework_of,
    names_origin,
    refuses_origin,
    told_host,
)
from diagnose.parsers.urls import parse_url

_FRAMEWORKS = ("django", "rails", "nextjs", "sveltekit", "spring")
_TITLES = {"django": "Django", "rails": "Rails", "nextjs": "Next.js", "sveltekit": "SvelteKit"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[*CONSEQUENCES, "upstream.form-not-sent"],
)
def origin_mismatch(evidence: Evidence) -> Iterator[Claim]:
    is_judged = False
    for nginx, match, change in decided_by(evidence, "field", "origin", method="POST"):
        is_judged = True
        route = form_route(nginx, change.request.path)
        if route is None:
            continue
        sent_origin, name = route.told, change.request.name
        if route.is_inner and sent_origin.wrong_fields:
            # The block between nginx and the application replaces what the change says.
            match, name = route.match, ""
        facts = {
            **_facts(evidence, sent_origin, change.as_nginx[0].body),
            "asked": True,
            "origin_itself": name == "Origin",
            "other_origin": change.request.value if name == "Origin" else "",
            "changed": "" if name == "Origin" else name,
        }
        fix = _own_setting(sent_origin) if name == "Origin" else origin_fix(route)
        directive = proxy_pass_of(match) or match.block
        yield comparison_claim(nginx, match, change, directive, facts, fix)
    if not is_judged:
        claims = tuple(_by_configuration(evidence))
        yield from claims or _by_log(evidence)


def _by_configuration(evidence: Evidence) -> Iterator[Claim]:
    """Judge by what nginx tells the application: a person has pasted the message, or an empty form
    was refused that the application refuses in any case, because it has no token (Rails)."""
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    words, is_post = _refusal(evidence), any(page.method == "POST" for page in pages)
    path = evidence.target.path
    route = form_route(nginx, path) if words and pages else None
    if route is None:
        return
    nginx, match, sent_origin = route.nginx, route.match, route.told
    if is_post and not sent_origin.wrong_fields and not names_origin(words):
        return
    if not framework_of(words) and any(refused_attempts(evidence, "origin")):
        # The message may be about the WebSocket, whose refusal is seen.
        return
    if told_host(words) not in {"", _host(sent_origin.origin)} and not sent_origin.wrong_fields:
        # The message is of another time: today nginx tells the visitor's host.
        return
    directive = proxy_pass_of(match) or match.block
    yield Claim(
        about=Subject(port=evidence.target.port, path=path, text=file_line(directive)),
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY
        if sent_origin.wrong_fields or names_origin(words)
        else Confidence.POSSIBLE,
        severity=Severity.WARNING,
        location=nginx.location(directive),
        facts={
            **_facts(evidence, sent_origin, words),
            "url": pages[0].url,
            "place": file_line(directive),
            "location": " ".join((match.block.name, *match.block.args)),
            "asked": False,
            "origin_itself": not sent_origin.wrong_fields,
        },
        fix=origin_fix(route, sure=False)
        if sent_origin.wrong_fields
        else _own_setting(sent_origin),
    )


def _by_log(evidence: Evidence) -> Iterator[Claim]:
    """Judge by nginx's log: forms of the site's own pages were refused with the status of the
    framework that made the page, and nginx does not tell it the visitor's origin. Rails answers
    422 for a form that was filled in wrongly as well."""
    nginx, target = Nginx.of(evidence), evidence.target
    guard, page = next(_guarded_pages(evidence), (None, None))
    if guard is None or page is None:
        return
    for failure in current_failures(evidence, {guard.status}):
        route = form_route(nginx, failure.path) if failure.is_from_page else None
        if route is None:
            continue
        match, sent_origin = route.match, route.told
        wrong_fields = {name.lower() for name in sent_origin.wrong_fields}
        if failure.method != "POST" or guard.fields.isdisjoint(wrong_fields):
            continue
        directive, subject = (
            proxy_pass_of(match) or match.block,
            Subject(port=target.port, path=failure.path),
        )
        yield Claim(
            about=replace(subject, text=file_line(directive)),
            covers=(subject,),
            because=(failure, page, *([nginx.config] if nginx.config else [])),
            confidence=Confidence.POSSIBLE if guard.framework == "rails" else Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                **_facts(evidence, sent_origin, ""),
                "url": f"{target.origin}{failure.path}",
                "status": failure.status,
                "place": file_line(directive),
                "location": " ".join((match.block.name, *match.block.args)),
                "asked": False,
                "origin_itself": False,
                "logged": True,
                "times": failure.times if failure.times > 1 else "",
                "log": failure.file,
                "framework": _TITLES[guard.framework],
            },
            fix=origin_fix(route, sure=False),
        )
        return


def _guarded_pages(evidence: Evidence) -> Iterator[tuple[FormGuard, Exchange]]:
    """Yield the pages that visitors get and whose framework is known, each with its guard."""
    for page in evidence.good(Exchange):
        is_page = page.purpose in {"target", "redirect"} and page.status == 200
        cookies = [value for name, value in page.headers if name.lower() == "set-cookie"]
        guard = form_guard(page.body, cookies) if is_page else None
        if guard is not None:
            yield guard, page


def _refusal(evidence: Evidence) -> str:
    """Return the words in which a form was refused for its origin; "" without any."""
    symptom = evidence.target.symptom
    posts = [page for page in page_exchanges(evidence) if page.method == "POST"]
    if posts:
        refused = (page.body for page in posts if refuses_origin(page.status, page.body))
        return next(refused, "")
    is_pasted = symptom is not None and symptom.kind == "csrf"
    return symptom.text if symptom and is_pasted and not HIDDEN_ORIGIN.search(symptom.text) else ""


def _facts(evidence: Evidence, told: ToldOrigin, words: str) -> Mapping[str, object]:
    framework = framework_of(words)
    return {
        "origin": evidence.target.origin,
        "told": told.origin,
        "fields": tuple(told.wrong_fields),
        "misspelled": told.misspelled.args[0] if told.misspelled else "",
        "misspelled_place": file_line(told.misspelled) if told.misspelled else "",
        "other": framework not in _FRAMEWORKS,
        **own_setting(evidence, "allowed_origin", "public_url", "trusted_proxy"),
        **{name: framework == name for name in _FRAMEWORKS},
    }


def _host(origin: str) -> str:
    url = parse_url(origin)
    return url.authority if url else ""


def _own_setting(told: ToldOrigin) -> Fix:
    return Fix((Manual("trust-the-origin", Where.APPLICATION),), Applicability.MANUAL)

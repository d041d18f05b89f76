"""The application refuses forms because of their Origin: it takes itself for another site than the
visitor does.

Django answers 403 "CSRF verification failed", Rails 422, Next.js 500 "Invalid Server Actions
request", Spring "Invalid CORS request", Grafana "origin not allowed". A browser sends the page's
origin with every POST (Fetch standard, "append a request Origin header"). The application compares
it with its own, which it knows from Host, X-Forwarded-Proto and X-Forwarded-Host.

The evidence is the application itself, asked with an empty POST after `--method POST`. After a
pasted message, and after forms that were refused by nginx's log, it is what nginx's configuration
tells the application, and the application's own words in its log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http._known_application import known_application, own_setting
from checks.nginx import Nginx, file_line
from checks.nginx._sent_requests import has_rule_for_method
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from checks.upstream._origin_edits import origin_fix
from checks.upstream._origins import (
    FormRoute,
    ForwardedOrigin,
    form_route,
    may_be_https,
)
from checks.upstream._own_remedy import with_own_remedy
from checks.upstream._read_settings import trusts_origin
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
from diagnose.model.applications import ReadSetting, Topic
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import ContainerNginx, NginxConfig
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.nginx.withheld_login import withholding_directive
from diagnose.parsers.origin_refusals import (
    framework_of,
    host_in_refusal,
    means_token,
    names_origin,
    refuses_origin,
    scheme_in_refusal,
)
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._refused_forms import RefusedForm

#: Grafana's words: it compares the name alone (pkg/middleware/csrf), and no scheme.
_COMPARES_HOSTS = lazy_pattern(r"(?i)\borigin not allowed\b")
_SURENESS = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)
_FRAMEWORKS = ("django", "rails", "nextjs", "sveltekit", "spring")
_TITLES = {"django": "Django", "rails": "Rails", "nextjs": "Next.js", "sveltekit": "SvelteKit"}

#: The settings of a program that decide over the origin of a form.
_TOPICS: tuple[Topic, ...] = ("allowed_origin", "public_url", "trusted_proxy")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[*CONSEQUENCES, "http.application-setting", "upstream.form-not-sent"],
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
        fix = _own_setting() if name == "Origin" else origin_fix(route)
        directive = proxy_pass_of(match) or match.block
        claim = comparison_claim(nginx, match, change, directive, facts, fix)
        yield with_own_remedy(evidence, claim, *_TOPICS)
    if not is_judged:
        logged = tuple(_by_log(evidence)) if any(evidence.of(FailedRequests)) else ()
        # What the application itself wrote is surer than what a person tells.
        is_proven = any(claim.confidence is Confidence.CERTAIN for claim in logged)
        is_trusted = trusts_origin(evidence, is_told=False)
        configured = () if is_proven or is_trusted else tuple(_by_configuration(evidence))
        claims = configured or logged
        for each in claims:
            claim = _with_believed_field(evidence, _with_origin_line(evidence, each))
            yield with_own_remedy(evidence, claim, *_TOPICS)


def _with_believed_field(evidence: Evidence, claim: Claim) -> Claim:
    """Return a claim whose remedy tells the application the scheme with the setting by which it
    believes it, where its own source lacks that (Django's SECURE_PROXY_SSL_HEADER): one of both
    alone changes nothing."""
    lacking = [
        read
        for read in evidence.good(ReadSetting)
        if (read.application, read.topic) == ("django", "trusted_proxy") and read.new
    ]
    fields = claim.facts.get("fields")
    is_told = isinstance(fields, tuple) and "X-Forwarded-Proto" in fields
    if not lacking or not is_told or claim.fix is None or claim.facts.get("origin_itself"):
        return claim
    # Imported late: only such an application needs it.
    from checks.upstream._own_remedy import framework_remedy

    own = framework_remedy("Django", lacking[0])
    by_hand = Applicability.MANUAL in {claim.fix.applicability, own.fix.applicability}
    return replace(
        claim,
        because=(*claim.because, *lacking[:1]),
        facts={**claim.facts, **own.facts},
        fix=Fix(
            (*claim.fix.steps, *own.fix.steps),
            Applicability.MANUAL if by_hand else Applicability.REVIEW,
        ),
    )


def _with_origin_line(evidence: Evidence, claim: Claim) -> Claim:
    """Return a claim with the line by which nginx itself sends another Origin than the browser's:
    no field that tells the application its own origin makes up for it."""
    # Imported late: only a finding needs it.
    from checks.nginx._sent_origins import origin_line

    path = (claim.covers or (claim.about,))[0].path or evidence.target.path
    line = origin_line(Nginx.of(evidence), path)
    if line is None:
        return claim
    return replace(
        claim,
        confidence=max(claim.confidence, Confidence.LIKELY, key=_SURENESS.index),
        location=line.location,
        facts={
            **claim.facts, "origin_itself": False, "sent": line.text, "sent_place": line.place,
        },
        fix=line.fix or claim.fix,
    )  # fmt: skip


def _by_configuration(evidence: Evidence) -> Iterator[Claim]:
    """Judge by what nginx tells the application: a person has pasted the message, or an empty form
    was refused that the application refuses in any case, because it has no token (Rails)."""
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    # Imported late: few forms are refused.
    from checks.http._refused_forms import are_accepted

    words, is_post = _refusal(evidence), any(page.method == "POST" for page in pages)
    path = _path(nginx, words)
    route = form_route(nginx, path) if words and pages else None
    if route is None:
        return
    nginx, match, sent_origin = route.nginx, route.match, route.told
    if _compares_host_alone(evidence, words) and "Host" not in sent_origin.wrong_fields:
        return
    if is_post and not sent_origin.wrong_fields and not names_origin(words):
        return
    if not sent_origin.wrong_fields and (_is_status_alone(evidence) or means_token(words)):
        return
    if not is_post and (_answers_posts(route) or may_be_https(evidence, sent_origin, words)):
        return
    if not sent_origin.wrong_fields and (
        are_accepted(evidence) or trusts_origin(evidence, is_told=True)
    ):
        return  # the message is of another time
    if not framework_of(words) and any(refused_attempts(evidence, "origin")):
        # The message may be about the WebSocket, whose refusal is seen.
        return
    if (
        host_in_refusal(words) not in {"", _host(sent_origin.origin)}
        and not sent_origin.wrong_fields
    ):
        # The message is of another time: today nginx tells the visitor's host.
        return
    is_secure = evidence.target.uses_tls and sent_origin.origin.startswith("https:")
    if (
        scheme_in_refusal(words) == "http"
        and is_secure
        and not sent_origin.wrong_fields
        and not is_post
    ):
        return  # of another time, too: today nginx tells the visitor's scheme
    directive = proxy_pass_of(match) or match.block
    yield Claim(
        about=Subject(port=evidence.target.port, path=path, text=file_line(directive)),
        because=(*pages, *nginx.configs, *_containers(route)),
        confidence=Confidence.LIKELY
        if sent_origin.wrong_fields or names_origin(words)
        else Confidence.POSSIBLE,
        severity=Severity.WARNING,
        location=nginx.location(directive),
        facts={
            **_facts(evidence, sent_origin, words),
            "url": pages[0].url,
            "place": file_line(directive),
            "location": match.block.text,
            "asked": False,
            "guess": _is_status_alone(evidence),
            "origin_itself": not sent_origin.wrong_fields,
        },
        fix=origin_fix(route, sure=False) if sent_origin.wrong_fields else _own_setting(),
    )


def _path(nginx: Nginx, words: str) -> str:
    """Return the target's path, or that of the program which the words name, where nobody asked for
    a page and nginx serves the first one itself."""
    path = nginx.evidence.target.path
    if not words or path != "/" or form_route(nginx, path) is not None:
        return path
    # Imported late: few messages come without a page.
    from checks.upstream._named_programs import path_of_program

    usual = "grafana" if _COMPARES_HOSTS.search(words) else ""
    return path_of_program(nginx, words, usual) or path


#: Programs that compare the Origin's host with Host, and not its scheme (Grafana,
#: pkg/middleware/csrf/csrf.go).
_BY_HOST = frozenset({"Grafana"})


def _compares_host_alone(evidence: Evidence, words: str = "") -> bool:
    """Return whether the application, by its name or its words, takes every Origin whose host is
    the one that it is asked for: a scheme that it is not told changes nothing."""
    if _COMPARES_HOSTS.search(words):
        return True
    application = known_application(evidence)
    return application is not None and application.name in _BY_HOST


def _is_status_alone(evidence: Evidence) -> bool:
    """Return whether a person tells the status of a form alone, and not why it was refused."""
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "status"


def _by_log(evidence: Evidence) -> Iterator[Claim]:
    """Judge by nginx's log: forms of the site's own pages were refused with the status of the
    framework that made the page, or again and again with 403, and nginx does not tell it the
    visitor's origin, or the framework does not believe it. Rails answers 422 for a form that was
    filled in wrongly as well."""
    # Imported late: a healthy site's log has no refused form.
    from checks.http._refused_forms import logged_forms
    from checks.nginx._sent_origins import origin_line

    nginx = Nginx.of(evidence)
    for form in logged_forms(evidence, "nginx"):
        failure, guard = form.failure, form.guard
        route = form_route(nginx, failure.path)
        if route is None or _answers_posts(route):
            continue
        sent_origin = route.told
        if _compares_host_alone(evidence) and "Host" not in sent_origin.wrong_fields:
            continue
        wrong_fields = {name.lower() for name in sent_origin.wrong_fields}
        is_wrong = not guard.fields.isdisjoint(wrong_fields) if guard else bool(wrong_fields)
        is_wrong = is_wrong or (form.words != "" and bool(wrong_fields))
        is_own_origin = origin_line(nginx, failure.path) is not None
        if not (is_wrong or is_own_origin or form.words) and not (
            form.is_repeated and guard and guard.knows_no_mistake
        ):
            continue
        yield _logged_claim(nginx, form, route, is_wrong)
        return


def _logged_claim(nginx: Nginx, form: "RefusedForm", route: FormRoute, is_wrong: bool) -> Claim:
    """Return the claim for a form of the log; `is_wrong`: nginx tells the application another
    origin than the visitor's."""
    # Imported late: a healthy site's log has no refused form.
    from checks.http._refused_forms import reported_refusal

    evidence, failure, guard = nginx.evidence, form.failure, form.guard
    subject = Subject(port=evidence.target.port, path=failure.path)
    directive = proxy_pass_of(route.match) or route.match.block
    is_told = bool(reported_refusal(evidence))
    is_sure = is_wrong and guard is not None and guard.framework != "rails"
    doubt = Confidence.LIKELY if is_sure or is_told else Confidence.POSSIBLE
    return Claim(
        about=replace(subject, text=file_line(directive)),
        covers=(subject,),
        because=(
            failure,
            *([form.page] if form.page else []),
            *([form.refusal] if form.refusal else []),
            *nginx.configs,
            *_containers(route),
        ),
        confidence=Confidence.CERTAIN if form.words else doubt,
        # An application that nobody knows may answer a wrong password so.
        severity=Severity.WARNING if guard or form.words or is_told else Severity.NOTE,
        location=nginx.location(directive),
        facts={
            **_facts(evidence, route.told, form.words),
            "words": form.words,
            "words_log": form.refusal.equivalent if form.refusal else "",
            "url": f"{evidence.target.origin}{failure.path}",
            "status": failure.status,
            "place": file_line(directive),
            "location": route.match.block.text,
            "asked": False,
            "origin_itself": not is_wrong,
            "logged": True,
            "times": failure.times if failure.times > 1 else "",
            "log": failure.file,
            "framework": _TITLES.get(guard.framework, "") if guard and not form.words else "",
            **({guard.framework: True, "other": False} if guard else {}),
        },
        fix=origin_fix(route, sure=False) if is_wrong else _own_setting(),
    )


def _containers(route: FormRoute) -> tuple[ContainerNginx, ...]:
    """Return the nginx in a container that passes the form on."""
    behind = route.nginx.evidence.good(ContainerNginx)
    return tuple(each for each in behind if each.container == route.container)


def _answers_posts(route: FormRoute) -> bool:
    """Return whether nginx itself may refuse a POST there, or leaves out what a form sends."""
    match = route.match
    hidden = (line.args[:1] for line in match.directives("proxy_hide_header"))
    return (
        any(children(block, "limit_except") for block in match.blocks)
        or has_rule_for_method(match)
        or any(line.args == ("off",) for line in match.directives("proxy_pass_request_body"))
        or any("".join(args).lower() == "set-cookie" for args in hidden)
        or withholding_directive(match) is not None
    )


def _refusal(evidence: Evidence) -> str:
    """Return the words in which a form was refused for its origin; "" without any."""
    posts = [page for page in page_exchanges(evidence) if page.method == "POST"]
    if posts:
        refused = (page.body for page in posts if refuses_origin(page.status, page.body))
        return next(refused, "")
    symptom = evidence.target.symptom
    # What a browser does not send, no setting compares: http.origin-hidden names the reason.
    if symptom is None or "checking failed - no Referer" in symptom.text:
        return ""
    # Imported late: only a pasted message needs it.
    from checks.http._refused_forms import reported_refusal

    return reported_refusal(evidence)


def _facts(evidence: Evidence, origin: ForwardedOrigin, words: str) -> Mapping[str, object]:
    framework = framework_of(words)
    return {
        "origin": evidence.target.origin,
        "told": origin.origin,
        "fields": tuple(origin.wrong_fields),
        "misspelled": origin.misspelled.args[0] if origin.misspelled else "",
        "misspelled_place": file_line(origin.misspelled) if origin.misspelled else "",
        "other": framework not in _FRAMEWORKS,
        **dict.fromkeys(("sent", "sent_place", "words", "words_log"), ""),
        **own_setting(evidence, "allowed_origin", "public_url", "trusted_proxy"),
        **{name: framework == name for name in _FRAMEWORKS},
    }


def _host(origin: str) -> str:
    url = parse_url(origin)
    return url.authority if url else ""


def _own_setting() -> Fix:
    return Fix((Manual("trust-the-origin", Where.APPLICATION),), Applicability.MANUAL)

"""nginx itself answers with an error, because a `return` in its configuration says so: the request
meets the condition of an `if` (ngx_http_rewrite_module, "return", "if").

Nothing is logged for it, and no application is asked. Usual conditions: another name than the one
that is written, an Origin or Referer that is not on a list, a method, a maintenance file. A
`return 404` without a condition is a page that does not exist, and no fault.
"""

from collections.abc import Iterator, Sequence

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx
from checks.nginx._answering_rules import (
    CLOSED,
    AnsweringRule,
    BrowserRule,
    LoggedRule,
    answering_rules,
    browser_rules,
    logged_rules,
    refusal,
    refused_failures,
)
from checks.nginx._reported_methods import reported_method, reported_rule
from checks.nginx._sent_requests import as_client_request, sent_requests
from checks.tcp._vantages import is_server_here
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
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.other_requests import failed_answers
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.http import browser_page
from diagnose.parsers.usual_paths import is_hidden


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.server-error", "http.page-file-missing", "websocket.not-upgraded",
        "websocket.origin-refused", "websocket.rate-limited", "websocket.refused-in-front",
        "websocket.unauthorized", "websocket.no-location", "nginx.other-requests-failed",
        "http.cors-refused", "http.request-part-refused",
    ],
)  # fmt: skip
def rule_refuses(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    by_directive: dict[int, list[AnsweringRule]] = {}
    for rule in answering_rules(nginx):
        if severity(nginx.evidence, rule) is not None:
            by_directive.setdefault(id(rule.directive), []).append(rule)
    for rules in by_directive.values():
        yield _claim(nginx, rules)
    logged: dict[int, list[LoggedRule]] = {}
    for request in logged_rules(nginx):
        logged.setdefault(id(request.directive), []).append(request)
    for key, requests in logged.items():
        if key not in by_directive:
            yield _logged_claim(nginx, requests)
    if not by_directive and (refused := browser_rules(nginx) or reported_rule(nginx)):
        yield _browser_claim(nginx, refused)
    elif not by_directive and not logged and (claim := _unsent_claim(nginx)):
        yield claim


def severity(evidence: Evidence, rule: AnsweringRule) -> Severity | None:
    """Return how bad it is: None for a page that is closed on purpose, as far as it shows."""
    response = rule.response
    if isinstance(response, Exchange) and browser_page(evidence, response):
        return Severity.NOTE
    is_closed = response.status is None
    is_broken = is_closed or (response.status or 0) >= 500 or isinstance(response, Upgrade)
    if rule.by_address and is_server_here(evidence):
        # This machine's own address is refused: visitors have others. A note explains no error.
        return Severity.WARNING if is_broken else Severity.NOTE
    if rule.by_login and response.status == 401:
        return Severity.NOTE  # a page or a WebSocket for those who log in
    if is_broken:
        return Severity.ERROR
    if rule.condition is None:
        return None
    if rule.spares or (isinstance(response, Exchange) and _is_meant(rule)):
        return Severity.NOTE
    return Severity.ERROR if isinstance(response, PageFileResponse) else Severity.WARNING


def _is_meant(rule: AnsweringRule) -> bool:
    """Return whether a page is refused on purpose: the rule asks for a certificate or a token, and
    this run shows none, or for a WebSocket, or the path is that of a hidden file."""
    words = " ".join(rule.condition.args) if rule.condition else ""
    is_of_socket = rule.response.status == 426 or "$http_upgrade" in words
    return rule.by_login or is_of_socket or is_hidden(rule.path)


def _claim(nginx: Nginx, rules: Sequence[AnsweringRule]) -> Claim:
    # Imported late: few sites have such a rule.
    from checks.nginx._flag_rules import flag_facts
    from checks.nginx._rule_edits import choice
    from checks.nginx._rule_facts import kind_of, rule_facts

    first = rules[0]
    responses = tuple(rule.response for rule in rules)
    pages = tuple(response for response in responses if not isinstance(response, Upgrade))
    failures = () if first.spares else _refused_failures(nginx, first)
    subjects = (
        *endpoint_subjects(pages), *_sockets(responses), *_logged_subjects(nginx, failures)
    )  # fmt: skip
    kind = kind_of(first.condition)
    sent = _sent_value(nginx.evidence, first, kind)
    facts = rule_facts(nginx, first.directive, first.condition, is_seen=True)
    step = choice(nginx, first.condition, kind, sent, str(facts["path"]))
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(*responses, *failures, *((nginx.config,) if nginx.config else ())),
        confidence=Confidence.CERTAIN if first.is_certain else Confidence.LIKELY,
        severity=min(
            (severity(nginx.evidence, rule) or Severity.NOTE for rule in rules), key=_rank
        ),
        location=nginx.location(first.directive),
        facts={
            "url": first.response.url,
            "status": first.response.status or CLOSED,
            "logged": False,
            "browsers": (),
            **facts,
            "sent": sent,
            "sender": "",
            "spares": first.spares,
            "own": first.by_address and is_server_here(nginx.evidence),
            "address": first.by_address,
            "login": first.by_login,
            "socket": isinstance(first.response, Upgrade),
            **flag_facts(nginx, first.condition, first.response.url),
            "typed": len(step.commands) > 0,
        },
        fix=_own_referer_fix(nginx, first)
        or _removal(nginx, first)
        or Fix((step,), Applicability.MANUAL),
    )


def _removal(nginx: Nginx, rule: AnsweringRule) -> Fix | None:
    """Take a `return` out that closes the whole site, in front of what answers it."""
    # Imported late: a healthy run edits nothing.
    from checks.nginx._unreachable_lines import removal, unreachable_line

    is_closing = rule.condition is None and unreachable_line(nginx, rule.directive) is not None
    return removal(nginx, rule.directive) if is_closing else None


def _own_referer_fix(nginx: Nginx, rule: AnsweringRule) -> Fix | None:
    """Add the site's own names to a list of referers that refuses a file of the site's own page.

    The list is there to let the site's pages pass; what it closes to others stays closed.
    """
    response, condition, target = rule.response, rule.condition, nginx.evidence.target
    is_own = isinstance(response, PageFileResponse) and response.page.startswith(
        f"{target.origin}/"
    )
    if not is_own or condition is None or condition.args[:1] != ("($invalid_referer)",):
        return None
    # Imported late: a healthy run edits nothing.
    from checks.nginx._referer_edits import own_names_fix

    return own_names_fix(nginx, condition)


def _logged_claim(nginx: Nginx, rules: Sequence[LoggedRule]) -> Claim:
    """Return the claim about requests that the site's own pages sent before this run."""
    # Imported late: few sites have such a rule.
    from checks.nginx._rule_edits import choice
    from checks.nginx._rule_facts import OF_RESPONSE, kind_of, rule_facts

    first = rules[0]
    is_of_method = kind_of(first.condition) == "method"
    method = first.failure.method if is_of_method else ""
    methods = dict.fromkeys(rule.failure.method for rule in rules) if is_of_method else ()
    step = choice(nginx, first.condition, "method", "|".join(methods))
    subjects = _logged_subjects(nginx, [rule.failure for rule in rules])
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(
            *(rule.failure for rule in rules),
            *((nginx.config,) if nginx.config else ()),
        ),
        # Whether a program may change anything, only the site's owner knows.
        confidence=Confidence.LIKELY if first.failure.is_served_otherwise else Confidence.CERTAIN,
        severity=Severity.WARNING,
        location=nginx.location(first.directive),
        facts={
            "url": nginx.evidence.target.origin + first.failure.path,
            "status": first.failure.status,
            "logged": True,
            "browsers": (),
            **rule_facts(nginx, first.directive, first.condition),
            "sent": method,
            "wanted": ", ".join(methods),
            "by_program": first.failure.is_served_otherwise,
            "sender": "",
            **dict.fromkeys(OF_RESPONSE, False),
            "typed": len(step.commands) > 0,
        },
        fix=Fix((step,), Applicability.MANUAL),
    )


def _browser_claim(nginx: Nginx, rule: BrowserRule) -> Claim:
    """Return the claim about visitors whose browsers a rule refuses, by the configuration alone."""
    page, port = rule.page, nginx.evidence.target.port
    subject = Subject(port=port, path=nginx.evidence.target.path)
    failures = refused_failures(nginx, rule.directive, rule.status)
    logged = _logged_subjects(nginx, failures)
    # Imported late: few sites have such a rule.
    from checks.nginx._agent_maps import spared_in_map
    from checks.nginx._rule_edits import sparing_expression, without_words
    from checks.nginx._rule_facts import OF_RESPONSE, rule_facts

    typed = without_words(nginx, rule.condition, rule.user_agents)
    typed = typed or spared_in_map(nginx, rule.condition, rule.program)
    typed = typed or sparing_expression(nginx, rule.condition, rule.program)
    step = Manual("change-the-rule", Where.SERVER, commands=typed)
    return Claim(
        about=subject,
        covers=(subject, *logged)
        if rule.is_everybody or failed_answers(nginx.evidence)
        else logged or (NO_PORT,),
        because=(
            page,
            *failures,
            *failed_answers(nginx.evidence),
            *((nginx.config,) if nginx.config else ()),
        ),
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if rule.is_everybody else Severity.WARNING,
        location=nginx.location(rule.directive),
        facts={
            "url": page.url,
            "status": rule.status,
            "logged": False,
            "browsers": rule.browsers,
            **rule_facts(nginx, rule.directive, rule.condition),
            "sent": "",
            "sender": "",
            **dict.fromkeys(OF_RESPONSE, False),
            "program": rule.program,
            "user_agent": rule.user_agent,
            "typed": len(step.commands) > 0,
        },
        fix=Fix((step,), Applicability.MANUAL),
    )


def _unsent_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a request that this run does not send: of the page, or of a
    message."""
    if claim := _sent_claim(nginx) or _reported_claim(nginx):
        return claim
    if nginx.evidence.target.symptom is None:
        return None
    # Imported late: a healthy run has no message.
    from checks.nginx._told_rules import told_rule_claim

    return told_rule_claim(nginx)


def _sent_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a POST of the page itself that a rule surely refuses for its
    method."""
    for request in sent_requests(nginx.evidence):
        if claim := _method_claim(nginx, request.source, request.path, request.source.url):
            return claim
    return None


def _reported_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about the request of a message that a rule surely refuses for its method,
    with the status of the message."""
    symptom = nginx.evidence.target.symptom
    for page in page_exchanges(nginx.evidence) if symptom else ():
        method, path = reported_method(nginx.evidence, page), nginx.evidence.target.path
        claim = method and _method_claim(nginx, page, path.partition("?")[0], "", method)
        if claim and symptom and symptom.number in {None, claim.facts["status"]}:
            return claim
    return None


def _method_claim(
    nginx: Nginx,
    source: Page | PageFileResponse | Exchange,
    path: str,
    sender: str,
    method: str = "POST",
) -> Claim | None:
    """Return the claim about a request that this run did not send, and the configuration
    refuses."""
    # Imported late: few sites have such a rule.
    from checks.nginx._rule_edits import choice
    from checks.nginx._rule_facts import OF_RESPONSE, kind_of, rule_facts

    evidence = nginx.evidence
    for selected in nginx.answering_servers():
        rule = refusal(selected.server, as_client_request(evidence, path, method))
        if rule is None or kind_of(rule[1]) != "method":
            continue
        directive, condition, status = rule
        step = choice(nginx, condition, "method", method)
        subject = Subject(port=evidence.target.port, path=path)
        return Claim(
            about=subject,
            covers=(NO_PORT,) if sender else (subject,),
            because=(source, *((nginx.config,) if nginx.config else ())),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                "url": evidence.target.origin + path,
                "status": status,
                "logged": False,
                "browsers": (),
                **rule_facts(nginx, directive, condition),
                "sent": method,
                "wanted": method,
                "told": not sender,
                "sender": sender,
                **dict.fromkeys(OF_RESPONSE, False),
                "typed": len(step.commands) > 0,
            },
            fix=Fix((step,), Applicability.MANUAL),
        )
    return None


def _refused_failures(nginx: Nginx, rule: AnsweringRule) -> tuple[FailedRequests, ...]:
    return refused_failures(nginx, rule.directive, rule.response.status or CLOSED)


def _logged_subjects(nginx: Nginx, failures: Sequence[FailedRequests]) -> tuple[Subject, ...]:
    port = nginx.evidence.target.port
    return tuple(dict.fromkeys(Subject(port=port, path=failure.path) for failure in failures))


def _rank(value: Severity) -> int:
    return (Severity.ERROR, Severity.WARNING, Severity.NOTE).index(value)


def _sockets(responses: Sequence[object]) -> tuple[Subject, ...]:
    return tuple(
        Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        for upgrade in responses
        if isinstance(upgrade, Upgrade)
    )


def _sent_value(evidence: Evidence, rule: AnsweringRule, kind: str) -> str:
    """Return what the request had where the condition looks; "" if that is not known."""
    response = rule.response
    match kind:
        case "origin" if isinstance(response, Upgrade):
            return response.origin or ""
        case "host":
            return evidence.target.authority
        case "method" if isinstance(response, Exchange):
            return response.method
        case "referer" if isinstance(response, PageFileResponse):
            return response.page
        case _:
            return ""

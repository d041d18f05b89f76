"""Whether the findings of a run answer the message that a person pasted.

The answer rests on the findings first: a check that is `shown` as the symptom, or, for an HTTP
status or a close code, a finding that rests on a response with this number.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from diagnose.checking.handled_request import HandledRequest, handled_request
from diagnose.checking.met_symptoms import is_met
from diagnose.checking.symptom_match import is_tried, may_produce, produces
from diagnose.checking.symptom_table import symptom_row, symptom_table
from diagnose.checking.verdicts import is_seen_from_server, verdict
from diagnose.model import Evidence, Finding, Report, Severity, Symptom, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig, NginxProcess
from diagnose.model.pages import Page
from diagnose.model.web_servers import WebServer
from diagnose.parsers.reported_forms import tells_of_form
from diagnose.parsers.request_fields import is_own_origin

#: As many of the usual causes are named.
_MOST_USUAL = 3
#: What a field that the application gets excludes.
_EXCLUDED = {"X-Forwarded-Proto": "upstream.scheme-not-passed"}
#: Where else a message may come from, if it is about the way to the site.
_WAYS = frozenset({"network", "outside"})
_OTHER_SERVERS = ("apache", "caddy", "haproxy")
#: The web servers that titles of checks name, and a word of such a title.
_PRODUCTS = frozenset({"nginx", *_OTHER_SERVERS})
_WORD = re.compile(r"[a-z]{1,30}")
#: "cause": a finding produces the symptom; "possible": it may; "met": the symptom was observed, and
#: no finding explains it; "absent": the site is healthy; "unrelated": the named causes do not
#: produce it; "unknown": the run could not judge the site, or does not try what the message says,
#: or was made on the server, where nobody sees the way from outside; "unsent": the message is about
#: a form, and this run sent none.
AnswerKind = Literal["cause", "possible", "met", "absent", "unrelated", "unknown", "unsent"]


@frozen(eq=False)
class PartAnswer:
    """Another fault that the message tells, and the root cause that produces it."""

    symptom: Symptom
    finding: Finding


@frozen(eq=False)
class SymptomAnswer:
    """The answer to a symptom. `finding` is the root cause for "cause" and "possible". `parts` are
    what else the message tells, as far as findings answer it; `is_of_parts` if they alone do: then
    `finding` is the first of theirs, and the symptom itself has no answer. `status` is the
    target's HTTP status in this run, None if no response came. `usual` are the ids of checks, at
    most three, of what most often leads to the symptom, and `handled` is how the web server handles
    the request by its configuration: both only where no finding answers. `form` is the address of
    the form for "unsent", "" for the others."""

    kind: AnswerKind
    symptom: Symptom
    finding: Finding | None = None
    parts: tuple[PartAnswer, ...] = ()
    status: int | None = None
    elsewhere: str = ""
    usual: tuple[str, ...] = ()
    handled: HandledRequest | None = None
    is_of_parts: bool = False
    form: str = ""


# A report is equal to itself alone, and never changes; its verdict and its page both ask.
@lru_cache(maxsize=1)
def symptom_answer(report: Report) -> SymptomAnswer | None:
    """Return the answer to the pasted message; None if none was pasted, or nothing is judged."""
    symptom = report.evidence.target.symptom
    if symptom is None or report.running:
        return None
    kind, finding = _judged(report, symptom)
    parts = tuple(_part_answers(report, symptom))
    is_of_parts = finding is None and bool(parts)
    if is_of_parts:
        kind, finding = "possible", parts[0].finding
    elsewhere = symptom_table()[symptom.kind].elsewhere
    status = site_status(report.evidence)
    handled = None if finding else handled_request(report.evidence)
    usual = () if finding else _usual_causes(report.evidence, symptom, handled)
    form = _form_url(report.evidence) if kind == "unsent" else ""
    return SymptomAnswer(
        kind, symptom, finding, parts, status, elsewhere, usual, handled, is_of_parts, form
    )


def _form_url(evidence: Evidence) -> str:
    """Return the address of the form that was not sent: the one of the page, that of a refused POST
    in the log, or else the target's."""
    target = evidence.target
    forms = (form for page in evidence.good(Page) for form in page.posts)
    own = (form.partition("?")[0] for form in forms if is_own_origin(target, form))
    logged = (
        f"{target.origin}{failure.path}"
        for failure in evidence.good(FailedRequests)
        if failure.method == "POST" and failure.is_from_page
    )
    return next(iter((*own, *logged, target.url)))


def _is_unsent(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message is about a form, and this run sent none. A page that is refused
    itself needs no form."""
    pages = page_exchanges(evidence)
    is_sent = any(page.method == "POST" for page in pages)
    is_page_served = any((page.status or 500) < 400 for page in pages)
    return is_page_served and not is_sent and tells_of_form(symptom)


def _usual_causes(
    evidence: Evidence, symptom: Symptom, handled: HandledRequest | None
) -> tuple[str, ...]:
    """Return the checks of what most often leads to a symptom behind the site's web server, without
    those that its own request to the application excludes."""
    has_nginx, has_other = _servers(evidence)
    foreign = set()
    if has_other and not has_nginx:
        foreign = {"nginx", "upstream"}
    elif has_nginx and not has_other:
        foreign = {"server", *(("upstream",) if _passes_nothing(evidence) else ())}
    fields = {line.partition(":")[0] for line in (handled.request[1:] if handled else ())}
    excluded = {check for field, check in _EXCLUDED.items() if field in fields}
    usual = (check for check in symptom_row(symptom).usual if check.split(".")[0] not in foreign)
    present = _products(evidence)
    return tuple(
        check for check in usual if check not in excluded and not _is_of_others(check, present)
    )[:_MOST_USUAL]


def _passes_nothing(evidence: Evidence) -> bool:
    """Return whether nginx's configuration is known and passes no request on, nor runs a program's
    lines itself."""
    from diagnose.parsers.nginx.config import walk

    configs = list(evidence.good(NginxConfig))
    names = {line.name for config in configs for line in walk(config.main)}
    is_passed = any(
        name.endswith("_pass") or "_by_lua" in name or name.startswith(("js_", "perl"))
        for name in names
    )
    return bool(names) and not is_passed


def _is_of_others(check_id: str, present: frozenset[str]) -> bool:
    """Return whether a check is about web servers by its title, and none of them serves here."""
    # Imported late: few runs have a pasted message that nothing answers.
    from diagnose.checking.texts import check_text
    from diagnose.i18n import SOURCE_LANGUAGE

    words = set(_WORD.findall(check_text(check_id, SOURCE_LANGUAGE).general_title.lower()))
    named = words & _PRODUCTS
    return bool(named and present) and not named & present


def _products(evidence: Evidence) -> frozenset[str]:
    """Return the web servers that serve the site, as far as they are known."""
    has_nginx, _ = _servers(evidence)
    port = evidence.target.port
    names = {
        word
        for page in evidence.of(Exchange)
        for word in _WORD.findall((page.header("Server") or "").lower())
    }
    running = {server.product for server in evidence.of(WebServer) if port in server.ports}
    products = _PRODUCTS & (names | running)
    return frozenset(products | {"nginx"} if has_nginx else products)


def _servers(evidence: Evidence) -> tuple[bool, bool]:
    """Return whether nginx, and whether another web server, serves the site: as far as the server
    was looked into, or its response names one (`Server`, RFC 9110 section 10.2.4)."""
    port = evidence.target.port
    names = {(page.header("Server") or "").lower() for page in evidence.of(Exchange)}
    has_nginx = any(evidence.of(NginxProcess))
    has_other = any(port in server.ports for server in evidence.of(WebServer) if server.pid)
    return (
        has_nginx or any("nginx" in name or "openresty" in name for name in names),
        has_other or any(name.startswith(_OTHER_SERVERS) for name in names),
    )


def site_status(evidence: Evidence) -> int | None:
    """Return the HTTP status of the target's own page, of a WebSocket that of its handshake; None
    if it did not answer."""
    target = evidence.target
    for upgrade in evidence.good(Upgrade) if target.is_websocket else ():
        if upgrade.is_visit and upgrade.path == target.path and upgrade.accepted:
            return upgrade.status
    statuses = (
        getattr(observation, "status", None)
        for observation in evidence.observations
        if type(observation).__name__ == "Exchange"
        and getattr(observation, "purpose", "") == "target"
    )
    return next((status for status in statuses if status), None)


def _judged(report: Report, symptom: Symptom) -> tuple[AnswerKind, Finding | None]:
    roots = _roots(report)
    producing = [root for root in roots if produces(_group(report, root), symptom)]
    for root in producing:
        if not _is_any_request(root, symptom):
            return "cause", root
    if producing:
        return "possible", producing[0]
    for root in roots:
        if root.severity is not Severity.NOTE and may_produce(_group(report, root), symptom):
            return "possible", root
    if is_met(report.evidence, symptom):
        return "met", None
    if symptom.kind == "other":
        return "unknown", None
    if report.causes:
        return "unrelated", None
    if _is_unsent(report.evidence, symptom):
        return "unsent", None
    is_seen = is_tried(symptom) and not (
        is_way_unseen(report)
        or is_websocket_unopened(report.evidence, symptom)
        or is_way_out_untried(report.evidence, symptom)
        or not _is_looked_at(report.evidence, symptom)
    )
    is_absent = verdict(report).status == "ok" and is_seen and not names_failures(report)
    return ("absent" if is_absent else "unknown"), None


def _is_looked_at(evidence: Evidence, symptom: Symptom) -> bool:
    # Imported late: a message that a finding answers needs no control.
    from diagnose.checking.message_controls import is_looked_at

    return is_looked_at(evidence, symptom)


def names_failures(report: Report) -> bool:
    """Return whether a note names a request that failed: then nothing shows that the message did
    not occur."""
    return any(
        finding.check.only_unused or finding.check.names_requests
        for finding in report.findings
        if finding.is_note and finding.suppressed_by is None
    )


def is_websocket_unopened(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message is about a WebSocket, and this run opened none: it knows no path of
    one, or an application wants a login first."""
    return symptom.kind.startswith("websocket") and not any(
        upgrade.accepted and upgrade.is_visit for upgrade in evidence.good(Upgrade)
    )


def is_way_out_untried(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message is about what the site's program asks for itself, and this run did
    not succeed in it from where the program runs."""
    if symptom.kind != "outgoing":
        return False
    from diagnose.model.outgoing import OutgoingTry

    return not any(way.is_well for way in evidence.good(OutgoingTry) if not way.is_of_server)


def is_way_unseen(report: Report) -> bool:
    """Return whether a message says that visitors do not reach the site, and this run went no way
    that a visitor goes: it was made on the server, and no other place looked."""
    symptom = report.evidence.target.symptom
    return (
        symptom is not None
        and symptom_table()[symptom.kind].elsewhere in _WAYS
        and is_seen_from_server(report)
        and not any(
            observation.vantage is Vantage.ELSEWHERE for observation in report.evidence.observations
        )
    )


def _is_any_request(root: Finding, symptom: Symptom) -> bool:
    """Return whether a finding lists a request of the access log that has the status of the message
    and is not named in it, and that is a fault for the message alone: a stranger's, perhaps."""
    path = (root.claim.about.path or "").partition("?")[0]
    is_raised = root.check.names_requests and root.claim.severity is not None
    return symptom.kind == "status" and is_raised and path not in symptom.text


def _part_answers(report: Report, symptom: Symptom) -> Iterator[PartAnswer]:
    """Yield what else a message tells and a finding answers."""
    roots = [root for root in _roots(report) if root.severity is not Severity.NOTE]
    # How a connection failed is no second fault beside that it did.
    if not roots or symptom.kind == "outgoing":
        return
    from diagnose.parsers.further_symptoms import further_symptoms

    for part in further_symptoms(symptom):
        root = next((root for root in roots if produces(_group(report, root), part)), None)
        if root is not None:
            yield PartAnswer(part, root)


def _roots(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.explained_by is None]


def _group(report: Report, root: Finding) -> tuple[Finding, ...]:
    """Return a root cause and its consequences."""
    return (root, *(finding for finding in report.findings if finding.explained_by == root.id))

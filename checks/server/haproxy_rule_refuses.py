"""HAProxy itself answers with an error, because a rule says so: `http-request auth`, `deny`,
`return` or `tarpit` (Configuration Manual, section 4.2). The request does not reach an application.

A rule whose condition is known to be true is named with certainty. One that depends on the
visitor's address or on a counter (a stick table), or whose backend does, is likely, if it is the
only one with this status:
of a page it is a note, because it may be meant. A limit of requests (429) that a message is about
is a warning, and need not be met by this run. So is one that asks for a password. A file that the
page loads is meant for whoever gets the page.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace as replace_in

from checks.http import _page_files
from checks.server import manual_fix, reload_steps
from checks.server._backend_answers import websocket_paths, websocket_severity
from checks.server._haproxy import (
    HaproxyView,
    haproxy_view,
    place,
    replace,
    rule_moved_before,
)
from checks.server._haproxy_conditions import literals
from checks.server._haproxy_rates import (
    counted_front,
    raising_edit,
    rate_limit,
    tracking_edit,
)
from checks.server._well_known_edits import WELL_KNOWN, spared_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import host_patterns, refusing_rules_of
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.userlists import AskedLogin, asked_login
from diagnose.parsers.haproxy.view import Refusal, refusals
from diagnose.parsers.usual_paths import is_closed_on_purpose, is_hidden

#: Too Many Requests (RFC 6585 section 4).
_TOO_MANY = 429

#: What visitors get: a page, a WebSocket, a file of the page.
_Answer = Exchange | Upgrade | PageFileResponse


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer",
        "server.application-answers", "http.page-file-missing", "http.server-error",
        "http.misdirected",
        "http.acme-challenge-blocked", "http.acme-challenge-missing",
        "websocket.not-upgraded",
        "websocket.unauthorized", "websocket.rate-limited", "websocket.no-location",
    ],
)  # fmt: skip
def haproxy_rule_refuses(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    # An address may be named with its query and without.
    seen: set[str] = set()
    for path in dict.fromkeys((target.path, *websocket_paths(evidence))):
        haproxy, answers = haproxy_view(evidence, path), _answers(evidence, path)
        if haproxy is None or haproxy.proxies.frontend.mode != "http" or not answers:
            continue
        refusal = _decisive(refusals(haproxy.proxies, target, path), answers[0].status or 0)
        own = path.partition("?")[0]
        if refusal is not None and own not in seen and _may_decide(evidence, refusal, own):
            seen.add(own)
            yield _claim(haproxy, path, answers, refusal)
    yield from _of_files(evidence, seen)
    if not seen:
        yield from _of_message(evidence)


def _of_message(evidence: Evidence) -> Iterator[Claim]:
    """Make the claim for the one rule that counts requests and answers with the status of a
    message: this run asked less often than the visitor."""
    symptom, path = evidence.target.symptom, evidence.target.path
    if symptom is None or symptom.number != _TOO_MANY:
        return
    haproxy = haproxy_view(evidence, path)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    refusal = _decisive(refusals(haproxy.proxies, evidence.target, path), _TOO_MANY)
    limit = rate_limit(haproxy, refusal.line) if refusal and refusal.is_reached else None
    # Behind another machine all visitors share one counter.
    is_low = limit is not None and (limit.is_low or bool(counted_front(evidence)))
    if refusal is not None and is_low:
        yield _claim(haproxy, path, [], refusal)


def _of_files(evidence: Evidence, seen: Collection[str]) -> Iterator[Claim]:
    """Yield a claim for each rule that refuses files of the page, with the first of them."""
    lines = set[Line]()
    for file in _page_files.refused_files(evidence):
        status = file.response.status or 0
        haproxy = haproxy_view(evidence, file.path) if status >= 400 else None
        if haproxy is None or haproxy.proxies.frontend.mode != "http" or file.path in seen:
            continue
        refusal = _decisive(refusals(haproxy.proxies, evidence.target, file.path), status)
        if refusal is not None and refusal.is_reached and refusal.line not in lines:
            lines.add(refusal.line)
            severity = _page_files.severity(file.page, (file.response.url,))
            claim = _claim(haproxy, file.path, [file.response], refusal)
            yield replace_in(claim, severity=severity)


def _answers(evidence: Evidence, path: str) -> list[Exchange | Upgrade]:
    """Return the answers to a path with an error."""
    port, target = evidence.target.port, evidence.target
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_page_of(target) and path == target.path
        if path not in websocket_paths(evidence) and (exchange.status or 0) >= 400
    ]
    upgrades = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == path and upgrade.port == port and upgrade.through == "front"
        if upgrade.variant == "normal" and not upgrade.accepted and (upgrade.status or 0) >= 400
    ]
    return [*pages, *upgrades]


def _decisive(refusals: Sequence[Refusal], status: int) -> Refusal | None:
    """Return the only rule that answers with this status."""
    rules = [refusal for refusal in refusals if refusal.status == status]
    return rules[0] if len(rules) == 1 else None


def _may_decide(evidence: Evidence, refusal: Refusal, path: str) -> bool:
    """Return whether a rule is reached, or lies in a backend that may take the path while the
    application, asked directly, answers well: a maintenance for all but some addresses."""
    return refusal.is_reached or any(
        visit.requested == path and visit.succeeded for visit in evidence.good(BackendVisit)
    )


def _claim(haproxy: HaproxyView, path: str, answers: Sequence[_Answer], refusal: Refusal) -> Claim:
    words, own = refusal.line.words, path.partition("?")[0]
    condition = next((index for index, word in enumerate(words) if word in {"if", "unless"}), 0)
    text = " ".join(words[condition:]) if condition else ""
    frontend, port = haproxy.proxies.frontend, haproxy.view.evidence.target.port
    is_socket = isinstance(answers[0] if answers else None, Upgrade)
    choosing = _backends_above(haproxy, refusal)
    late = _late_exception(haproxy, refusal)
    edit, login = _except_them(haproxy, refusal, choosing), _login(haproxy, refusal)
    edit = edit or (rule_moved_before(haproxy, refusal.line, late) if late else None)
    spared = _spared(haproxy, refusal, own) if edit is None else None
    limit = rate_limit(haproxy, refusal.line)
    front = counted_front(haproxy.view.evidence) if limit else ""
    tracking = tracking_edit(haproxy) if front else None
    raising = raising_edit(haproxy, limit) if limit and tracking is None else None
    subjects = [Subject(port=port, path=each) for each in dict.fromkeys((own, path))]
    return Claim(
        about=subjects[0],
        covers=(*subjects, *([] if is_socket else [Subject(port=port)])),
        because=(*answers, *((haproxy.view.config,) if haproxy.view.config else ())),
        confidence=Confidence.CERTAIN if refusal.is_certain else Confidence.LIKELY,
        severity=_severity(haproxy, answers, refusal, path, login),
        facts={
            **haproxy.view.facts,
            "path": own,
            "line": " ".join(words),
            "status": refusal.status,
            "rule": " ".join(words[:condition] if condition else words),
            "condition": text,
            "place": place(refusal.line),
            "host": refusal.is_certain and _is_about_host(frontend, refusal),
            "counter": "sc_" in text or "sc0_" in text or "_rate" in text,
            "socket": is_socket,
            "backend_place": place(choosing[-1]) if choosing else "",
            "late": " ".join(late.words) if late else "",
            "late_place": place(late) if late else "",
            "spared": spared is not None,
            "limit": limit.number if limit else "",
            "period": limit.period if limit else "",
            "limit_place": place(limit.line) if limit else "",
            "raised": limit.raised if limit and raising else "",
            "front": front if tracking else "",
            **_login_facts(login),
        },
        fix=Fix((own_edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if (own_edit := edit or spared or tracking or raising)
        else manual_fix(
            haproxy.view,
            _step(login),
        ),
    )


def _step(login: AskedLogin | None) -> str:
    if login and login.unhashed:
        return "write-the-hash"
    return "write-a-user" if login and not login.users else "change-the-rule"


def _login(haproxy: HaproxyView, refusal: Refusal) -> AskedLogin | None:
    proxies = haproxy.proxies
    own = (proxies.frontend, *([proxies.backend] if proxies.backend else []))
    return asked_login(proxies.config, own, refusal.line)


def _login_facts(login: AskedLogin | None) -> dict[str, object]:
    """Return who may pass a rule that asks for a password, as facts."""
    return {
        "userlist": login.userlist if login else "",
        "users": login.users if login else (),
        "unused": login.unused if login else (),
        "empty": login is not None and not login.users,
        "everywhere": login is not None and login.everywhere,
        "unhashed": login.unhashed if login else (),
    }


def _backends_above(haproxy: HaproxyView, refusal: Refusal) -> tuple[Line, ...]:
    """Return the `use_backend` lines above a rule without a condition. They were meant to be tried
    first, but HAProxy evaluates the rules of http-request before them (Configuration Manual,
    section 4.2, "http-request")."""
    rule, selection = refusal.line, haproxy.proxies.selection
    lines = tuple(
        line
        for line in haproxy.proxies.frontend.own("use_backend")
        if (line.file, line.number < rule.number) == (rule.file, True)
    )
    is_chosen_above = selection is not None and selection.line in lines
    has_condition = {"if", "unless"} & set(rule.words)
    return lines if is_chosen_above and refusal.is_certain and not has_condition else ()


def _late_exception(haproxy: HaproxyView, refusal: Refusal) -> Line | None:
    """Return the first `http-request allow` below a rule of the same section that is for a part of
    what the rule takes: the first rule that is true decides (Configuration Manual, section 4.2).
    No other rule stands between them: what is allowed above it would pass it by."""
    rule, proxies = refusal.line, haproxy.proxies
    taken = _tests(rule) if rule.words[1:2] == ("deny",) else None
    for proxy in (proxies.frontend, *([proxies.backend] if proxies.backend else [])):
        lines = proxy.own("http-request", "allow") if rule in proxy.lines else ()
        for line in lines:
            own = _tests(line)
            is_below = line.file == rule.file and line.number > rule.number
            if any(each.keyword == "http-request" for each in _between(proxy.lines, rule, line)):
                return None
            if is_below and taken is not None and own is not None and taken < own:
                return line
    return None


def _between(lines: Sequence[Line], first: Line, last: Line) -> list[Line]:
    return [line for line in lines if first.number < line.number < last.number]


def _tests(line: Line) -> set[str] | None:
    """Return the parts of a rule's condition, all of which have to be true; None if one of them is
    enough, or a word needs quotes."""
    if "if" not in line.words:
        return None if "unless" in line.words else set()
    texts = literals(line.words[line.words.index("if") + 1 :])
    return None if texts is None or "or" in texts else set(texts)


def _except_them(haproxy: HaproxyView, refusal: Refusal, lines: Sequence[Line]) -> Edit | None:
    """Return the edit by which a rule spares what these lines take."""
    conditions = [
        " ".join(line.words[3:]) if line.words[2:3] == ("if",) and len(line.words) > 3 else ""
        for line in lines
    ]
    if not lines or not all(conditions) or any(set(text) & set("\"'\\") for text in conditions):
        return None
    rule = " ".join(refusal.line.words)
    return replace(haproxy.view, refusal.line, f"{rule} unless {' || '.join(conditions)}")


def _spared(haproxy: HaproxyView, refusal: Refusal, path: str) -> Edit | None:
    """Return the edit by which a rule against paths spares what is meant for everybody."""
    if not refusal.is_certain or not path.startswith(WELL_KNOWN):
        return None
    text = spared_line(haproxy.proxies.frontend, refusal.line)
    return replace(haproxy.view, refusal.line, text) if text else None


def _is_about_host(frontend: Proxy, refusal: Refusal) -> bool:
    rules = [rule for rule in refusing_rules_of(frontend) if rule.line == refusal.line]
    return bool(host_patterns(rules))


def _is_closed_by_path(haproxy: HaproxyView, refusal: Refusal, path: str) -> bool:
    """Return whether a rule closes a part of the site on purpose, as a location of nginx does, and
    nobody complains of it."""
    if haproxy.view.evidence.target.symptom is not None:
        return False
    rules = [
        rule for rule in refusing_rules_of(haproxy.proxies.frontend) if rule.line == refusal.line
    ]
    literals = [literal for rule in rules for term in rule.alternatives for literal in term]
    criteria = [criterion for literal in literals for criterion in literal.criteria]
    is_opposite = any(rule.negated for rule in rules) or any(
        literal.negated for literal in literals
    )
    is_of_path = all(criterion.subject in {"path", "host"} for criterion in criteria)
    values = " ".join(value for each in criteria if each.subject == "path" for value in each.values)
    return is_of_path and not is_opposite and is_closed_on_purpose(path, values, refusal.status)


def _severity(
    haproxy: HaproxyView,
    answers: Sequence[_Answer],
    refusal: Refusal,
    path: str,
    login: AskedLogin | None,
) -> Severity:
    if login and login.unhashed == login.users:
        return Severity.WARNING  # nobody gets in
    if answers and isinstance(answers[0], Upgrade):
        # Visitors may have the password.
        is_named = websocket_severity(haproxy.view.evidence) is None
        is_error = refusal.is_certain and refusal.status != 401 and is_named
        return Severity.ERROR if is_error else Severity.WARNING
    if refusal.status >= 500:
        return Severity.ERROR
    symptom = haproxy.view.evidence.target.symptom
    if refusal.status == _TOO_MANY and symptom and symptom.number == _TOO_MANY:
        return Severity.WARNING
    is_meant = not refusal.is_certain or refusal.status in {401, _TOO_MANY} or is_hidden(path)
    is_meant = is_meant or _is_closed_by_path(haproxy, refusal, path)
    return Severity.NOTE if is_meant else Severity.WARNING

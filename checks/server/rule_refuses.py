"""Apache or Caddy answers with an error, because a rule of its configuration says so: RewriteRule
[F], Require, Deny, RedirectMatch 403, AllowEncodedSlashes; respond, error, basic_auth. Or Caddy
closes the connection (abort). The request does not reach an application.

The rule was evaluated for this run's request. It is certain if nothing of it is unknown and the
application, asked directly, gives what visitors do not get. A rule about the visitor's address or a
password may be meant: of a page it is a note, as are one about a cookie and one for a hidden file.
A password that is asked of a preflight is http.cors-refused's: the rule itself stays.
"""

import re
from collections.abc import Iterator, Sequence

from checks.http import _page_files
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_websockets
from checks.server._dot_sections import dot_section_edit, is_against_dots
from checks.server._rules import decisive_rule
from checks.server._well_known_edits import WELL_KNOWN, spared_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.model.renewal import CHALLENGES
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.usual_paths import is_closed_on_purpose, is_hidden


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=["http.page-file-missing", "server.own-answer",
        "server.application-answers", "http.server-error",
        "http.acme-challenge-blocked", "http.acme-challenge-missing",
        "websocket.not-upgraded", "websocket.unauthorized",
        "websocket.rate-limited", "websocket.no-location", "http.page-file-missing",
    ],
)  # fmt: skip
def rule_refuses(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    refusals: list[Refusal] = []
    for full, websocket in ((target.path, False), *((path, True) for path in target.websockets)):
        path = full.partition("?")[0]
        answers = _answers(evidence, full, websocket)
        status = answers[0].status if answers else None
        rule = decisive_rule(view, path, websocket, status) if answers else None
        if rule is not None:
            refusals.append(_refusal(view, answers, rule))
    refusals += [*_of_files(view), *_of_all(view), *_of_abort(view)]
    groups: dict[tuple[str, int, Severity], list[Refusal]] = {}
    for refusal in refusals:
        # One line that refuses the page and the WebSocket is one cause.
        key = refusal.rule.file, refusal.rule.line, refusal.severity
        groups.setdefault(key, []).append(refusal)
    for group in groups.values():
        yield _claim(view, group)


@frozen
class Refusal:
    """A rule that refuses a path, what visitors got, and what the application gives for the same
    request."""

    rule: AnsweringRule
    answers: tuple[Exchange | Upgrade | PageFileResponse, ...]
    visits: tuple[BackendVisit, ...]
    severity: Severity

    @property
    def is_certain(self) -> bool:
        # The main server's value does not count here, if the application has the path: Apache has
        # no other rule that refuses it.
        is_decided = self.rule.is_certain or self.rule.rule.startswith(_SLASHES)
        return is_decided and bool(self.visits)


def _of_files(view: ServerView) -> Iterator[Refusal]:
    """Yield the rules for certain that refuse a file of the page."""
    for file in _page_files.refused_files(view.evidence):
        rule = decisive_rule(view, file.path, False, file.response.status)
        if rule is not None and rule.is_certain and (file.response.status or 0) >= 400:
            severity = _page_files.severity(file.page, [file.response.url])
            yield Refusal(rule, (file.response,), (), severity)


def _of_all(view: ServerView) -> Iterator[Refusal]:
    """Yield the rule that answers every page with 200, and an application behind it gets none."""
    pages = page_exchanges(view.evidence)
    path = view.evidence.target.path_without_query
    rule = decisive_rule(view, path, False, 200)
    is_seen = bool(pages) and all(page.status == 200 for page in pages)
    if rule and is_seen and rule.is_certain and rule.bypassed and not rule.condition:
        yield Refusal(rule, pages, (), Severity.WARNING)


def _of_abort(view: ServerView) -> Iterator[Refusal]:
    """Yield the rule by which Caddy closes the connection of every visitor without an answer."""
    pages = page_exchanges(view.evidence)
    rule = decisive_rule(view, view.evidence.target.path_without_query, False, 0)
    # A firewall resets a connection; Caddy ends it.
    is_closed = all(page.failure is not None for page in pages) and any(
        page.failure and page.failure.kind == "closed" and page.status is None for page in pages
    )
    if rule and is_closed:
        yield Refusal(rule, pages, (), Severity.ERROR)


def _answers(evidence: Evidence, path: str, websocket: bool) -> Sequence[Exchange | Upgrade]:
    """Return the answers to a path with an error."""
    if websocket:
        refused = refused_websockets(evidence, path)
        return [upgrade for upgrade in refused if (upgrade.status or 0) >= 400]
    pages = [
        exchange for exchange in evidence.good(Exchange) if exchange.is_page_of(evidence.target)
    ]
    if any(page.status == 401 and page.method == "OPTIONS" and _has_origin(page) for page in pages):
        return []
    # Where another place gets the page, the rule is not the reason for all.
    are_all = all((page.status or 0) >= 400 for page in pages)
    return pages if are_all else []


def _has_origin(page: Exchange) -> bool:
    """Return whether the question was asked for the page of another site (CORS preflight)."""
    # Imported late: few runs ask so.
    from diagnose.parsers.request_fields import shown_origin

    return bool(shown_origin(page.equivalent))


def _refusal(
    view: ServerView, answers: Sequence[Exchange | Upgrade], rule: AnsweringRule
) -> Refusal:
    visits = tuple(
        visit
        for visit in view.evidence.good(BackendVisit)
        if visit.requested == rule.path and visit.websocket is rule.websocket and visit.succeeded
    )
    return Refusal(rule, tuple(answers), visits, _severity(view, answers[0], rule, bool(visits)))


def _claim(view: ServerView, refusals: Sequence[Refusal]) -> Claim:
    # Imported late: few sites have such a rule.
    from checks.server._token_folders import opening_lines, token_folder

    port, first = view.evidence.target.port, refusals[0]
    rule = first.rule
    folder = token_folder(view, rule)
    opening = opening_lines(view, rule, folder)
    paths = [Subject(port=port, path=refusal.rule.path) for refusal in refusals]
    has_page = any(not refusal.rule.websocket for refusal in refusals)
    answers = [answer for refusal in refusals for answer in refusal.answers]
    visits = [visit for refusal in refusals for visit in refusal.visits]
    is_certain = all(refusal.is_certain for refusal in refusals)
    return Claim(
        about=paths[0],
        covers=(*paths, *([Subject(port=port)] if has_page else [])),
        because=(*answers, view.server, *([view.config] if view.config else []), *visits),
        confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        severity=first.severity,
        facts={
            **view.facts,
            "path": rule.path,
            "status": rule.status,
            "abort": rule.status == 0,
            "rule": rule.rule,
            "condition": rule.condition,
            "place": place_text(rule.file, rule.line),
            "direct_status": first.visits[0].status if first.visits else "",
            "socket": rule.websocket,
            "application": rule.bypassed if rule.status == 200 else "",
            "exempt": _exempt_line(rule),
            "spared": _spared(view, rule) is not None,
            "slash": rule.rule.startswith(_SLASHES),
            "folder": folder if opening else "",
            **{question: question in rule.questions for question in _QUESTIONS},
            view.server.product: True,
        },
        fix=_opened(opening) if opening else _fix(view, rule),
    )


def _opened(opening: tuple[Command | Edit, ...]) -> Fix:
    step = Manual("change-the-rule", Where.SERVER, commands=opening)
    return Fix((step,), Applicability.MANUAL)


def _fix(view: ServerView, rule: AnsweringRule) -> Fix:
    """Return the remedy: a rule that hides the application goes, if it is a line of its own."""
    line = line_text(view, rule.file, rule.line) if rule.bypassed and rule.status == 200 else ""
    if re.fullmatch(r"\s*respond\s[^{}]{1,300}", line):
        edit = line_edit(view, rule.file, {rule.line: ()})
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    spared = _spared(view, rule) or _passed_over(view, rule)
    if spared is not None:
        return Fix((spared, *reload_steps(view.server)), Applicability.REVIEW)
    if rule.rule.startswith(_SLASHES):
        # Imported late: few paths have an encoded slash.
        from checks.server._encoded_slashes import encoded_slash_edit

        allowed = encoded_slash_edit(view, rule)
        if allowed is not None:
            return Fix((allowed, *reload_steps(view.server)), Applicability.REVIEW)
    if rule.condition.startswith("<Proxy"):
        # Imported late: few sections are about proxies.
        from checks.server._proxy_sections import proxy_section_edit

        opened = proxy_section_edit(view, rule)
        if opened is not None:
            return Fix((opened, *reload_steps(view.server)), Applicability.REVIEW)
    exempt = _exempt_line(rule)
    if exempt:
        edit = line_edit(view, rule.file, {rule.line: (exempt,)})
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        return manual_fix(view, "exempt")
    return manual_fix(view, "change-the-rule")


def _spared(view: ServerView, rule: AnsweringRule) -> Edit | None:
    """Return the edit by which a rule against paths or hidden files spares what is for all."""
    is_closed = rule.path.startswith(WELL_KNOWN) and rule.is_certain and rule.status >= 400
    if not is_closed:
        return None
    return dot_section_edit(view, rule) or spared_edit(view, rule.file, rule.line)


def _passed_over(view: ServerView, rule: AnsweringRule) -> Edit | None:
    """Return the edit with a rule for challenges of ACME in front of the RewriteRule that refuses
    one. What else the rule closes stays closed."""
    is_challenge = rule.path.startswith(CHALLENGES) and rule.status >= 400
    if not is_challenge or not rule.rule.startswith("RewriteRule"):
        return None
    # Imported late: few rules are about challenges.
    from checks.http._challenge_edits import passed_over

    return passed_over(view, rule.file, rule.line)


def _exempt_line(rule: AnsweringRule) -> str:
    """Return the rule with an exception for /.well-known/, if it refuses a path below it; "" if
    that is not known."""
    if not rule.path.startswith("/.well-known/"):
        return ""
    from checks.http._challenge_rules import exempt_line

    return exempt_line(rule.rule)


#: The setting that refuses paths with %2F.
_SLASHES = "AllowEncodedSlashes"
#: The words of rules that say who may see a folder.
_ACCESS = ("Require", "<Require", "Order", "Deny", "Allow")

#: What shows who the visitor is, and this run has not: in the words of Caddy and of Apache.
_OF_LOGIN = re.compile(r"\b(?:cookie|authorization)\b|HTTP_COOKIE|SSL_CLIENT_", re.IGNORECASE)

_QUESTIONS = ("address", "login", "agent", "field", "other")


def _is_closed_by_path(view: ServerView, rule: AnsweringRule) -> bool:
    """Return whether a rule closes a part of the site on purpose, and nobody complains of it."""
    words = f"{rule.condition} {rule.rule}"
    is_opposite = re.search(r"\bnot\b|!", words) is not None
    is_told = view.evidence.target.symptom is not None
    return not is_opposite and not is_told and is_closed_on_purpose(rule.path, words, rule.status)


def _severity(
    view: ServerView, answer: Exchange | Upgrade, rule: AnsweringRule, is_missed: bool
) -> Severity:
    """`is_missed` is True if the application would give what the rule refuses. Without one a
    folder that Require closes is closed on purpose."""
    if isinstance(answer, Upgrade):
        return Severity.ERROR if rule.is_certain else Severity.WARNING
    if rule.status >= 500 or (is_missed and rule.rule.startswith(_SLASHES)):
        return Severity.ERROR
    is_closed = not is_missed and rule.rule.startswith(_ACCESS) and not is_against_dots(rule)
    # A rule about names of files is not about a page whose script has such a name.
    if rule.condition.startswith("<Files") and "." not in rule.path.rpartition("/")[2]:
        is_closed = False
    asks_who = _OF_LOGIN.search(rule.condition) is not None
    is_meant = not rule.is_certain or rule.status == 429 or is_closed or is_hidden(rule.path)
    is_meant = is_meant or asks_who or _is_closed_by_path(view, rule)
    return Severity.NOTE if is_meant else Severity.WARNING

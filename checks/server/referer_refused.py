"""Apache refuses what a page of another site links to, by its address: a RewriteRule [F] whose
condition is about the Referer (mod_rewrite, "RewriteCond"), as lists against foreign pages have it
("hotlink protection"). The page that a message names is not on the list.

The rule was evaluated for that request. The same one without a Referer passes.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.http import endpoint_subjects
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._reported_requests import plain_request, refusing_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import page_exchanges
from diagnose.model.other_requests import failed_answers
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.described_requests import described_request
from diagnose.parsers.program_agents import is_answer
from diagnose.parsers.told_requests import ToldRequest
from diagnose.parsers.urls import parse_url

_CONDITION = re.compile(r"(?i)\s*RewriteCond\s+\"?%\{HTTP_REFERER\}\"?\s")
#: Maximum number of lines above a rule that are its conditions.
_MAX_CONDITIONS = 60


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
    explains=["http.request-part-refused", "server.other-requests-failed"],
)
def referer_refused(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    told = described_request(symptom.text) if symptom else None
    url = parse_url(told.referer) if told else None
    plain = plain_request(view) if view and told and url else None
    if view is None or symptom is None or told is None or url is None or plain is None:
        return
    own = replace(plain, path=_path(evidence, told))
    rule = refusing_rule(view, own, replace(own, referer=told.referer))
    if rule is None or not is_answer(symptom, rule.status):
        return
    pages = page_exchanges(evidence)
    subjects = endpoint_subjects(pages)
    edit = _passing_edit(view, rule, url.host)
    # An .htaccess counts at once.
    load = () if rule.file.endswith("/.htaccess") else reload_steps(view.server)
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.server, *pages, *failed_answers(evidence)),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": evidence.target.origin + own.path,
            "page": told.referer,
            "host": url.host,
            "status": rule.status,
            "rule": rule.rule,
            "place": place_text(rule.file, rule.line),
        },
        fix=Fix(
            (edit or Manual("rule", Where.SERVER), *load),
            Applicability.REVIEW if edit else Applicability.MANUAL,
        ),
    )


def _path(evidence: Evidence, told: ToldRequest) -> str:
    """Return the path of the told request, if the target is only the site."""
    path = told.path if told.path and evidence.target.path == "/" else evidence.target.path
    return path.partition("?")[0]


def _passing_edit(view: ServerView, rule: AnsweringRule, host: str) -> Edit | None:
    """Return the edit that puts one condition more above the conditions of a rule: the pages of a
    host pass."""
    first, has_referer = rule.line, False
    for number in range(rule.line - 1, max(rule.line - _MAX_CONDITIONS, 0), -1):
        text = line_text(view, rule.file, number).strip()
        if text.lower().startswith("rewritecond"):
            first = number
            has_referer = has_referer or _CONDITION.match(text) is not None
        elif text and not text.startswith("#"):
            break
    is_name = re.fullmatch(r"[a-z0-9.-]{1,253}", host) is not None
    if not has_referer or not is_name:
        return None
    text = line_text(view, rule.file, first)
    name = host.replace(".", r"\.")
    added = (
        f"{indentation(text)}RewriteCond %{{HTTP_REFERER}} !^https?://{name}(?::\\d+)?(?:/|$) [NC]"
    )
    return line_edit(view, rule.file, {first: (added, text)})

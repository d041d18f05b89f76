"""A server refuses a program that a message names for what it calls itself. Apache: a RewriteRule
with [F] or the like, whose condition is about the User-Agent (mod_rewrite, "RewriteCond"), or a
variable of SetEnvIf or BrowserMatch that a line refuses (mod_setenvif). HAProxy and Caddy: a rule
whose condition or matcher is about this field. Browsers pass, and this run did.

The rule was evaluated for the User-Agent of the program. Whether the message is about this rule, it
does not say: others may refuse the program too.
"""

import posixpath
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
from checks.server._agent_refusals import (
    AgentRefusal,
    caddy_refusal,
    gets_the_page,
    haproxy_refusal,
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
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.program_agents import agent_pattern, is_answer, named_agents

#: The expression and the variable of a line about the User-Agent.
_MARK = re.compile(
    r"(?i)\s*(?:SetEnvIf(?:NoCase)?\s+\"?User-Agent\"?|BrowserMatch(?:NoCase)?)\s+"
    r"(?:\"([^\"]{1,1000})\"|([^\s\"]{1,1000}))\s+(!?[\w-]{1,60})(?:=\S{0,60})?\s*"
)


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
    explains=["http.programs-refused", "http.request-part-refused"],
)
def agent_refused(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    if view is None or symptom is None or view.config is None or not gets_the_page(view):
        return
    for name, agent in named_agents(symptom.text):
        refusal = _refusal(view, name, agent)
        if refusal is not None and is_answer(symptom, refusal.status):
            yield _claim(view, name, agent, refusal)
            return


def _refusal(view: ServerView, name: str, agent: str) -> AgentRefusal | None:
    match view.server.product:
        case "apache":
            request = plain_request(view)
            rule = refusing_rule(view, request, replace(request, agent=agent)) if request else None
            return _by_rule(view, rule, name) if rule else _by_mark(view, name, agent)
        case "haproxy":
            return haproxy_refusal(view, name, agent)
        case "caddy":
            return caddy_refusal(view, name, agent)
    return None


def _claim(view: ServerView, name: str, agent: str, refusal: AgentRefusal) -> Claim:
    pages = page_exchanges(view.evidence)
    subjects = endpoint_subjects(pages)
    # An .htaccess counts at once.
    load = () if refusal.file.endswith("/.htaccess") else reload_steps(view.server)
    step = refusal.edit or Manual("rule", Where.SERVER)
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.server, *pages, *failed_answers(view.evidence)),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "program": name,
            "agent": agent,
            "status": refusal.status,
            "rule": refusal.rule,
            "place": place_text(refusal.file, refusal.line),
        },
        fix=Fix((step, *load), Applicability.REVIEW if refusal.edit else Applicability.MANUAL),
    )


def _by_rule(view: ServerView, rule: AnsweringRule, name: str) -> AgentRefusal:
    """Return the rule with the edit that puts one condition more above its first one."""
    first = rule.line
    for number in range(rule.line - 1, max(rule.line - 60, 0), -1):
        text = line_text(view, rule.file, number).strip().lower()
        if text.startswith("rewritecond"):
            first = number
        elif text and not text.startswith("#"):
            break
    text = line_text(view, rule.file, first)
    condition = f"{indentation(text)}RewriteCond %{{HTTP_USER_AGENT}} !{agent_pattern(name)} [NC]"
    is_rewrite = text.strip().lower().startswith("rewrite")
    edit = line_edit(view, rule.file, {first: (condition, text)}) if is_rewrite else None
    words = "; ".join(filter(None, (rule.condition, rule.rule)))
    return AgentRefusal(words, rule.status, rule.file, rule.line, edit)


def _by_mark(view: ServerView, name: str, agent: str) -> AgentRefusal | None:
    """Return the line that gives the program a variable which another line refuses, with the edit
    that takes the variable from it again."""
    files = view.config.files if view.config else ()
    for site in view.answering_sites:
        own = posixpath.join(site.root, ".htaccess")
        for path in (site.file, *((own,) if site.reads_htaccess else ())):
            file = view.config.file(path) if view.config else None
            rows = file.text.split("\n") if file else []
            for variable, number in _marks(rows, agent).items():
                if any(_refuses(each.text, variable) for each in files):
                    line = f'SetEnvIfNoCase User-Agent "{agent_pattern(name)}" !{variable}'
                    edit = _below_marks(view, path, rows, variable, line)
                    return AgentRefusal(rows[number - 1].strip()[:300], 403, path, number, edit)
    return None


def _marks(rows: list[str], agent: str) -> dict[str, int]:
    """Return the variables that a program has behind the lines, with the line that gives each. A
    line with "!" takes one away again."""
    given: dict[str, int] = {}
    for number, text in enumerate(rows, 1):
        mark = _MARK.fullmatch(text[:2000])
        if mark is None or not _is_of(mark, text, agent):
            continue
        if mark[3].startswith("!"):
            given.pop(mark[3][1:], None)
        else:
            given[mark[3]] = number
    return given


def _is_of(mark: re.Match[str], text: str, agent: str) -> bool:
    expression = mark[1] or mark[2]
    if not is_supported_pcre(expression):
        return False
    return pcre_search(expression, agent, "nocase" in text.lower()) is not None


def _refuses(text: str, variable: str) -> bool:
    """Return whether a line of a file refuses requests with a variable."""
    name = re.escape(variable)
    return bool(
        re.search(rf"(?im)^\s*(?:Deny\s+from\s+env={name}|Require\s+not\s+env\s+{name})\s*$", text)
    )


def _below_marks(
    view: ServerView, path: str, rows: list[str], variable: str, line: str
) -> Edit | None:
    """Return the edit that adds a line below the last one that gives the variable."""
    marks = [(n, _MARK.fullmatch(text[:2000])) for n, text in enumerate(rows, 1)]
    last = max(number for number, mark in marks if mark and mark[3] == variable)
    text = rows[last - 1]
    return line_edit(view, path, {last: (text, indentation(text) + line)})

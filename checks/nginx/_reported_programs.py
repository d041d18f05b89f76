"""A program that a message names, and that a rule of nginx refuses for what it calls itself: the
rule was written against others, and browsers pass. A line of an access log has the request itself:
method, path, Referer and User-Agent."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._answering_rules import BROWSER, BrowserRule, own_request, refusal
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.program_agents import is_answer, named_agents
from diagnose.parsers.told_requests import ToldRequest, told_request
from diagnose.parsers.urls import path_of


def reported_program(nginx: Nginx) -> BrowserRule | None:
    """Return the rule that surely refuses the program of a message, and no browser."""
    symptom = nginx.evidence.target.symptom
    told = told_request(symptom.text) if symptom else None
    pages = [page for page in page_exchanges(nginx.evidence) if _is_otherwise(page, told)]
    if symptom is None or not pages:
        return None
    for name, user_agent in named_agents(symptom.text):
        browser, program = (
            _request(nginx, pages[0], agent, told) for agent in (BROWSER, user_agent)
        )
        for selected in nginx.answering_servers():
            rule = refusal(selected.server, program)
            if rule is None or refusal(selected.server, browser):
                continue
            if not is_answer(symptom, rule[2]):
                continue
            return BrowserRule(*rule, pages[0], (), False, name, user_agent)
    return None


def _is_otherwise(page: Exchange, told: ToldRequest | None) -> bool:
    """Return whether this run got another answer than the program: the page, or what the path has
    for GET where a log tells the program's own request."""
    status = page.status or 0
    return 0 < status < (400 if told is None else 500) and (told is None or status != told.status)


def _request(nginx: Nginx, page: Exchange, agent: str, told: ToldRequest | None) -> ClientRequest:
    request = own_request(nginx.evidence, page, path_of(page.url), agent)
    if told is None:
        return request
    fields = {**dict(request.fields), "referer": told.referer}
    return replace(request, method=told.method, path=told.path, fields=tuple(fields.items()))

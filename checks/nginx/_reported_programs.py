"""A program that a message names, and that a rule of nginx refuses for what it calls itself: the
rule was written against others, and browsers pass."""

from checks.nginx import Nginx
from checks.nginx._answering_rules import BROWSER, BrowserRule, own_request, refusal
from diagnose.model.http import page_exchanges
from diagnose.parsers.program_agents import is_answer, named_agents
from diagnose.parsers.urls import path_of


def reported_program(nginx: Nginx) -> BrowserRule | None:
    """Return the rule that surely refuses the program of a message, and no browser."""
    symptom = nginx.evidence.target.symptom
    pages = [page for page in page_exchanges(nginx.evidence) if 0 < (page.status or 0) < 400]
    if symptom is None or not pages:
        return None
    path = path_of(pages[0].url)
    for name, user_agent in named_agents(symptom.text):
        for selected in nginx.answering_servers():
            rule = refusal(selected.server, own_request(nginx.evidence, pages[0], path, user_agent))
            browser = own_request(nginx.evidence, pages[0], path, BROWSER)
            if rule is None or refusal(selected.server, browser):
                continue
            if not is_answer(symptom, rule[2]):
                continue
            return BrowserRule(*rule, pages[0], (), False, name, user_agent)
    return None

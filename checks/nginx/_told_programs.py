"""A program that a message names, and that a rule of nginx refuses for what it calls itself: the
rule was written against others, and browsers pass."""

import re

from checks.nginx import Nginx
from checks.nginx._answering_rules import BROWSER, BrowserRule, own_request, refusal
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._repairs import replaced
from diagnose.model import Command, Edit
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.parsers.program_agents import is_answer, named_agents
from diagnose.parsers.urls import path_of

_LIST = re.compile(r"\(([\w ./-]+(?:\|[\w ./-]+)+)\)", re.ASCII)


def told_program(nginx: Nginx) -> BrowserRule | None:
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
            narrowing = _without_program(nginx, rule[1], user_agent)
            return BrowserRule(*rule, pages[0], (), False, name, user_agent, narrowing)
    return None


def _without_program(
    nginx: Nginx, condition: Directive, user_agent: str
) -> tuple[Command | Edit, ...]:
    """Return the edit that takes a program's words out of a list of alternatives; () where the
    expression is no such list. A person chooses: others of these words pass then, too."""
    for word in condition.args:
        found = _LIST.search(word)
        words = found[1].split("|") if found else []
        kept = [each for each in words if each.lower() not in user_agent.lower()]
        if found is None or not kept or len(kept) == len(words):
            continue
        changes = replaced(nginx, condition, found[0], f"({'|'.join(kept)})")
        return chosen_edits(nginx, config_edits(nginx, {path: [edit] for path, edit in changes}))
    return ()

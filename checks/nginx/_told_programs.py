"""A program that a message names, and that a rule of nginx refuses for what it calls itself: the
rule was written against others, and browsers pass."""

import re

from checks.nginx import Nginx
from checks.nginx._answering_rules import BROWSER, CLOSED, BrowserRule, own_request, refusal
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._repairs import replaced
from diagnose.model import Command, Edit
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.symptom import Symptom
from diagnose.parsers.urls import path_of

_BOT = "Mozilla/5.0 (compatible; {}; +https://{})"
#: Programs by what messages call them: their name, and their User-Agent.
_PROGRAMS = {
    r"google ?bot|google search console|pagespeed": (
        "Googlebot", _BOT.format("Googlebot/2.1", "www.google.com/bot.html")),
    r"bing ?bot|bing webmaster": (
        "bingbot", _BOT.format("bingbot/2.0", "www.bing.com/bingbot.htm")),
    r"facebook|whatsapp|externalhit": ("facebookexternalhit",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    r"twitter ?(?:bot|card)": ("Twitterbot", "Twitterbot/1.0"),
    r"linkedin": ("LinkedInBot", "LinkedInBot/1.0 (compatible; Mozilla/5.0; +https://linkedin.com)"),
    r"telegram": ("TelegramBot", "TelegramBot (like TwitterBot)"),
    r"slack": ("Slackbot", "Slackbot 1.0 (+https://api.slack.com/robots)"),
    r"uptime ?robot": ("UptimeRobot", _BOT.format("UptimeRobot/2.0", "uptimerobot.com")),
    r"let'?s ?encrypt|certbot|acme-challenge|unauthorized.{0,80}invalid response": (
        "Let's Encrypt",
        _BOT.format("Let's Encrypt validation server", "www.letsencrypt.org")),
    r"stripe": ("Stripe", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
    r"github webhook|github-hookshot": ("GitHub-Hookshot", "GitHub-Hookshot/044aadd"),
    r"postman": ("Postman", "PostmanRuntime/7.36.0"),
    r"okhttp": ("okhttp", "okhttp/4.12.0"),
    r"go-http-client|golang": ("Go-http-client", "Go-http-client/1.1"),
    r"python-?requests|requests\.exceptions|urllib": ("python-requests", "python-requests/2.31.0"),
    r"axios": ("axios", "axios/1.6.0"),
    r"\bwget\b": ("Wget", "Wget/1.21.4"),
    r"\bcurl\b": ("curl", "curl/8.5.0"),
}  # fmt: skip
_LIST = re.compile(r"\(([\w ./-]+(?:\|[\w ./-]+)+)\)", re.ASCII)


def told_program(nginx: Nginx) -> BrowserRule | None:
    """Return the rule that surely refuses the program of a message, and no browser."""
    symptom = nginx.evidence.target.symptom
    pages = [page for page in page_exchanges(nginx.evidence) if 0 < (page.status or 0) < 400]
    if symptom is None or not pages:
        return None
    text, path = symptom.text[:2000].lower(), path_of(pages[0].url)
    named = (pair for words, pair in _PROGRAMS.items() if re.search(words, text))
    for name, user_agent in named:
        for selected in nginx.answering_servers():
            rule = refusal(selected.server, own_request(nginx.evidence, pages[0], path, user_agent))
            browser = own_request(nginx.evidence, pages[0], path, BROWSER)
            if rule is None or refusal(selected.server, browser):
                continue
            if not _is_answer(symptom, rule[2]):
                continue
            narrowing = _without_program(nginx, rule[1], user_agent)
            return BrowserRule(*rule, pages[0], (), False, name, user_agent, narrowing)
    return None


def _is_answer(symptom: Symptom, status: int) -> bool:
    """Return whether a message may be about this answer: a fault of TLS is another one."""
    if symptom.kind in {"closed", "reset", "incomplete"}:
        return status == CLOSED
    is_acme = symptom.kind.startswith("acme")
    if is_acme or symptom.kind == "status":
        return status in {
            symptom.number,
            *map(int, re.findall(r"\b[45]\d\d\b", symptom.text[:2000])),
        }
    return symptom.kind in {"other", "some-visitors"}


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

"""Programs that a message names, by their User-Agent, and whether a message may be about an answer
to one. No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.symptom import Symptom
from diagnose.parsers.told_requests import told_request

#: The status with which nginx's configuration closes a connection (ngx_http_rewrite_module).
_CLOSED = 444
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
    r"okhttp|\bandroid (?:app|client)|安卓|retrofit": ("okhttp", "okhttp/4.12.0"),
    r"go-http-client|golang": ("Go-http-client", "Go-http-client/1.1"),
    r"python[ -]?requests?\b|requests\.exceptions|urllib|\bpython (?:scripts?|clients?|programs?)\b"
    r"|(?:with|by|from|using|via|in) python\b|python ?(?:脚本|程序|请求)": (
        "python-requests", "python-requests/2.31.0"),
    r"axios": ("axios", "axios/1.6.0"),
    r"\bwget\b": ("Wget", "Wget/1.21.4"),
    r"\bcurl\b": ("curl", "curl/8.5.0"),
}  # fmt: skip


def agent_pattern(name: str) -> str:
    """Return the expression for a program's name: no blank, and no sign with a meaning."""
    return re.sub(r"[^\w-]", ".", name)


def named_agents(text: str) -> Iterator[tuple[str, str]]:
    """Yield the programs that a message names: their name, and their User-Agent. A line of an
    access log has the User-Agent itself, which is the name of a program that is not known."""
    told = told_request(text)
    if told is not None and told.agent:
        lower = told.agent.lower()
        names = (name for words, (name, _) in _PROGRAMS.items() if re.search(words, lower))
        yield next(names, told.agent), told.agent
        return
    lower = text[:2000].lower()
    yield from (pair for words, pair in _PROGRAMS.items() if re.search(words, lower))


def is_answer(symptom: Symptom, status: int) -> bool:
    """Return whether a message may be about this answer: a fault of TLS is another one. A line of
    an access log has the status itself."""
    told = told_request(symptom.text)
    if told is not None:
        return status == told.status
    if symptom.kind in {"closed", "reset", "incomplete"}:
        return status == _CLOSED
    is_acme = symptom.kind.startswith("acme")
    if is_acme or symptom.kind == "status":
        return status in {
            symptom.number,
            *map(int, re.findall(r"\b[45]\d\d\b", symptom.text[:2000])),
        }
    return symptom.kind in {"other", "some-visitors"}

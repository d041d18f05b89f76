"""A rule of the web server that refuses a challenge of ACME, whatever file is there: mostly one
against files whose names begin with a dot. A rule with conditions about files refuses one that is
there, and answers any other with "not found", as is right."""

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http import _redirects
from checks.nginx import Nginx, file_line
from diagnose.model import Edit, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.renewal import ANY_CHALLENGE, WRITTEN_CHALLENGE
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import location_pattern, select_location
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.server import ServerView

#: What an application answers too: only a rule tells that no file would help.
_NOT_FOUND = {404, 410}
#: An expression that takes every path with a dot behind a slash, and the place of what it takes.
_DOT = lazy_pattern(
    r"(?i)(\s*RedirectMatch\s+(?:\w+\s+)?[\"']?\^?(?:\.\*)?\(?(?:\^\|)?/\\\.)(?!\(\?|well)(.*)"
)


@frozen
class ChallengeRule:
    """The rule and its place; `exempt` is the same line with an exception for challenges, "" if it
    is not known. `product` is the server's. `condition` is its section, or the words of its
    conditions. `kept` is the status for a file that is there, 0 if that is the one of the answer.
    """

    text: str
    place: str
    product: str
    file: str = ""
    line: int = 0
    exempt: str = ""
    condition: str = ""
    kept: int = 0
    port: int = 80

    def fix(self, evidence: Evidence) -> Fix | None:
        """Return the fix that writes the exception; None for nginx, which has an own one."""
        from checks.server import manual_fix, reload_steps, server_view
        from diagnose.model import Applicability

        view = server_view(evidence)
        if self.product == "nginx" or view is None:
            return None
        edit = self._edit(view)
        if edit is None:
            return manual_fix(view, "exempt" if self.exempt else "rule")
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)

    def _edit(self, view: "ServerView") -> Edit | None:
        from checks.http._challenge_edits import opened, passed_over
        from checks.server import line_edit
        from checks.server._well_known_edits import spared_edit

        if self.product == "caddy":
            return spared_edit(view, self.file, self.line)
        if self.exempt:
            return line_edit(view, self.file, {self.line: (self.exempt,)})
        if self.text.startswith("RewriteRule"):
            return passed_over(view, self.file, self.line)
        return opened(view, self.port, self.text) if self.condition.startswith("<") else None


def challenge_rule(evidence: Evidence, challenge: Exchange) -> ChallengeRule | None:
    """Return the rule that refuses this challenge, or one whose file is there; None if a file may
    be missing, which is right for a challenge that nobody ordered, or get the site's page."""
    url = parse_url(challenge.url)
    if challenge.status not in {200, *_NOT_FOUND, 401, 403} or url is None:
        return None
    rule = _server_rule(evidence, challenge) or _haproxy_rule(evidence, challenge)
    if rule is None and challenge.status in _NOT_FOUND:
        rule = _nginx_rule(evidence, challenge, url.path)
    return rule


def _nginx_rule(evidence: Evidence, challenge: Exchange, path: str) -> ChallengeRule | None:
    """Return the `return` of a location with a regular expression, which every server block that
    may have answered has."""
    rules = []
    for _, server, _ in _redirects.selected_servers(Nginx.of(evidence), challenge):
        match = select_location(server, path)
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        returns = children(match.block, "return")
        is_rule = pattern is not None and pattern.modifier in {"~", "~*"} and len(returns) == 1
        if not is_rule or returns[0].args[:1] != (str(challenge.status),):
            return None
        words = " ".join(match.block.args)
        text = f"location {words} {{ return {challenge.status}; }}"
        rules.append(ChallengeRule(text, file_line(returns[0]), "nginx"))
    return rules[0] if rules else None


def _server_rule(evidence: Evidence, challenge: Exchange) -> ChallengeRule | None:
    # Imported late: few servers have a certificate that is due.
    from checks.server import place_text, server_view
    from checks.server._rules import decisive_rule

    view = server_view(evidence)
    if view is None or challenge.port not in {80, 443} & set(view.server.ports):
        return None
    rule, kept = None, 0
    if challenge.status != 200:
        rule = decisive_rule(view, ANY_CHALLENGE, False, challenge.status)
    if rule is not None and rule.status == 401 and rule.questions == ("login",):
        rule = replace(rule, questions=())  # an authority has no password either
    # A missing file may get the site's own page by another rule.
    if (rule is None or not rule.is_certain) and challenge.status in {200, *_NOT_FOUND}:
        refusals = (decisive_rule(view, WRITTEN_CHALLENGE, False, each) for each in (403, 404, 410))
        rule = next((refusal for refusal in refusals if refusal and refusal.is_certain), None)
        kept = rule.status if rule else 0
    if rule is None or not rule.is_certain or _is_unread(view, rule.file, challenge.port):
        return None
    place = place_text(rule.file, rule.line)
    exempt = exempt_line(_line_text(view, rule.file, rule.line) or rule.rule)
    product = view.server.product
    return ChallengeRule(
        rule.rule, place, product, rule.file, rule.line, exempt, rule.condition, kept,
        challenge.port,
    )  # fmt: skip


def _is_unread(view: "ServerView", file: str, port: int) -> bool:
    """Return whether a rule stands in an .htaccess that the site of this port does not read."""
    from diagnose.parsers.web_sites import answering_sites

    if view.config is None or posixpath.basename(file) != ".htaccess":
        return False
    sites = answering_sites(view.config, port, view.evidence.target.host)
    return bool(sites) and all(site.reads_htaccess is False for site in sites)


def _haproxy_rule(evidence: Evidence, challenge: Exchange) -> ChallengeRule | None:
    """Return HAProxy's rule for paths that answers a challenge; None for one about anything else,
    which spares the authority's addresses or not."""
    from checks.server import server_view
    from checks.server._haproxy import place
    from checks.server._well_known_edits import spared_line
    from diagnose.parsers.haproxy.view import parsed, refusals, target_proxies

    view, path = server_view(evidence), ANY_CHALLENGE
    if view is None or view.config is None or view.server.product != "haproxy":
        return None
    target = replace(evidence.target, scheme="http", port=challenge.port, path=path)
    proxies = target_proxies(parsed(view.config), target, path)
    refusing = list(refusals(proxies, target, path)) if proxies else []
    refusing = [each for each in refusing if each.status == challenge.status]
    if (
        proxies is None
        or len(refusing) != 1
        or not (refusing[0].is_certain and refusing[0].is_reached)
    ):
        return None
    line = refusing[0].line
    words = spared_line(proxies.frontend, line)
    own = _line_text(view, line.file, line.number)
    exempt = f"{own[: len(own) - len(own.lstrip())]}{words}" if words else ""
    return (
        ChallengeRule(
            " ".join(line.words), place(line), "haproxy", line.file, line.number, exempt,
            port=challenge.port,
        )
        if exempt
        else None
    )  # fmt: skip


def _line_text(view: "ServerView", file: str, line: int) -> str:
    from checks.server import line_text

    return line_text(view, file, line)


def exempt_line(text: str) -> str:
    """Return a RedirectMatch against paths with a dot, with an exception for what is well known
    (RFC 8615); "" for another line."""
    match = _DOT.fullmatch(text)
    if match is None or not re.match(r"[\w+*$\"'()\[\].|\\-]*\s*$", match[2]):
        return ""
    return f"{match[1]}(?!well-known/){match[2]}"

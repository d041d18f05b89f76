"""The response to the handshake is 401, 403 or 407. If it is the application's own, the path to it
works and credentials are its business; a proxy's own page refuses everybody.

A known application that wants a login first refuses everybody who has not logged in: that is no
finding at a path which the user did not name."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._location_edits import serves_only, setting_edits
from checks.nginx._websockets import named_websocket
from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import LocationMatch

#: The directives by which nginx refuses a request, by the status (ngx_http_access_module,
#: ngx_http_auth_basic_module, ngx_http_auth_request_module), and the line that exempts a location.
_RULES = {403: ("deny", "auth_request"), 401: ("auth_basic", "auth_request")}
_EXEMPTIONS = {
    "deny": "allow all;",
    "auth_basic": "auth_basic off;",
    "auth_request": "auth_request off;",
}


@check(severity=Severity.WARNING, needs=[Upgrade], needs_fault=[Upgrade])
def unauthorized(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "unauthorized"):
        proxy = proxy_page(attempt.first.body)
        if not proxy and _is_behind_a_login(evidence, attempt):
            continue
        everywhere = attempt.first.status in attempt.site
        by_proxy = bool(proxy) and not everywhere
        rule = _rule(evidence, attempt) if by_proxy and proxy == "nginx" else None
        base_claim = claim(
            attempt,
            "exempt" if by_proxy else "credentials",
            Where.SERVER if by_proxy else Where.APPLICATION,
            {
                "proxy": proxy,
                "everywhere": everywhere,
                "password": bool(proxy) and everywhere and attempt.first.status == 401,
                "authenticated": attempt.first.authenticated,
                "rule": rule[1].text if rule else "",
                "rule_place": file_line(rule[1]) if rule else "",
                "location": rule[0].block.text if rule else "",
                "exemption": _EXEMPTIONS[rule[1].name] if rule else "",
                "alone": bool(rule and serves_only(rule[0], [attempt.path])),
            },
            Confidence.LIKELY,
            None if by_proxy else Severity.NOTE,
        )
        yield _with_rule(evidence, base_claim, attempt, rule)


def _rule(evidence: Evidence, attempt: Attempt) -> tuple[LocationMatch, Directive] | None:
    """Return the only rule of nginx's configuration that may refuse the handshake with its status,
    and its location; None if several may, or none."""
    nginx, names = Nginx.of(evidence), _RULES.get(attempt.first.status or 0, ())
    if nginx.is_refused:
        return None
    rules = {
        id(directive): (match, directive)
        for match in nginx.location_matches(attempt.path.partition("?")[0])
        for name in names
        for directive in match.directives(name)
        if directive.args[:1] != ("off",)
    }
    return next(iter(rules.values())) if len(rules) == 1 else None


def _with_rule(
    evidence: Evidence,
    base_claim: Claim,
    attempt: Attempt,
    rule: tuple[LocationMatch, Directive] | None,
) -> Claim:
    """Return the claim at the rule, and beside the question for a person the edit that exempts the
    WebSocket alone. A rule of the location itself comes before what would be added (`deny`)."""
    if rule is None:
        return base_claim
    nginx, (match, directive) = Nginx.of(evidence), rule
    located = replace(
        base_claim,
        because=(*base_claim.because, *nginx.configs),
        location=nginx.location(directive),
    )
    name, _, value = _EXEMPTIONS[directive.name].rstrip(";").partition(" ")
    is_own = directive.name == "deny" and directive in (match.block.block or ())
    is_alone = serves_only(match, [attempt.path]) and not is_own
    file_edits = setting_edits(nginx, match, {name: value}) if is_alone else ()
    if not file_edits:
        return located
    step = Manual("exempt", Where.SERVER, commands=chosen_edits(nginx, file_edits))
    return replace(located, fix=Fix((step,), Applicability.MANUAL))


def _is_behind_a_login(evidence: Evidence, attempt: Attempt) -> bool:
    """Return whether a known application opens this WebSocket for who has logged in."""
    named = named_websocket(evidence, attempt.path)
    is_asked = attempt.path in evidence.target.websockets or attempt.first.authenticated
    return named is not None and bool(named.need) and not is_asked

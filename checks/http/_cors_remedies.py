"""Where the program of the site says which other sites may read its answers, and the lines of nginx
that answer in its place. Both are a person's choice."""

from dataclasses import replace

from checks.http import _cors_edits
from checks.http._forwarded_scheme import front_title
from checks.nginx import Nginx
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Where
from diagnose.model.http import Exchange
from diagnose.parsers.cors_programs import cors_program
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.parsers.urls import parse_url

#: The frameworks of `cors_program`.
_PROGRAMS = (
    "spring", "express", "nest", "django", "flask", "fastapi", "aspnet", "laravel", "rails",
)  # fmt: skip
_FIELD = "Access-Control-Allow-Origin"
#: An origin for the text where the message names none.
_EXAMPLE = "https://app.example.com"


def with_cors_remedy(
    evidence: Evidence, claim: Claim, page: Exchange, sends_cookies: bool
) -> Claim:
    """Return the claim with the setting of the known program, and with the whole change of nginx
    beside it, where only a person can repair it."""
    origin = str(claim.facts["origin"])
    program = _program(evidence, page)
    facts: dict[str, object] = {
        **claim.facts,
        **{f"in_{name}": name == program for name in _PROGRAMS},
        "in_apache": False,
        "own_name": False,
        "server_title": front_title(evidence),
        "allowed": origin or _EXAMPLE,
        "credentials": sends_cookies or any(map(claim.facts.get, ("wildcard", "cookies"))),
    }
    claim = replace(claim, facts=facts)
    fix = claim.fix
    if fix is None or fix.applicability is not Applicability.MANUAL or facts["redirected"]:
        return claim
    if facts["use"] and facts["other"] and (own_fix := _own_name_fix(evidence, page, origin)):
        return replace(claim, facts={**facts, "own_name": True}, fix=own_fix)
    if facts["own_line"] or facts["use"] or facts["added"]:
        return claim  # A line with a wrong site is known, or it is a page of the site itself.
    # Imported late: few answers are refused so.
    from checks.http._apache_cors import apache_cors_fix

    if in_apache := apache_cors_fix(evidence, page, origin):
        return replace(claim, facts={**facts, "in_apache": True}, fix=in_apache)
    if in_server := _answered_in_front(evidence, page, origin):
        return replace(claim, fix=in_server)
    from checks.upstream._own_remedy import own_remedy

    own = None if program else own_remedy(evidence, "cors_origin")
    steps = list[Manual]()
    if own is not None:
        claim = replace(claim, facts={**facts, **own.facts, "its_wanted": origin})
        steps += [step for step in own.fix.steps if isinstance(step, Manual)]
    elif program:
        steps.append(Manual("allow-in-program", Where.APPLICATION))
    in_nginx = _nginx_step(evidence, page, origin, bool(facts["credentials"]))
    general = [step for step in fix.steps if isinstance(step, Manual)]
    if in_nginx:
        general = [step for step in general if step.step != "answer-options"]
        general.append(in_nginx)
    if steps:
        general = [step for step in general if step.step != "answer-the-origin"]
    claim = replace(claim, fix=Fix((*steps, *general), Applicability.MANUAL))
    from checks.http._origin_permissions import with_server_lines

    return with_server_lines(evidence, claim, page, bool(facts["credentials"]))


def _own_name_fix(evidence: Evidence, page: Exchange, origin: str) -> Fix | None:
    """Return the edit of the line that permits the file's own site alone, which needs no
    permission: the page is at another name of this server."""
    url, allowed = parse_url(page.url), page.header(_FIELD) or ""
    if url is None or not origin or allowed.rstrip("/") != f"{url.scheme}://{url.authority}":
        return None
    # Imported late, as above.
    from checks.http._sent_fields import sent_field

    sent = sent_field(evidence, _FIELD, [allowed], url.path.partition("?")[0])
    return sent.with_value(origin) if sent and sent.value == allowed else None


def _answered_in_front(evidence: Evidence, page: Exchange, origin: str) -> Fix | None:
    # Imported late: few preflights are refused behind a server that permits the site.
    from checks.http._login_preflights import login_preflight_fix
    from checks.http._password_preflights import password_fix
    from checks.http._server_preflights import preflight_fix

    by_password = login_preflight_fix(Nginx.of(evidence), page) or password_fix(evidence, page)
    return by_password or preflight_fix(evidence, page, origin or UNKNOWN_ORIGIN)


def _program(evidence: Evidence, page: Exchange) -> str:
    if proxy_page(page.body):
        return ""
    if program := cors_program(page.headers, page.body):
        return program
    answers = (
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose in {"target", "cross-origin"} and not proxy_page(exchange.body)
    )
    return next(filter(None, (cors_program(answer.headers, answer.body) for answer in answers)), "")


def _nginx_step(evidence: Evidence, page: Exchange, origin: str, cookies: bool) -> Manual | None:
    """Return the change after which nginx alone answers for this origin."""
    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(evidence.target.path))
    if not origin or len({match.block for match in matches}) != 1 or proxy_page(page.body):
        return None
    match = matches[0]
    if match.block.name != "location" or not proxy_pass_of(match):
        return None
    if page.method != "OPTIONS" and (page.status or 0) >= 400:
        return None  # The program refuses the request itself.
    fix = _cors_edits.whole_fix(nginx, match, page, origin, cookies)
    shown = tuple(step for step in fix.steps if not isinstance(step, Manual)) if fix else ()
    return Manual("answer-in-nginx", Where.SERVER, commands=shown) if shown else None

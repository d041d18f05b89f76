""" "Flexible SSL": what stands in front ends TLS and asks this server over http, and the server
redirects http to https. The visitor is redirected to the same URL for ever.

On the server this is seen: over http the server redirects to the visitor's own URL, even if
X-Forwarded-Proto says https, and over https it does not. From outside, a redirect to itself through
a CDN suggests it (Cloudflare's documentation, "ERR_TOO_MANY_REDIRECTS").
"""

from collections.abc import Iterator

from checks.http import _fronts, _redirects, addresses, endpoint_subjects, redirected_sockets
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.server import Interface
from diagnose.model.web_servers import SiteRedirect, WebServer, WebServerConfig
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import answering_sites, redirects_path

_FIELD = lazy_pattern(r"%\{HTTP:([\w-]{1,60})\}")


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.redirect-loop",
        "websocket.redirected",
        # Without https here nothing has the port, and nobody asks it.
        "server.port-not-served",
    ],
)
def flexible_tls(evidence: Evidence) -> Iterator[Claim]:
    loops = list(_fronts.looping_exchanges(evidence))
    if not loops:
        return
    if evidence.of(Interface):
        machines = _fronts.fronts(evidence, addresses(loops))
        if machines and _fronts.is_flexible(evidence):
            yield _claim(evidence, loops, machines)
    elif all(field_signs(exchange.headers) for exchange in loops):
        yield _claim(evidence, loops, ())


def _claim(evidence: Evidence, loops: list[Exchange], machines: tuple[_fronts.Front, ...]) -> Claim:
    first, subjects = loops[0], endpoint_subjects(loops)
    page = _fronts.local_answer(evidence, "page")
    own = [
        answer
        for answer in (page, _fronts.local_answer(evidence, "forwarded"))
        if answer is not None
    ]
    signs = field_signs(first.headers)
    steps = ["full-tls"] if page or not own else ["https-here"]
    rule, other_server = _redirect_rule(evidence, own), _server_redirect(evidence, own)
    # A balancer that is no CDN ends TLS on purpose, and this server has none.
    is_on_purpose = "https-here" in steps and not signs
    heed = Manual(
        "forwarded-proto", Where.SERVER, commands=_heed(evidence, other_server, bool(own))
    )
    # With TLS here, the redirect is Caddy's own: over https its program sends none.
    proxied = () if rule or other_server or page or not own else _caddy_steps(evidence)
    if proxied:
        heed = Manual("caddy-proxy", Where.SERVER, commands=proxied)
    php = () if rule or other_server else _php_steps(evidence, own)
    if php:
        heed = Manual("php-https", Where.SERVER, commands=php)
    in_front = [Manual(step, Where.CLOUD_CONSOLE) for step in steps]
    place = rule or (f"{other_server.file}:{other_server.line}" if other_server else "")
    return Claim(
        about=merge_subjects(subjects),
        covers=(
            *subjects,
            *endpoint_subjects(_port_80(evidence, loops)),
            *redirected_sockets(evidence, evidence.target.host, "https"),
        ),
        because=(*loops, *own),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "url": first.url,
            "addresses": addresses(loops),
            "product": signs[0][0] if signs else _fronts.product_name(machines, first.headers),
            "status": first.status or "",
            "own": bool(own),
            "own_status": page.status if page and page.status else "",
            "rule": place,
            **_products(evidence),
            "field": _asked_field(evidence, other_server) if other_server else "",
        },
        fix=Fix(
            (heed, *in_front) if is_on_purpose else (*in_front, heed),
            Applicability.MANUAL,
        ),
    )


def _php_steps(evidence: Evidence, own: list[LocalAnswer]) -> tuple[Edit | Command, ...]:
    """Return the edit for a program in PHP that redirects by itself; () if there is none."""
    # Imported late: few sites have a front that asks over http.
    from checks.http._php_behind_front import php_steps

    answers = (answer for answer in own if answer.request == "forwarded")
    return next((php_steps(evidence, answer) for answer in answers), ())


def _caddy_steps(evidence: Evidence) -> tuple[Edit | Command, ...]:
    """Return the edit by which Caddy tells its only program that visitors use https; () if another
    server is there, or it trusts the machine in front."""
    # Imported late: few sites have a front that asks over http.
    from checks.server import ServerView
    from checks.server._caddy_trust import PROXY, TRUSTED, proxy_option_fix

    servers = {server.product: server for server in evidence.good(WebServer)}
    for config in evidence.good(WebServerConfig):
        server, text = servers.get("caddy"), "\n".join(file.text for file in config.files)
        if config.product == "caddy" and server and PROXY.search(text):
            is_told = TRUSTED.search(text) or "X-Forwarded-Proto" in text or "redir " in text
            view = ServerView(evidence, server, config, None)
            fix = None if is_told else proxy_option_fix(view, "header_up X-Forwarded-Proto https")
            steps = fix.steps if fix else ()
            return tuple(step for step in steps if isinstance(step, Edit | Command))
    return ()


def _heed(
    evidence: Evidence, redirect: SiteRedirect | None, is_asked: bool
) -> tuple[Edit | Command, ...]:
    """Return the edit with which HAProxy or Apache no longer redirects what came over https, and
    what loads it; () if a person has to write it."""
    if redirect is None or not is_asked:
        return ()
    # Imported late: few sites have a front that asks over http.
    from checks.server import ServerView, reload_steps
    from checks.server._scheme_conditions import heeding_edit

    servers = {server.product: server for server in evidence.good(WebServer)}
    for config in evidence.good(WebServerConfig):
        server = servers.get(config.product)
        view = ServerView(evidence, server, config, None) if server else None
        edit = heeding_edit(view, redirect) if view else None
        if server and edit:
            return (edit, *reload_steps(server))
    return ()


def _products(evidence: Evidence) -> dict[str, object]:
    """Return which web server this is, because each has its own words for the steps."""
    known = next((config.product for config in evidence.good(WebServerConfig)), "")
    others = ("apache", "haproxy", "caddy")
    return {**{name: known == name for name in others}, "nginx": known not in others}


def _port_80(evidence: Evidence, loops: list[Exchange]) -> tuple[Exchange, ...]:
    """Return the answers over http at the same addresses: they lead into the loop."""
    return tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "plain" and exchange.address in addresses(loops)
    )


def _server_redirect(evidence: Evidence, own: list[LocalAnswer]) -> SiteRedirect | None:
    """Return the only redirect to https that Apache, Caddy or HAProxy has for the target on port
    80; None if that is not known."""
    target = evidence.target
    if not any(answer.request == "forwarded" for answer in own):
        return None
    redirects = [
        redirect
        for config in evidence.good(WebServerConfig)
        for site in answering_sites(config, 80, target.host)
        for redirect in site.redirects
        if redirect.target.startswith("https://")
        and (redirect.pattern or redirects_path(redirect, target.path))
    ]
    return redirects[0] if len(redirects) == 1 and redirects[0].file else None


def _asked_field(evidence: Evidence, redirect: SiteRedirect) -> str:
    """Return the request field that the conditions before a RewriteRule read, in the place of
    X-Forwarded-Proto; "" if there is none."""
    texts = (
        file.text
        for config in evidence.good(WebServerConfig)
        for file in config.files
        if file.path == redirect.file
    )
    conditions: list[str] = []
    for line in reversed(next(texts, "").splitlines()[: redirect.line - 1]):
        words = line.split()
        if words[:1] and words[0].lower() != "rewritecond":
            break
        conditions += _FIELD.findall(line)
    names = [name for name in conditions if name.lower() != "x-forwarded-proto"]
    return clean(names[0], 60) if len(names) == len(conditions) == 1 else ""


def _redirect_rule(evidence: Evidence, own: list[LocalAnswer]) -> str:
    """Return "file:line" of nginx's redirect to https, or "" if it is not nginx's own."""
    for answer in own:
        if answer.request == "forwarded":
            redirect = _redirects.find_redirect(Nginx.of(evidence), answer)
            return file_line(redirect.directive) if redirect else ""
    return ""

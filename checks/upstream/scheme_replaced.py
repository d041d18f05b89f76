"""A server on the way to the program writes its own scheme over the one that it is told: visitors
use https, and the program is told http.

Either another machine ends the visitors' TLS (a load balancer, a CDN, a proxy manager) and asks
this one over http with "X-Forwarded-Proto: https", or several servers of this machine stand one
behind the other, and only the first one ends TLS. `$scheme`, `ssl_fc` and REQUEST_SCHEME are those
of the connection to the server itself.

The evidence is the program at the end of the way: it answers visitors' way with the scheme http,
and otherwise with https, each asked twice. Where another machine is in front, this server is asked
as that machine asks it, and its answer is the visitors'.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _fronts, _page_files, endpoint_subjects, redirected_sockets
from checks.upstream._hop_edits import scheme_fix
from checks.upstream._hops import Passed, hops_to, scheme_losses
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Target,
    Where,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import Page
from diagnose.model.server import Listeners
from diagnose.parsers.own_scheme import is_about_http, plain_addresses
from diagnose.parsers.redirects import REDIRECTS, leads_to_http, leads_to_itself
from diagnose.parsers.server_hops import Hop, Servers, plain_entrance
from diagnose.parsers.urls import normalize_url


@frozen
class _Effect:
    """What the scheme changes in the program's answer, and whether it was seen (`is_seen`) or only
    a message is about it: about http (`is_about_http`), or about a login alone."""

    kind: str
    shown: str = ""
    is_seen: bool = True
    is_about_http: bool = True


@check(
    severity=Severity.ERROR,
    needs=[Exchange, BackendAnswer],
    explains=[
        "http.flexible-tls",
        "http.form-over-http",
        "http.login-return-address",
        "http.mixed-content",
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.redirect-loop",
        "http.session-cookie-missing",
        "server.application-answers",
        "server.application-writes-http",
        "server.caddy-proxy-untrusted",
        "server.forces-https",
        "server.port-not-served",
        "server.redirect-loop",
        "server.scheme-not-passed",
        "upstream.forces-https",
        "upstream.scheme-not-passed",
        "websocket.redirected",
    ],
)
def scheme_replaced(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = tuple(page for page in page_exchanges(evidence) if not page.failure)
    if not target.uses_tls or not pages:
        return
    for entrance in _entrances(evidence, pages):
        hops = hops_to(evidence, entrance)
        is_elsewhere = entrance is not target
        losses = scheme_losses(evidence, hops, is_elsewhere) if hops else None
        if not losses or (losses[-1].hop is hops[0] and not is_elsewhere):
            continue  # a server that does not tell it at all is another check's
        answers = _answers(evidence, hops[-1])
        effect = _effect(evidence, pages, answers) if answers else None
        if effect is None or (_is_known_otherwise(hops, effect) and not is_elsewhere):
            continue
        first = _first_answer(evidence, entrance) if is_elsewhere else None
        if is_elsewhere and (first is None or not _is_like(pages[0], first, target.host)):
            continue
        yield _claim(evidence, pages, hops, losses, (*([first] if first else []), *answers), effect)
        return


def _entrances(evidence: Evidence, pages: tuple[Exchange, ...]) -> Iterator[Target]:
    """Yield the requests by which visitors come in: their own, and that of another machine that
    ends their TLS, if what answers at their address is not this server."""
    target = evidence.target
    is_held = any(listener.on(target.port) for listener in evidence.good(Listeners))
    if is_held:
        yield target
    addresses = dict.fromkeys(page.address for page in pages)
    servers = Servers.of(evidence.good)
    is_front = not is_held or bool(_fronts.fronts(evidence, addresses))
    if is_front and not set(addresses) & set(servers.addresses):
        plain = plain_entrance(servers, target)
        if plain is not None:
            yield plain


def _is_known_otherwise(hops: tuple[Hop, ...], effect: _Effect) -> bool:
    """Return whether another check names the line from what the visitor sees: one nginx passes the
    page on to itself, to one in a container, or to Caddy (server.caddy-proxy-untrusted)."""
    products = tuple(hop.product for hop in hops)
    is_other = set(products) == {"nginx"} or products == ("nginx", "caddy")
    return effect.is_seen and effect.kind != "cookie" and is_other


def _answers(evidence: Evidence, last: Hop) -> tuple[BackendAnswer, ...]:
    place = f"http://{last.host}:{last.port}/"
    own = (
        answer
        for answer in evidence.good(BackendAnswer)
        if answer.target == place and answer.host == last.sent_host and not answer.websocket
        if answer.proto in {"http", "https"} and answer.status and not answer.forwarded_for
    )
    return tuple(own)


def _first_answer(evidence: Evidence, entrance: Target) -> BackendAnswer | None:
    """Return what the first server answered, asked as the machine in front asks it."""
    answers = (
        answer
        for answer in evidence.good(BackendAnswer)
        if answer.target.endswith(f":{entrance.port}/") and answer.proto == "https"
        if answer.host == evidence.target.authority
    )
    return next(answers, None)


def _is_like(page: Exchange, answer: BackendAnswer, host: str) -> bool:
    """Return whether visitors get this answer."""
    is_plain = bool(plain_addresses(page.body, host)) == bool(answer.plain_addresses)
    own, shown = page.header("Location") or "", answer.location
    return page.status == answer.status and is_plain and _is_same_address(own, shown)


def _is_same_address(one: str, other: str) -> bool:
    return bool(one) == bool(other) and normalize_url(one) == normalize_url(other)


def _effect(
    evidence: Evidence, pages: tuple[Exchange, ...], answers: tuple[BackendAnswer, ...]
) -> _Effect | None:
    """Return what makes the difference; None if nothing does, or if a control contradicts it."""
    plain = [answer for answer in answers if answer.proto == "http"]
    secure = [answer for answer in answers if answer.proto == "https"]
    page = pages[0]
    if not plain or not secure or any(answer.status != page.status for answer in plain):
        return None
    if page.status in REDIRECTS:
        is_wrong = leads_to_itself(page) or leads_to_http(page)
        is_own = all(
            _is_same_address(each.location, page.header("Location") or "") for each in plain
        )
        url = normalize_url(page.url)
        is_healed = all(
            not each.location
            or (each.location.startswith("https:") and normalize_url(each.location) != url)
            or each.location.startswith("/")
            for each in secure
        )
        kind = "loop" if leads_to_itself(page) else "downgrade"
        is_all = is_wrong and is_own and is_healed and all((s.status or 500) < 400 for s in secure)
        return _Effect(kind, page.header("Location") or "") if is_all else None
    if any(each.status != page.status for each in secure):
        return None
    if all(each.plain_addresses for each in plain) and not any(e.plain_addresses for e in secure):
        return _Effect("plain", plain[0].plain_addresses[0])
    symptom = evidence.target.symptom
    if symptom is None:
        return None
    cookies = secure[0].secure_cookies
    is_lost = symptom.kind in {"cookie", "login", "csrf"}
    if cookies and is_lost and not any(each.secure_cookies for each in plain):
        return _Effect("cookie", cookies[0])
    is_told_of_http = is_about_http(symptom)
    is_form = is_lost and any(each.posts for each in evidence.good(Page))
    if not (is_told_of_http or is_form):
        return None
    # A login is not sent: the words alone tell what is wrong with it.
    return _Effect("told", is_seen=False, is_about_http=is_told_of_http)


def _claim(
    evidence: Evidence,
    pages: tuple[Exchange, ...],
    hops: tuple[Hop, ...],
    losses: tuple[Passed, ...],
    answers: tuple[BackendAnswer, ...],
    effect: _Effect,
) -> Claim:
    target, loss, last = evidence.target, losses[-1], hops[-1]
    is_elsewhere = not hops[0].target.uses_tls
    fix = scheme_fix(evidence, losses, hops[0], is_elsewhere)
    page_subjects = [_page_files.page_subject(page) for page in evidence.good(Page)]
    secure = next(answer for answer in reversed(answers) if answer.proto == "https")
    controlled = sum(answer.proto == "http" for answer in answers) > 1
    is_sure = effect.is_seen and controlled
    return Claim(
        about=replace(
            Subject(port=target.port, path=target.path), text=loss.line.place or loss.title
        ),
        covers=(
            Subject(port=target.port, path=target.path),
            Subject(port=target.port),
            Subject(port=80),
            *endpoint_subjects(pages),
            *page_subjects,
            *redirected_sockets(evidence, target.host, "https"),
        ),
        because=(*pages[:1], *answers),
        confidence=Confidence.CERTAIN
        if is_sure
        else Confidence.LIKELY
        if effect.is_about_http
        else Confidence.POSSIBLE,
        severity=None if effect.kind in {"loop", "downgrade"} else Severity.WARNING,
        facts={
            "url": pages[0].url,
            "server": loss.title,
            "container": loss.hop.container,
            "line": loss.line.text,
            "place": loss.line.place,
            "port": loss.hop.target.port,
            "elsewhere": is_elsewhere,
            "addresses": tuple(dict.fromkeys(page.address for page in pages)),
            "front": hops[0].product if not is_elsewhere else "",
            "before": _title(hops, loss.hop),
            "application": f"{last.host}:{last.port}",
            "status": secure.status or "",
            "shown": effect.shown,
            "untrusted": loss.hop.product == "traefik"
            or (loss.hop.product == "caddy" and not loss.line.text.startswith("header_up")),
            **{name: effect.kind == name for name in ("loop", "downgrade", "plain", "cookie")},
            "told": effect.kind == "told",
            **{f"by_{name}": loss.hop.product == name for name in _PRODUCTS},
        },
        fix=fix or Fix((Manual("pass-on", Where.SERVER),), Applicability.MANUAL),
    )


_PRODUCTS = ("nginx", "apache", "haproxy", "caddy", "traefik")


def _title(hops: tuple[Hop, ...], hop: Hop) -> str:
    """Return the name of the server before one; "" if it is the first."""
    names = {"apache": "Apache", "haproxy": "HAProxy", "caddy": "Caddy", "traefik": "Traefik"}
    number = next(index for index, each in enumerate(hops) if each is hop)
    return names.get(hops[number - 1].product, "nginx") if number else ""

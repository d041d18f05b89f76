"""The redirects return to an earlier URL or never end. A browser shows ERR_TOO_MANY_REDIRECTS (RFC
9110 section 15.4: a client should detect cyclical redirections)."""

from collections.abc import Iterator

from checks.http import (
    _redirect_edits,
    _redirects,
    addresses,
    endpoint_subjects,
    exchanges_by_purpose,
    redirected_sockets,
)
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.http import hops
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import (
    RedirectChain,
    follow_redirects,
    redirect_target,
)
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import CookieRefusal, cookie_domain, cookie_refusal
from diagnose.parsers.urls import normalize_url, parse_url

#: The attributes of a cookie that do not fit each other.
_ATTRIBUTES: dict[CookieRefusal, str] = {
    "insecure": "Secure, http",
    "prefix": "__Host-, __Secure-",
    "same-site": "SameSite=None, no Secure",
}


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.no-redirect",
        "http.cookie-refused",
        "websocket.redirected",
    ],
)
def redirect_loop(evidence: Evidence) -> Iterator[Claim]:
    starts = exchanges_by_purpose(evidence, "target") + exchanges_by_purpose(evidence, "plain")
    groups: dict[frozenset[str], list[RedirectChain]] = {}
    for start in starts:
        redirect_chain = follow_redirects(start, evidence.of(Exchange))
        if redirect_chain.end == "loop":
            groups.setdefault(
                frozenset(normalize_url(step.url) for step in redirect_chain.cycle), []
            ).append(redirect_chain)
        elif redirect_chain.is_endless:
            groups.setdefault(frozenset({"endless"}), []).append(redirect_chain)
    for chains in groups.values():
        yield _claim(evidence, chains)


def _claim(evidence: Evidence, chains: list[RedirectChain]) -> Claim:
    from checks.http._inner_lines import InnerLine, loop_line
    from checks.http._login_loops import login_loop
    from checks.http._own_loops import OwnLoop, is_of_another_site, own_loop
    from checks.http._slash_loops import slash_loop

    endless = chains[0].end != "loop"
    steps = [step for redirect_chain in chains for step in redirect_chain.cycle]
    starts = [redirect_chain.steps[0] for redirect_chain in chains]
    first = chains[0].cycle
    subjects = endpoint_subjects(starts)
    host, nginx = evidence.target.host, Nginx.of(evidence)
    inner = InnerLine() if endless else loop_line(nginx, first)
    www, login = _WwwLoop.of(nginx, first), login_loop(nginx, first)
    own = OwnLoop() if endless or is_of_another_site(nginx, first) else own_loop(nginx, first)
    slash = slash_loop(nginx, () if endless else first)
    place = own.directive or slash.directive or inner.directive or login.hiding or login.passing
    own_fix, untold = own.fix(nginx), None
    if endless:
        fix = _redirect_edits.by_hand("find-the-rule")
    elif own_fix:
        fix = own_fix
    elif slash_fix := slash.fix(nginx):
        fix = slash_fix
    elif www.is_circle:
        fix = _redirect_edits.by_hand("one-name")
    elif other_fix := login.fix(nginx) or inner.fix:
        fix = other_fix
    else:
        fix, untold = _fix(nginx, first)
    place = place or untold
    return Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *redirected_sockets(evidence, host, "https")),
        because=tuple(dict.fromkeys(starts + steps)),
        confidence=Confidence.LIKELY if endless else Confidence.CERTAIN,
        facts={
            "url": starts[0].url,
            "addresses": addresses(starts),
            "chain": tuple(step.url for step in first[:4]),
            "itself": len(first) == 1 and not endless,
            "circle": len(first) > 1 and not endless,
            "endless": endless,
            "server": first[0].header("Server") or "",
            "hops": hops(first[0].headers),
            **_refused_cookie(first),
            "edited": any(isinstance(step, Edit) for step in fix.steps),
            "untold": file_line(untold) if untold else "",
            **inner.facts,
            "inner_http": len(first) > 1,
            **www.facts,
            **login.facts,
            **own.facts(nginx),
            **slash.facts(nginx),
        },
        location=nginx.location(place) if place else None,
        fix=fix,
    )


def _refused_cookie(cycle: tuple[Exchange, ...]) -> dict[str, object]:
    """Return the first cookie of these responses that browsers refuse, and why: without it the next
    request looks like the first. Never its value."""
    for step in cycle:
        url = parse_url(step.url)
        fields = (value for name, value in step.headers if name.lower() == "set-cookie")
        for value in fields if url else ():
            refusal = cookie_refusal(value, url.host, url.secure) if url else ""
            if refusal:
                return {
                    "cookie": clean(value.partition("=")[0].strip(), 100),
                    "cookie_domain": cookie_domain(value) if refusal == "domain" else "",
                    "cookie_attributes": _ATTRIBUTES.get(refusal, ""),
                }
    return {"cookie": "", "cookie_domain": "", "cookie_attributes": ""}


@frozen
class _WwwLoop:
    """A circle between the name with www and the name without: nginx redirects one way, and the
    application the other. `place` is nginx's directive, "" if it is unknown."""

    is_circle: bool = False
    place: str = ""
    nginx_url: str = ""
    other_url: str = ""

    @classmethod
    def of(cls, nginx: Nginx, cycle: tuple[Exchange, ...]) -> "_WwwLoop":
        hosts = {url.host for step in cycle if (url := parse_url(step.url)) and url.secure}
        bare = min(hosts, key=len, default="")
        if len(cycle) != 2 or hosts != {bare, f"www.{bare}"}:
            return cls()
        rules = [(step, _redirects.find_redirect(nginx, step)) for step in cycle]
        own = [(step, redirect) for step, redirect in rules if redirect]
        other_steps = [step for step, redirect in rules if redirect is None]
        if len(own) != 1 or own[0][1] is None:
            return cls(True)
        return cls(True, file_line(own[0][1].directive), own[0][0].url, other_steps[0].url)

    @property
    def facts(self) -> dict[str, object]:
        return {
            "www": self.is_circle,
            "www_place": self.place,
            "www_nginx": self.nginx_url,
            "www_application": self.other_url,
        }


def _fix(nginx: Nginx, cycle: tuple[Exchange, ...]) -> tuple[Fix, Directive | None]:
    """Return the edit that ends the circle, and the line that passes requests on to an application
    without telling it that visitors use https, if that is what the edit mends."""
    changes: Changes = {}
    untold = None
    for step in cycle:
        url = parse_url(step.url)
        if url is None or not url.secure or url.host != nginx.evidence.target.host:
            continue
        redirect = _redirects.find_redirect(nginx, step, conditions=False)
        if redirect and _redirect_edits.exempt_https(nginx, redirect, url.path, changes):
            break
        if not redirect and len(cycle) == 1 and step.port == nginx.evidence.target.port:
            untold = _forward_scheme(nginx, url.path, step, changes)
    return _redirect_edits.fix(nginx, changes, "find-the-rule"), untold


def _forward_scheme(nginx: Nginx, path: str, step: Exchange, changes: Changes) -> Directive | None:
    """Send X-Forwarded-Proto, and return the line that passes the request on without it. An
    application that redirects to the same https URL does not know that the visitor uses https."""
    matches = list(nginx.location_matches(path))
    if len(matches) != 1 or hops(step.headers) or redirect_target(step) != normalize_url(step.url):
        return None
    match = matches[0]
    passing = proxy_pass_of(match)
    if passing and not _location_edits.sends_field(nginx, match, "X-Forwarded-Proto"):
        lines = _location_edits.header_lines(
            nginx, match, {"X-Forwarded-Proto": "$scheme"}, changes
        )
        _location_edits.insert_lines(nginx, match, lines, changes)
        return passing
    return None

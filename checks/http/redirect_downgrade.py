"""An https page redirects to http on the same site. If http redirects back to https, the visitor
only loses privacy for a moment; otherwise the site is served in plain text.

An application that is not told the scheme may read no X-Forwarded-Proto at all (Tomcat without
RemoteIpValve, Express without "trust proxy"): it was asked directly with that field. If its answer
stays, or if nginx sends that field already, nginx writes https into its redirects
("proxy_redirect").

So may what the page's scripts read: often an interface adds the slash at the end of its path.
Browsers block such a request wherever http leads (W3C Mixed Content, section 4.4).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from diagnose.model import Claim, Evidence, Fix, Observation, Severity, Subject, merge_subjects
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.http import hops
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import (
    RedirectChain,
    follow_redirects,
    leads_to_http,
    redirect_target,
)
from diagnose.parsers.urls import normalize_url, parse_url

if TYPE_CHECKING:
    from checks.server._redirect_lines import RedirectLine

_SCHEME = "X-Forwarded-Proto"


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=["http.no-redirect", "http.login-return-address", "websocket.redirected"],
)
def redirect_downgrade(evidence: Evidence) -> Iterator[Claim]:
    for onward, group in _groups(evidence).items():
        from checks.http._ignored_scheme import answer_to_https, family_facts
        from checks.http._inner_lines import inner_line
        from checks.http._known_application import own_setting
        from checks.http._redirect_host_edits import server_line

        steps = [step for step, _ in group]
        is_data = all(step.purpose == "data" for step in steps)
        path = Subject(port=evidence.target.port, path=_url_path(steps[0]).partition("?")[0])
        subjects = (path,) if is_data else endpoint_subjects(steps)
        last = group[0][1].steps[-1]
        back = group[0][1].end == "answer" and last.url.startswith("https:")
        nginx = Nginx.of(evidence)
        inner = inner_line(nginx, steps[0])
        line = server_line(evidence, steps[0])
        match = None if inner.directive else _unaware_location(nginx, steps)
        directive = proxy_pass_of(match) if match else None
        place = inner.directive or directive
        answer = answer_to_https(evidence, steps[0]) if match else None
        ignores = answer is not None and answer.location == redirect_target(steps[0])
        heard = answer if ignores else None
        scheme_place = "" if inner.directive or line else _forwarded_scheme_place(nginx, steps)
        rewriting, direct = _rewriting(nginx, steps, onward) if scheme_place else (None, None)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects
            if is_data
            else (*subjects, *redirected_sockets(evidence, evidence.target.host, "http")),
            because=_observations(group, answer or direct),
            severity=Severity.WARNING
            if back or is_data or _is_written_down(evidence, steps, last)
            else None,
            facts={
                "url": steps[0].url,
                "onward": onward,
                "status": steps[0].status,
                "addresses": addresses(steps),
                "back": back,
                "data": is_data,
                "place": file_line(directive) if directive else "",
                "told": scheme_place,
                **_line_facts(line),
                **inner.facts,
                "ignores": ignores,
                "rewrites": ignores or rewriting is not None,
                "untried": bool(match) and answer is None,
                **(family_facts(evidence, asked) if (asked := direct or heard) else {}),
                "slash": _adds_slash(steps[0]),
                **own_setting(evidence, "trusted_proxy", "public_url"),
            },
            location=nginx.location(place) if place else line.location if line else None,
            fix=inner.fix
            or (_scheme_fix(nginx, match, onward if ignores else "") if match else None)
            or _server_fix(evidence, steps, last)
            or rewriting
            or _fix(nginx, steps, last),
        )


def _line_facts(line: "RedirectLine | None") -> dict[str, str]:
    """Return the line of another web server that makes the redirect."""
    return {
        "server_line": " ".join(line.text.split()) if line else "",
        "server_place": line.place if line else "",
    }


def _groups(evidence: Evidence) -> dict[str, list[tuple[Exchange, RedirectChain]]]:
    """Return the answers that lead to http, with what follows them, by the address."""
    groups: dict[str, list[tuple[Exchange, RedirectChain]]] = {}
    for start in (
        *exchanges_by_purpose(evidence, "target"),
        *exchanges_by_purpose(evidence, "data"),
    ):
        redirect_chain = follow_redirects(start, evidence.of(Exchange))
        step = next(
            (exchange for exchange in redirect_chain.steps if leads_to_http(exchange)), None
        )
        if step is not None:
            groups.setdefault(redirect_target(step) or "", []).append((step, redirect_chain))
    return groups


def _observations(
    group: list[tuple[Exchange, RedirectChain]], answer: ComparedRequest | None
) -> tuple[Observation, ...]:
    """Return the redirects, and after the first one the answer of the application itself."""
    first, *others = dict.fromkeys(exchange for _, chain in group for exchange in chain.steps)
    return (first, *((answer,) if answer else ()), *others)


def _is_written_down(evidence: Evidence, steps: list[Exchange], last: Exchange) -> bool:
    """Return whether a line of the web server's own sends every visitor of https to the same page
    over http, and it opens there: a choice of the owner, who has no certificate for the name."""
    is_open = last.url.startswith("http:") and (last.status or 500) < 300
    if not is_open or not all(map(_is_same_page, steps)):
        return False
    nginx = Nginx.of(evidence)
    if nginx.config is not None:
        redirects = [_redirects.find_redirect(nginx, step, conditions=False) for step in steps]
        return all(
            redirect is not None
            and redirect.location_match.block is redirect.server.block
            and all(listen.ssl for listen in redirect.server.listens)
            for redirect in redirects
        )
    from checks.server import server_on_port
    from checks.server._redirect_lines import EVERY_PATH, conditions, redirecting_line

    view = server_on_port(evidence)
    lines = [redirecting_line(view, step) for step in steps] if view else []
    return bool(view and lines) and all(
        line is not None
        and line.path.strip("\"'") in EVERY_PATH
        and not (view and conditions(view, line))
        for line in lines
    )


def _unaware_location(nginx: Nginx, steps: list[Exchange]) -> LocationMatch | None:
    """Return the location whose application redirects, and is not told the visitor's scheme."""
    if any(_redirects.find_redirect(nginx, step) for step in steps):
        return None
    for step in steps:
        is_own = step.port == nginx.evidence.target.port and not hops(step.headers)
        for match in nginx.location_matches(_url_path(step)) if is_own else ():
            if proxy_pass_of(match) and not _location_edits.sends_field(nginx, match, _SCHEME):
                return match
    return None


def _forwarded_scheme_place(nginx: Nginx, steps: list[Exchange]) -> str:
    """Return where the application that redirects is told that the visitor uses https; "" if a
    server in front redirects itself, or a proxy further in front may use http."""
    first, target = steps[0], nginx.evidence.target
    if first.port != target.port or hops(first.headers):
        return ""
    if any(_redirects.find_redirect(nginx, step) for step in steps):
        return ""
    from checks.http._forwarded_scheme import forwarded_scheme

    return forwarded_scheme(nginx.evidence, _url_path(first))


def _scheme_fix(nginx: Nginx, match: LocationMatch, ignored: str) -> Fix:
    """Send X-Forwarded-Proto. Where the application redirects to the address `ignored` all the
    same, nginx writes https into its redirects, too."""
    # Imported late: only a finding needs it.
    from checks.http._ignored_scheme import rewriting_lines

    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, {_SCHEME: "$scheme"}, changes)
    if ignored:
        rewriting = rewriting_lines(match, ignored)
        if not rewriting:
            return _redirect_edits.by_hand("scheme")
        lines += rewriting
    _location_edits.insert_lines(nginx, match, lines, changes)
    return _redirect_edits.fix(nginx, changes, "scheme", sure=False)


def _rewriting(
    nginx: Nginx, steps: list[Exchange], onward: str
) -> tuple[Fix | None, ComparedRequest | None]:
    """Return the fix that writes https into the redirects of an application that does not heed the
    scheme, and its own answer, asked as nginx asks it; None twice where that is another one, where
    https leads to the page itself, or where the location has such lines."""
    # Imported late: only a finding needs them.
    from checks.http._ignored_scheme import rewriting_lines
    from diagnose.parsers.upstream_answers import reproduces

    requests = nginx.evidence.of(ComparedRequest)
    first = next(
        (request for request in requests if request.part == "none" and not request.failure), None
    )
    if first is None or not reproduces(first, steps[0]) or any(map(_is_same_page, steps)):
        return None, None
    matches = nginx.location_matches(_url_path(steps[0]).partition("?")[0])
    match = next((each for each in matches if proxy_pass_of(each)), None)
    lines = rewriting_lines(match, onward) if match else []
    if match is None or not lines:
        return None, None
    changes: Changes = {}
    _location_edits.insert_lines(nginx, match, lines, changes)
    return _redirect_edits.fix(nginx, changes, "scheme", sure=False), first


def _server_fix(evidence: Evidence, steps: list[Exchange], last: Exchange) -> Fix | None:
    """Return the fix of another server than nginx: of its own redirect, or of what it tells the
    application that redirects. Whoever sends all of https to http may have no page for it."""
    from checks.http._forwarded_scheme import server_fix
    from checks.server import server_on_port
    from checks.server._redirect_lines import redirecting_line, target_fix, without_line

    step, view = steps[0], server_on_port(evidence)
    if view is None or step.port != evidence.target.port or hops(step.headers):
        return None
    if line := redirecting_line(view, step):
        if not _is_same_page(step):
            return target_fix(view, line, "https", "")
        # Without another page for https, a redirect to itself would be a circle.
        is_choice = _is_written_down(evidence, steps, last)
        return None if is_choice else without_line(view, line)
    return server_fix(evidence, _url_path(step))


def _fix(nginx: Nginx, steps: list[Exchange], last: Exchange) -> Fix:
    """Change http to https in the redirect.

    A redirect to the page itself is removed for https visitors. If plain HTTP serves pages, they
    are replaced by a redirect to https.
    """
    changes: Changes = {}
    redirects = {
        id(redirect.directive): (redirect, step)
        for step in steps
        if (redirect := _redirects.find_redirect(nginx, step))
    }
    for redirect, step in redirects.values():
        scheme, host, uri = redirect.parts or ("", "", "")
        is_same_page = _is_same_page(step)
        if not is_same_page and scheme == "http" and ":" not in host:
            _redirect_edits.replace_target(redirect, f"https://{host}{uri}", changes)
            continue
        if not is_same_page or not _redirect_edits.exempt_https(
            nginx, redirect, _url_path(step), changes
        ):
            return _redirect_edits.by_hand("scheme")
        served = last.url.startswith("http:") and (last.status or 500) < 300
        if served and not _redirect_edits.redirect_to_https(nginx, [last], changes):
            return _redirect_edits.by_hand("scheme")
    return _redirect_edits.fix(nginx, changes, "scheme")


def _is_same_page(step: Exchange) -> bool:
    """Return whether a redirect leads to the same address with another scheme."""
    onward = "https:" + (redirect_target(step) or "").partition(":")[2]
    return normalize_url(onward) == normalize_url(step.url)


def _url_path(step: Exchange) -> str:
    url = parse_url(step.url)
    return url.path if url else "/"


def _adds_slash(step: Exchange) -> bool:
    """Return whether a redirect only adds the slash at the end of the path, as servlet containers
    and file servers do by themselves, before the application sees the request."""
    source, onward = parse_url(step.url), parse_url(redirect_target(step) or "")
    if source is None or onward is None:
        return False
    return onward.path.partition("?")[0] == source.path.partition("?")[0] + "/"

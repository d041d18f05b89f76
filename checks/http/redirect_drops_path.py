"""Port 80 redirects every page to the same place, so deep links end at the home page. The probe
requests a path that does not exist; a correct redirect would keep that path."""

from collections.abc import Iterator

from checks.http import (
    _redirect_edits,
    _redirects,
    addresses,
    endpoint_subjects,
    exchanges_by_purpose,
)
from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.redirects import preserves_path, redirect_target
from diagnose.parsers.urls import is_related_host, parse_url


@check(severity=Severity.WARNING, needs=[Exchange])
def redirect_drops_path(evidence: Evidence) -> Iterator[Claim]:
    home = {redirect_target(exchange) for exchange in exchanges_by_purpose(evidence, "plain")}
    candidates = [
        exchange
        for exchange in exchanges_by_purpose(evidence, "path")
        if _without_query(exchange) in home or redirect_target(exchange) in home
    ]
    if evidence.target.path != "/":
        candidates += [
            exchange
            for exchange in exchanges_by_purpose(evidence, "plain")
            if _leads_home(exchange)
        ]
    lost = [exchange for exchange in candidates if _loses_path(evidence, exchange)]
    if not lost:
        return
    subjects = endpoint_subjects(lost)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*lost, *exchanges_by_purpose(evidence, "plain")),
        confidence=Confidence.CERTAIN if lost[0].purpose == "path" else Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "asked": lost[0].url,
            "onward": redirect_target(lost[0]),
            "addresses": addresses(lost),
        },
        fix=_server_fix(evidence, lost) or _fix(Nginx.of(evidence), lost),
    )


def _without_query(exchange: Exchange) -> str:
    """Return the redirect's address without a query: Apache writes the visitor's behind it."""
    return (redirect_target(exchange) or "").partition("?")[0]


def _server_fix(evidence: Evidence, lost: list[Exchange]) -> Fix | None:
    """Return the fix of another server than nginx."""
    # Imported late: only a finding needs them.
    from checks.server import server_view
    from checks.server._redirect_lines import redirecting_line, target_fix

    view = server_view(evidence)
    line = redirecting_line(view, lost[0]) if view and lost[0].port in view.server.ports else None
    return target_fix(view, line, "", "", keeps_path=True) if view and line else None


def _fix(nginx: Nginx, lost: list[Exchange]) -> Fix:
    """Keep the host and add the visitor's path. A specific page as target may be intended, so that
    needs review."""
    changes: Changes = {}
    redirects = {
        id(redirect.directive): redirect
        for answer in lost
        if (redirect := _redirects.find_redirect(nginx, answer))
    }
    uris = []
    for redirect in redirects.values():
        scheme, host, uri = redirect.parts or ("", "", "")
        if scheme and "$" not in uri:
            uris.append(uri)
            _redirect_edits.replace_target(redirect, f"{scheme}://{host}$request_uri", changes)
    return _redirect_edits.fix(
        nginx, changes, "request-uri", sure=set(uris) <= {"", "/", "?", "/?"}
    )


def _leads_home(exchange: Exchange) -> bool:
    url = parse_url(redirect_target(exchange) or "")
    return url is not None and url.path == "/"


def _loses_path(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether the redirect stays on the site and loses the path. A redirect to another site
    may lead anywhere."""
    source_url, target_url = parse_url(exchange.url), parse_url(redirect_target(exchange) or "")
    return (
        source_url is not None
        and target_url is not None
        and target_url.secure
        and is_related_host(evidence.target.host, target_url.host)
        and not preserves_path(source_url.path.partition("?")[0], str(target_url))
    )

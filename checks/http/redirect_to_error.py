"""The page redirects to another page of the same site, and that page does not exist or fails, or
cannot be opened at all: an address with http that leads to https, where nothing answers, or to
https on its own port, which speaks plain HTTP (an application that forces https and has no TLS).

The page itself answers with a redirect, so that it looks healthy. A page that wants a login, or
that is forbidden, may be meant.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Target,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url

#: Statuses of a page that is not there (RFC 9110 section 15.5.5 and 15.5.11).
_MISSING = {404, 410}


@check(severity=Severity.ERROR, needs=[Exchange], explains=["server.own-answer"])
def redirect_to_error(evidence: Evidence) -> Iterator[Claim]:
    first = list(exchanges_by_purpose(evidence, "target"))
    ends = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "redirect"
        if exchange.status in _MISSING or (exchange.status or 500) >= 500
        if _is_own_site(evidence.target, exchange.url)
    ]
    if not first or not ends or any((page.status or 999) >= 400 for page in first):
        return
    last, subjects = ends[-1], endpoint_subjects(first)
    folder = _lost_folder(evidence, last)
    nginx = Nginx.of(evidence)
    # Imported late: only a finding needs them.
    from checks.http._redirecting_lines import redirect_line
    from diagnose.model.renewal import CHALLENGES

    line = redirect_line(nginx, evidence, last)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*first, *ends),
        severity=_severity(evidence, first, last),
        # A challenge that is nowhere: why it is not there says more than its redirect.
        consequence_of=("http.acme-challenge-missing",)
        if evidence.target.path.startswith(CHALLENGES)
        else (),
        facts={
            "url": first[0].url,
            "location": last.url,
            "status": last.status or "",
            "message": last.failure.message if last.failure and not last.status else "",
            "addresses": addresses(first),
            "missing": last.status in _MISSING,
            "prefix": folder,
            "right": f"{folder.rstrip('/')}{urlsplit(last.url).path}" if folder else "",
            "line": line.text if line else "",
            "place": file_line(line.directive) if line else "",
            "rewriter": line is not None and line.is_rewriter,
            "plain_port": last.port if _is_on_plain_port(evidence.target, last) else "",
        },
        location=nginx.location(line.directive) if line else None,
        fix=(line and line.fix(nginx))
        or Fix(
            (Manual("put-the-prefix-back" if folder else "look-at-both", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )


def _severity(evidence: Evidence, first: list[Exchange], last: Exchange) -> Severity | None:
    """A page that is not there, behind nothing but the slash that a web server adds to what is a
    prefix there: an application for programs has none, and its address with the slash is no fault
    either. What a person complains of is one."""
    if last.status not in _MISSING:
        return None
    is_slash = last.url.partition("?")[0] == f"{first[0].url.partition('?')[0]}/"
    is_told = evidence.target.symptom is not None
    # RFC 9457 section 3, and what programs answer to programs.
    is_application = "json" in (last.header("Content-Type") or "").lower()
    return Severity.NOTE if is_slash and is_application and not is_told else Severity.WARNING


def _lost_folder(evidence: Evidence, last: Exchange) -> str:
    """Return the folder of the target that the redirect lacks, "/app/", if its page is there."""
    if not any(page.purpose == "folder" for page in evidence.good(Exchange)):
        return ""
    from checks.http._folders import served_folder

    return served_folder(evidence, last)


def _is_own_site(target: Target, url: str) -> bool:
    """Return whether a URL is of the target's own origin, or is the same name over https, on any
    port."""
    parsed = parse_url(url)
    is_own_https = parsed is not None and parsed.secure and parsed.host == target.host
    return is_own_origin(target, url) or (not target.uses_tls and is_own_https)


def _is_on_plain_port(target: Target, last: Exchange) -> bool:
    """Return whether https was tried on the port that answers the target's plain http."""
    return last.failure is not None and not target.uses_tls and last.port == target.port

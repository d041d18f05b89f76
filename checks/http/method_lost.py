"""A POST is answered with a redirect to the same page, and arrives there as a GET without its body:
clients change the method after 301 and 302 (RFC 9110 sections 15.4.2 and 15.4.3). 307 and 308 keep
it. Usually it is the redirect from http to https, or one that adds a slash.

A redirect to another page is the usual answer to a form.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._redirect_edits import by_hand, fix
from checks.http._redirects import find_redirect
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, merge_subjects
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.nginx import edits
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url

_CHANGING = {301: "308", 302: "307"}


@check(severity=Severity.WARNING, needs=[Exchange])
def method_lost(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if _is_lost(page)]
    if not pages:
        return
    first, subjects, nginx = pages[0], endpoint_subjects(pages), Nginx.of(evidence)
    redirect = find_redirect(nginx, first)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        location=nginx.location(redirect.directive) if redirect else None,
        facts={
            "url": first.url,
            "method": first.method,
            "status": first.status,
            "to": redirect_target(first) or "",
            "kept": _CHANGING[first.status or 301],
            "place": file_line(redirect.directive) if redirect else "",
        },
        fix=_fix(nginx, first),
    )


def _is_lost(page: Exchange) -> bool:
    page_url, redirect_url = parse_url(page.url), parse_url(redirect_target(page) or "")
    if page.method in {"GET", "HEAD", "OPTIONS"} or page.status not in _CHANGING:
        return False
    return (
        page_url is not None
        and redirect_url is not None
        and _path(page_url.path) == _path(redirect_url.path)
    )


def _path(path: str) -> str:
    return path.partition("?")[0].rstrip("/")


def _fix(nginx: Nginx, page: Exchange) -> Fix:
    redirect = find_redirect(nginx, page)
    if redirect is None or redirect.directive.name != "return":
        return by_hand("ask-there-at-once")
    statement = f"return {_CHANGING[page.status or 301]} {redirect.target};"
    changes: Changes = {
        redirect.directive.file: [edits.replace_directive(redirect.directive, statement)]
    }
    return fix(nginx, changes, "ask-there-at-once", sure=False)

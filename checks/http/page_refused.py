"""The page that was asked about is refused (4xx), and the run saw it from outside only: who refuses
it, and what would decide whether that is a fault.

A root that answers 401, 403 or 404 is healthy in itself: an interface has no page there. Three
things are evidence from outside. The same path over http shows a page: the block for https serves
another folder, or is not the site's. The page is shown over one address family (IPv4 or IPv6), and
refused over the other: a list of addresses, or a block, is there for one family only. And nginx's
own page refuses a method that was asked for: nginx has
files there and no application (ngx_http_static_module answers 405).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose, is_looked_into
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
    merge_subjects,
)
from diagnose.model.addresses import family_of
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import (
    browser_page,
    document_kind,
    header_too_large,
    proxy_page,
    refuses_host,
    wants_tls,
)
from diagnose.parsers.stray_pages import stray_page
from diagnose.parsers.telling_answers import answer_reason
from diagnose.parsers.urls import parse_url

#: Statuses that other checks are about, or that ask for something: credentials of a proxy, time.
_OTHER_QUESTIONS = {407, 408, 421, 425, 426, 429, 431, 451}
#: Methods that send something; a refused OPTIONS is CORS's question.
_SENDING = {"POST", "PUT", "PATCH", "DELETE"}


@check(severity=Severity.NOTE, needs=[Exchange], explains=["http.no-redirect"])
def page_refused(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(page for page in page_exchanges(evidence) if _is_refused(evidence, page))
    if not pages or evidence.target.is_websocket or is_looked_into(evidence):
        return
    first, subjects = pages[0], endpoint_subjects(pages)
    server = proxy_page(first.body)
    plain = _shown_over_http(evidence) if first.url.startswith("https:") else ()
    is_method = first.status == 405 and first.method in _SENDING and server == "nginx"
    family = () if is_method or plain else _shown_over_other_family(evidence, pages)
    is_fault = is_method or bool(plain) or bool(family)
    if not is_fault and evidence.target.symptom is not None:
        # Somebody reports it: a note is no answer, and the verdict says that the cause is unknown.
        return
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *endpoint_subjects(plain)),
        because=(*pages, *plain, *family),
        confidence=Confidence.LIKELY if is_fault else Confidence.CERTAIN,
        severity=Severity.WARNING if is_fault else None,
        facts={
            "url": first.url,
            "status": first.status or "",
            "method": first.method if is_method else "",
            "plain": plain[0].url if plain and not is_method else "",
            "over": _family(first) if family else "",
            "shown": _family(family[0]) if family else "",
            "addresses": tuple(page.address for page in family),
            "server": server if not is_fault else "",
            "words": "" if server or is_fault else excerpt(first.body, 80),
            "silent": not server and not first.body.strip() and not is_fault,
            **{f"s{status}": first.status == status for status in (401, 403, 404)},
        },
        fix=Fix(
            (
                Manual(
                    "pass-on"
                    if is_method
                    else "same-folder"
                    if plain
                    else "both-families"
                    if family
                    else "look-inside",
                    Where.SERVER,
                ),
            ),
            Applicability.MANUAL,
        ),
    )


def _is_refused(evidence: Evidence, page: Exchange) -> bool:
    """Return whether a page is refused, and its words do not say why: checks of their own are about
    those."""
    status = page.status or 0
    return (
        page.failure is None
        and 400 <= status < 500
        and status not in _OTHER_QUESTIONS
        and page.verified
        and browser_page(evidence, page) is None
        and answer_reason(status, page.body) is None
        and stray_page(status, page.body) is None
        and not refuses_host(status, page.body)
        and not header_too_large(page)
        and not wants_tls(page)
        # A test of Cloudflare's, which browsers pass.
        and not page.header("cf-mitigated")
    )


def _shown_over_http(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the site's pages at the same path over http: HTML, and not that of a package."""
    path = evidence.target.path
    return tuple(
        page
        for page in exchanges_by_purpose(evidence, "plain")
        if page.status == 200
        and document_kind(page.body) == "html"
        and stray_page(page.status, page.body) is None
        and (url := parse_url(page.url)) is not None
        and (url.path or "/") == path
    )


def _shown_over_other_family(
    evidence: Evidence, pages: tuple[Exchange, ...]
) -> tuple[Exchange, ...]:
    """Return the pages that the site shows at its addresses of the other family; () unless it
    shows them at all of these, and refuses at all of one family."""
    others = [page for page in page_exchanges(evidence) if page not in pages]
    families = {_family(page) for page in pages}
    is_shown = all(page.status == 200 and page.verified for page in others)
    if len(families) != 1 or not others or not is_shown:
        return ()
    return () if families & {_family(page) for page in others} else tuple(others)


def _family(page: Exchange) -> str:
    return "IPv6" if family_of(page.address) == 6 else "IPv4"

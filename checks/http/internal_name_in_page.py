"""The page or one of its scripts requests http://NAME:PORT, where the name has no dot: that of a
container in a network of Docker, or of a machine in a company. A browser of a visitor finds no such
name, and an https page may not request http either (W3C Mixed Content, section 4.4).

Mostly the front end was built with the address at which the server in front, or another container,
reaches the application. Or the application makes its addresses of the name that the server in front
tells it. A message of the visitor's browser shows such an address where nothing else does ("OPTIONS
https://web1/files/1 net::ERR_NAME_NOT_RESOLVED").
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_loopback_host, parse_url


@frozen
class _Mention:
    """An address, what it was read from, and the script in which it stands ("" for the page)."""

    url: str
    source: Observation
    script: str = ""


@check(severity=Severity.WARNING, needs=[Exchange])
def internal_name_in_page(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_of_visit and exchange.status == 200
    )
    mentions = [mention for mention in _mentions(evidence) if _is_internal(mention.url)]
    is_told = not mentions
    if pages and not mentions and evidence.target.symptom:
        from checks.http._reported_addresses import reported_addresses

        named_mentions = (_Mention(url, pages[0]) for url in reported_addresses(evidence))
        mentions = [mention for mention in named_mentions if _is_internal(mention.url)]
    # Who types a name without a dot is inside, and may well find the other one.
    if not pages or not mentions or "." not in evidence.target.host:
        return
    from checks.upstream._read_settings import fits_by_now

    if is_told and fits_by_now(evidence, "public_url"):
        return  # The message is of the time before.
    first, subjects = mentions[0], endpoint_subjects(pages)
    url = parse_url(first.url)
    from checks.http._known_application import own_setting
    from checks.http._reported_addresses import machine_name_line
    from checks.http._setting_lines import setting_facts

    field, place = machine_name_line(evidence)
    from checks.upstream._own_remedy import with_own_remedy

    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(dict.fromkeys(mention.source for mention in mentions)),
        confidence=Confidence.LIKELY,
        facts={
            "page": pages[0].url,
            "script": first.script,
            "url": first.url,
            "name": url.host if url else "",
            "port": url.port if url else "",
            "others": tuple(
                dict.fromkeys(mention.url for mention in mentions if mention.url != first.url)
            ),
            "tls": evidence.target.uses_tls and first.url.startswith(("http:", "ws:")),
            "told": is_told,
            "origin": evidence.target.origin,
            **own_setting(evidence, "public_url"),
            **setting_facts(evidence, first.url),
            "field": field,
            "place": place,
        },
        fix=Fix((_step(place),), Applicability.MANUAL),
    )
    from checks.http._builds import built_again

    built = built_again(evidence, claim) if first.script else None
    yield built or with_own_remedy(evidence, claim, "public_url")


def _step(place: str) -> Manual:
    if place:
        return Manual("visitors-host", Where.SERVER)
    return Manual("own-address", Where.APPLICATION)


def _mentions(evidence: Evidence) -> Iterator[_Mention]:
    for page in evidence.good(Page):
        yield from (_Mention(url, page) for url in page.requests)
        yield from (_Mention(use.url, page) for use in page.uses)
    for response in evidence.good(PageFileResponse):
        yield from (_Mention(url, response, response.url) for url in response.requests)
        yield from (_Mention(use.url, response) for use in response.uses)


def _is_internal(text: str) -> bool:
    url = parse_url(text)
    return (
        url is not None
        and "." not in url.host
        and not is_address(url.host)
        and not is_loopback_host(url.host)
    )

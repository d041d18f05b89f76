"""The redirects come back to where they began, or never end. A browser shows
ERR_TOO_MANY_REDIRECTS (RFC 9110 section 15.4: a client should detect cyclical redirections)."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, pages, places, sockets_sent_to
from checks.nginx import Nginx, _location_edits
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    together,
)
from diagnose.model.http import Exchange
from diagnose.parsers.http import MOST_REDIRECTS, Chain, chain, hops, leads_to, read_url, same
from diagnose.parsers.nginx import server_blocks


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.no-redirect",
        "websocket.redirected",
    ],
)
def redirect_loop(evidence: Evidence) -> Iterator[Claim]:
    starts = pages(evidence, "target") + pages(evidence, "plain")
    groups: dict[frozenset[str], list[Chain]] = {}
    for start in starts:
        found = chain(start, evidence.of(Exchange))
        if found.end == "loop":
            groups.setdefault(frozenset(same(one.url) for one in _cycle(found)), []).append(found)
        elif found.end == "unseen" and len(found.steps) > MOST_REDIRECTS:
            groups.setdefault(frozenset({"endless"}), []).append(found)
    for chains in groups.values():
        yield _claim(evidence, chains)


def _cycle(found: Chain) -> tuple[Exchange, ...]:
    """The steps from the one to which the last leads back."""
    urls = [same(one.url) for one in found.steps]
    return found.steps[urls.index(found.onward) :] if found.onward in urls else found.steps


def _claim(evidence: Evidence, chains: list[Chain]) -> Claim:
    endless = chains[0].end != "loop"
    steps = [step for found in chains for step in _cycle(found)]
    starts = [found.steps[0] for found in chains]
    first = _cycle(chains[0])
    subjects = places(starts)
    host = evidence.target.host
    return Claim(
        about=together(subjects),
        covers=(*subjects, *sockets_sent_to(evidence, host, "https")),
        because=tuple(dict.fromkeys(starts + steps)),
        confidence=Confidence.LIKELY if endless else Confidence.CERTAIN,
        facts={
            "url": starts[0].url,
            "addresses": addresses(starts),
            "chain": tuple(one.url for one in first[:4]),
            "itself": len(first) == 1 and not endless,
            "circle": len(first) > 1 and not endless,
            "endless": endless,
            "server": first[0].header("Server") or "",
            "hops": hops(first[0].headers),
        },
        fix=_redirects.by_hand("find-the-rule") if endless else _fix(Nginx.of(evidence), first),
    )


def _fix(nginx: Nginx, cycle: tuple[Exchange, ...]) -> Fix:
    changes: Changes = {}
    for step in cycle:
        url = read_url(step.url)
        if url is None or not url.secure or url.host != nginx.evidence.target.host:
            continue
        found = _redirects.made(nginx, step, conditions=False)
        if found and _redirects.let_in(nginx, found, url.path, changes):
            break
        if not found and len(cycle) == 1 and step.port == nginx.evidence.target.port:
            _told(nginx, url.path, step, changes)
    return _redirects.fix(nginx, changes, "find-the-rule")


def _told(nginx: Nginx, path: str, step: Exchange, changes: Changes) -> None:
    """An application that redirects to where the visitor is has not heard that it is by https."""
    given = list(nginx.places(path))
    if len(given) != 1 or hops(step.headers) or leads_to(step) != same(step.url):
        return
    place = given[0]
    if server_blocks.passed(place) and server_blocks.header(place, "X-Forwarded-Proto") is None:
        lines = _location_edits.fields(nginx, place, {"X-Forwarded-Proto": "$scheme"}, changes)
        nginx.insert(place, lines, changes)

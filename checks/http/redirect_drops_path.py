"""Port 80 sends every page to the same place: deep links land on the home page. Seen by asking
for a path that nobody has; its redirect should name it."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, pages, places
from checks.nginx import Nginx
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
from diagnose.parsers.http import keeps, leads_to, read_url, related


@check(severity=Severity.WARNING, needs=[Exchange])
def redirect_drops_path(evidence: Evidence) -> Iterator[Claim]:
    home = {leads_to(one) for one in pages(evidence, "plain")}
    tried = [one for one in pages(evidence, "path") if leads_to(one) in home]
    if evidence.target.path != "/":
        tried += [one for one in pages(evidence, "plain") if _leads_home(one)]
    lost = [one for one in tried if _loses(evidence, one)]
    if not lost:
        return
    subjects = places(lost)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=(*lost, *pages(evidence, "plain")),
        confidence=Confidence.CERTAIN if lost[0].purpose == "path" else Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "asked": lost[0].url,
            "onward": leads_to(lost[0]),
            "addresses": addresses(lost),
        },
        fix=_fix(Nginx.of(evidence), lost),
    )


def _fix(nginx: Nginx, lost: list[Exchange]) -> Fix:
    """The same host, and the visitor's own path. A page that was chosen may be meant."""
    changes: Changes = {}
    found = {id(one.given): one for answer in lost if (one := _redirects.made(nginx, answer))}
    rests = []
    for one in found.values():
        scheme, host, rest = one.parts or ("", "", "")
        if scheme and "$" not in rest:
            rests.append(rest)
            _redirects.instead(nginx, one, f"{scheme}://{host}$request_uri", changes)
    return _redirects.fix(nginx, changes, "request-uri", sure=set(rests) <= {"", "/"})


def _leads_home(one: Exchange) -> bool:
    url = read_url(leads_to(one) or "")
    return url is not None and url.path == "/"


def _loses(evidence: Evidence, one: Exchange) -> bool:
    """To another site altogether a redirect may lead as it likes."""
    asked, onward = read_url(one.url), read_url(leads_to(one) or "")
    return (
        asked is not None
        and onward is not None
        and onward.secure
        and related(evidence.target.host, onward.host)
        and not keeps(asked.path.partition("?")[0], str(onward))
    )

"""An https page redirects to http on the same site. Whether it works in the end depends on what
http answers: a visitor who is led back again has only lost his privacy for a moment."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, pages, places, sockets_sent_to
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, together
from diagnose.model.http import Exchange
from diagnose.parsers.http import Chain, chain, leads_to, read_url, related, same


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=["http.no-redirect", "websocket.redirected"],
)
def redirect_downgrade(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[str, list[tuple[Exchange, Chain]]] = {}
    for start in pages(evidence, "target"):
        found = chain(start, evidence.of(Exchange))
        step = next((one for one in found.steps if _downgrades(one)), None)
        if step is not None:
            groups.setdefault(leads_to(step) or "", []).append((step, found))
    for onward, group in groups.items():
        steps = [step for step, _ in group]
        subjects = places(steps)
        last = group[0][1].steps[-1]
        back = group[0][1].end == "answer" and last.url.startswith("https:")
        yield Claim(
            about=together(subjects),
            covers=(*subjects, *sockets_sent_to(evidence, evidence.target.host, "http")),
            because=tuple(dict.fromkeys(one for _, found in group for one in found.steps)),
            severity=Severity.WARNING if back else None,
            facts={
                "url": steps[0].url,
                "onward": onward,
                "status": steps[0].status,
                "addresses": addresses(steps),
                "back": back,
            },
            fix=_fix(Nginx.of(evidence), steps, last),
        )


def _fix(nginx: Nginx, steps: list[Exchange], last: Exchange) -> Fix:
    """https in the place of http, where that leads on; a redirect to where the visitor is already
    goes. If pages are served in the clear there, these give way as well."""
    changes: Changes = {}
    found = {id(one.given): (one, step) for step in steps if (one := _redirects.made(nginx, step))}
    for one, step in found.values():
        scheme, host, rest = one.parts or ("", "", "")
        home = same("https:" + (leads_to(step) or "").partition(":")[2]) == same(step.url)
        if not home and scheme == "http" and ":" not in host:
            _redirects.instead(nginx, one, f"https://{host}{rest}", changes)
            continue
        if not home or not _redirects.let_in(nginx, one, _path(step), changes):
            return _redirects.by_hand("scheme")
        served = last.url.startswith("http:") and (last.status or 500) < 300
        if served and not _redirects.lead_on(nginx, [last], changes):
            return _redirects.by_hand("scheme")
    return _redirects.fix(nginx, changes, "scheme")


def _path(step: Exchange) -> str:
    url = read_url(step.url)
    return url.path if url else "/"


def _downgrades(step: Exchange) -> bool:
    here, there = read_url(step.url), read_url(leads_to(step) or "")
    return (
        here is not None
        and there is not None
        and here.secure
        and not there.secure
        and related(here.host, there.host)
    )

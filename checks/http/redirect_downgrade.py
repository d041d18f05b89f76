"""An https page redirects to http on the same site. Whether it works in the end depends on what
http answers: a visitor who is led back again has only lost his privacy for a moment."""

from collections.abc import Iterator

from checks.http import addresses, pages, places, sockets_sent_to
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where, together
from diagnose.model.http import Exchange
from diagnose.wire.http import Chain, chain, leads_to, read_url, related


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
            fix=Fix((Manual("scheme", Where.SERVER),), Applicability.MANUAL),
        )


def _downgrades(step: Exchange) -> bool:
    here, there = read_url(step.url), read_url(leads_to(step) or "")
    return (
        here is not None
        and there is not None
        and here.secure
        and not there.secure
        and related(here.host, there.host)
    )

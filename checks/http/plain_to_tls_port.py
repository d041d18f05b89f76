"""A server says that plain HTTP came to its TLS port (nginx: error 497). Whose mistake it is
depends on where the request went: port 80 itself speaks TLS, a redirect names http:// with the
TLS port, or a proxy took the TLS off and passed plain HTTP on to a TLS port behind it."""

from collections.abc import Iterator

from checks.http import addresses, places
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where, together
from diagnose.model.http import Exchange
from diagnose.wire.http import wants_tls


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-loop",
        "websocket.not-upgraded",
    ],
)
def plain_to_tls_port(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[int, str, bool], list[Exchange]] = {}
    for one in evidence.of(Exchange):
        if wants_tls(one):
            redirected = one.purpose == "redirect" and one.url.startswith("http:")
            place = (one.port, one.url.partition(":")[0], redirected)
            groups.setdefault(place, []).append(one)
    for (port, scheme, redirected), seen in groups.items():
        behind = scheme == "https"
        # A redirect there concerns whatever leads to it, the target's own ports.
        subjects = places(seen)
        yield Claim(
            about=together(subjects),
            covers=() if redirected else subjects,
            because=tuple(seen),
            facts={
                "url": seen[0].url,
                "addresses": addresses(seen),
                "port": port,
                "behind": behind,
                "redirected": redirected and not behind,
                "asked": not redirected and not behind,
                "from": seen[0].redirected_from or "",
            },
            fix=Fix(
                (Manual(_step(behind, redirected), Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _step(behind: bool, redirected: bool) -> str:
    return "behind" if behind else "redirect" if redirected else "port"

"""The time of the certificate has not begun (RFC 5280 section 4.1.2.5). Where a wrong clock on
this machine is the reason, `host.clock-wrong` says so."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, NOT_YET_VALID, by_hand, claim, label, out_of_time
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, Served, served


def too_early(evidence: Evidence, one: Served) -> Certificate | None:
    """The certificate whose time has not begun."""
    now = evidence.started_at
    return out_of_time(one, lambda each: (each.not_before or now) > now, NOT_YET_VALID)


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def not_yet_valid(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        early = too_early(evidence, one)
        if early is not None and early.not_before is not None:
            facts = {
                "which": label(early),
                "intermediate": early is not one.leaf,
                "since": early.not_before,
            }
            yield claim(evidence, one, facts, by_hand("compare-clocks"))

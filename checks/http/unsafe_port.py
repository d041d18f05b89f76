"""Browsers do not open the target's port: it belongs to another protocol, and they block it (Fetch
standard, section 2.9, "port blocking"). Programs such as curl open it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, Upgrade

#: The standard's list of 2026.
_BAD_PORTS = {
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
}  # fmt: skip


@check(severity=Severity.ERROR, needs=[Exchange])
def unsafe_port(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    if port not in _BAD_PORTS:
        return
    responses: list[Exchange | Upgrade] = [*evidence.good(Exchange), *evidence.good(Upgrade)]
    answers = tuple(
        response for response in responses if response.port == port and response.status is not None
    )
    if not answers:
        return
    subjects = endpoint_subjects(answers)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=answers,
        facts={"url": evidence.target.url, "port": port, "host": evidence.target.host},
        fix=Fix((Manual("another-port", Where.SERVER),), Applicability.MANUAL),
    )

"""The resolver knows no public name: it says that not even com exists, which the root zone has had
since 1985 (RFC 920). It serves a network without the public DNS, with a root zone of its own or a
short list of names.

Its denial says nothing about the target's name, which may well exist for visitors: the run could
not judge the site. The resolver is a fault of its own where a program on this machine needs public
names: a renewal failed, or somebody pasted what the program reports.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
)
from diagnose.model.dns import (
    DnsAnswer,
    ResolverConfig,
    final_answers,
    is_isolated,
    is_local_name,
    serves_visitors,
    this_machine,
)
from diagnose.model.renewal import RenewalFailure


@check(severity=Severity.ERROR, needs=[DnsAnswer], needs_fault=[DnsAnswer], unanswered=True)
def resolver_isolated(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence).values()
    denials = [answer for answer in answers if answer.rcode == "NXDOMAIN" and not answer.aliases]
    has_address = any(answer.records for answer in answers) or serves_visitors(evidence)
    if not denials or has_address or not is_isolated(evidence):
        return
    if is_local_name(denials[0].name):
        return  # no public DNS knows it either: `dns.nxdomain`
    config = next(iter(evidence.of(ResolverConfig)), None)
    controls = [answer for answer in evidence.good(DnsAnswer) if answer.name == "com"]
    is_missed = evidence.target.symptom is not None or bool(evidence.of(RenewalFailure))
    yield Claim(
        about=Subject(text=f"resolver {denials[0].server}"),
        because=(*denials, *controls),
        severity=None if is_missed else Severity.NOTE,
        facts={
            "name": denials[0].name,
            "server": denials[0].server,
            "file": config.file if config else "",
        },
        fix=Fix((Manual("ask-another", this_machine(evidence)),), Applicability.MANUAL),
    )

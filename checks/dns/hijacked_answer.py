"""The resolver gives the target the same address as names that cannot exist: a provider answers for
missing names with its own page (NXDOMAIN hijacking), or a portal answers for every name.

The control is a random name under com, which has no wildcard, and one under invalid (RFC 6761
section 6.4): a resolver that knows their address invents it. A site that proves itself by its
certificate is meant to be there, as in a test network.
"""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import DnsAnswer, answer_text, final_answers, this_machine


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=[
        "host.no-route",
        "dns.dead-address",
        "dns.split-horizon",
        "dns.wrong-address",
        *CONNECTION_FAILURES,
        "tls.*",
        "certificate.*",
        "server.application-answers",
        "http.*",
        "websocket.*",
    ],
    about_resolver=True,
)
def hijacked_answer(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence)
    for made_up in evidence.good(DnsAnswer):
        answer = answers.get(made_up.rdtype)
        if made_up.purpose != "made-up" or answer is None or answer.server != made_up.server:
            continue
        if not made_up.records or set(made_up.records) != set(answer.records):
            continue
        # Imported late: few resolvers answer for a name that is made up.
        from checks.dns._proven_site import is_proven_site

        if not is_proven_site(evidence):
            yield _claim(evidence, answer, made_up)
        return


def _claim(evidence: Evidence, answer: DnsAnswer, made_up: DnsAnswer) -> Claim:
    other_answers = tuple(
        other_answer
        for other_answer in evidence.good(DnsAnswer)
        if other_answer.purpose == "other-resolver"
        and other_answer.rdtype == answer.rdtype
        and set(other_answer.records) != set(answer.records)
    )
    return Claim(
        about=Subject(name=answer.name),
        covers=(
            Subject(name=answer.name),
            *(Subject(address=record) for record in answer.records),
        ),
        because=(answer, made_up, *other_answers),
        # Without TLS nothing shows whether the page there is the site's.
        severity=None if evidence.target.uses_tls else Severity.WARNING,
        facts={
            "name": answer.name,
            "addresses": answer.records,
            "server": answer.server,
            "label": made_up.name,
            "other": other_answers[0].server if other_answers else "",
            "other_addresses": other_answers[0].records if other_answers else (),
            "other_answer": answer_text(other_answers[0])
            if other_answers and not other_answers[0].records
            else "",
        },
        fix=Fix(
            (
                Manual("create", Where.DNS_PROVIDER),
                Manual("resolver", this_machine(evidence)),
            ),
            Applicability.MANUAL,
        ),
    )

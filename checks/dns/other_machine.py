"""A record of the name leads to another machine, which answers well with another page than this
server's: the site moved, and the record was not changed.

The access log is the control: this server's own question is in it once, and none of the visits at
the record's address. A CDN, a balancer or a translated address passes visits on, so that they
arrive here. Members of a group show the same page. A hosts file is left to `dns.hosts-override`.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import family_of
from diagnose.model.dns import (
    ADDRESS_TYPES,
    DnsAnswer,
    OtherMachine,
    final_answers,
    own_addresses,
    published_addresses,
)

#: Visits that were sent before the log was read: one alone may have been cut off.
_FEWEST_VISITS = 2


@check(
    severity=Severity.WARNING,
    needs=[OtherMachine, DnsAnswer],
    explains=["certificate.*", "tls.*", "server.application-answers", "http.*", "websocket.*"],
)
def other_machine(evidence: Evidence) -> Iterator[Claim]:
    for machine in evidence.of(OtherMachine):
        family = family_of(machine.address)
        published = published_addresses(evidence, family) or ()
        is_passed_on = machine.is_member or (machine.logged or 0) > 1
        if machine.address in published and not is_passed_on:
            yield _claim(evidence, machine, published)


def _claim(evidence: Evidence, machine: OtherMachine, published: tuple[str, ...]) -> Claim:
    name, rdtype = evidence.target.host, ADDRESS_TYPES[family_of(machine.address)]
    answer = final_answers(evidence)[rdtype]
    record_name = answer.aliases[-1].rstrip(".") if answer.aliases else name
    is_beside = any(address in own_addresses(evidence) for address in published)
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "wrong-site"
    is_controlled = machine.logged == 1 and machine.visits >= _FEWEST_VISITS
    is_likely = is_controlled and machine.differs == "title"
    delegation = _delegation(evidence, record_name)
    step = "remove" if is_beside else "change"
    return Claim(
        about=Subject(name=name, text=machine.address),
        covers=(Subject(address=machine.address),),
        because=(answer, machine, *((delegation,) if delegation else ())),
        severity=None if is_likely or is_told else Severity.NOTE,
        confidence=Confidence.LIKELY if is_likely else Confidence.POSSIBLE,
        facts={
            "name": name,
            "url": machine.url,
            "record": record_name,
            "alias": record_name if record_name != name else "",
            "type": rdtype,
            "address": machine.address,
            "own": machine.own_address,
            "title": machine.title,
            "own_title": machine.own_title,
            "titled": machine.differs == "title",
            "controlled": is_controlled,
            "visits": machine.visits,
            "log": machine.log,
            "beside": is_beside,
            "untrusted": machine.own_trusted is False,
            "zone": delegation.name if delegation else "",
            "name_servers": delegation.records if delegation else (),
            "name_server": delegation.records[0].rstrip(".") if delegation else "",
            "ttl": answer.ttl or 0,
        },
        fix=Fix((Manual(step, Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _delegation(evidence: Evidence, name: str) -> DnsAnswer | None:
    """Return the name servers of the nearest domain above a record."""
    answers = [
        answer
        for answer in evidence.good(DnsAnswer)
        if answer.purpose == "delegation"
        and answer.rdtype == "NS"
        and answer.records
        and f".{name}".endswith(f".{answer.name}")
    ]
    return max(answers, key=lambda answer: len(answer.name), default=None)

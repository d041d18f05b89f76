"""A name that nobody made up a record for gets the same answer as the target: a wildcard (RFC
4592). Whether the target has a record of its own as well, DNS does not tell."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.dns import DnsAnswer, final_answers


@check(severity=Severity.NOTE, needs=[DnsAnswer])
def wildcard_answer(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence)
    for beside in evidence.good(DnsAnswer):
        ours = final.get(beside.rdtype)
        if beside.purpose != "beside" or ours is None or ours.failure or not ours.records:
            continue
        if set(beside.records) == set(ours.records):
            parent = beside.name.partition(".")[2]
            yield Claim(
                about=Subject(name=ours.name),
                because=(ours, beside),
                confidence=Confidence.POSSIBLE,
                facts={
                    "name": ours.name,
                    "parent": parent,
                    "label": beside.name,
                    "addresses": ours.records,
                },
            )
            return

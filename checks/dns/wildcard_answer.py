"""A random name, which has no record of its own, gets the same answer as the target: a wildcard
(RFC 4592). DNS does not tell whether the target also has a record of its own."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.dns import DnsAnswer, final_answers


@check(severity=Severity.NOTE, needs=[DnsAnswer])
def wildcard_answer(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence)
    for probe_answer in evidence.good(DnsAnswer):
        answer = answers.get(probe_answer.rdtype)
        if (
            probe_answer.purpose != "beside"
            or answer is None
            or answer.failure
            or not answer.records
        ):
            continue
        if set(probe_answer.records) == set(answer.records):
            parent = probe_answer.name.partition(".")[2]
            yield Claim(
                about=Subject(name=answer.name),
                because=(answer, probe_answer),
                confidence=Confidence.POSSIBLE,
                facts={
                    "name": answer.name,
                    "parent": parent,
                    "label": probe_answer.name,
                    "addresses": answer.records,
                },
            )
            return

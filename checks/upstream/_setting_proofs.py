"""What proves that a setting of the application is wrong, and what several proofs are made of."""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.model import Confidence, Evidence, Observation, Subject
from diagnose.model.applications import ReadSetting
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.applications import application_of, message_of
from diagnose.parsers.redirects import redirect_target


@frozen
class Proof:
    """The answers that show it: where, in which words, the request that controls it ("" for none),
    and the subjects that it explains beside the page."""

    answers: tuple[Observation, ...]
    confidence: Confidence
    url: str = ""
    words: str = ""
    control: str = ""
    covers: tuple[Subject, ...] = ()

    def subjects(self, evidence: Evidence, program: str) -> tuple[Subject, ...]:
        """Return what the setting of a program explains: first the program itself at the target's
        path."""
        port, path = evidence.target.port, evidence.target.path
        return (
            Subject(port=port, path=path, text=program),
            Subject(port=port),
            Subject(port=port, path=path),
            *self.covers,
            *endpoint_subjects(list(page_exchanges(evidence))),
        )


def redirects_of(evidence: Evidence) -> Iterator[tuple[Exchange, str]]:
    for step in evidence.good(Exchange):
        onward = redirect_target(step)
        if onward is not None and step.purpose in {"target", "redirect"}:
            yield step, onward


def reported_proof(evidence: Evidence, read: ReadSetting) -> Proof | None:
    """Return that a message of the application itself was pasted that means this setting."""
    symptom = evidence.target.symptom
    message = message_of(symptom.text) if symptom else None
    application = application_of(read.application)
    if message is None or application is None or message.means != read.topic:
        return None
    if message not in application.messages:
        return None
    return Proof(tuple(evidence.good(Exchange)[:1]), Confidence.LIKELY, "", message.text)

"""The observation of the answer to a request that a message tells of."""

from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, ReasonPhrase, Text, Url, Word
from diagnose.model.summary import Summary, phrase

#: A part of a request in which the told one differs from this program's own.
ToldPart = Literal["method", "agent", "referer", "language", "field"]


@frozen
class ToldDifference:
    """A part of a request, the header field it is in ("" for the method), and what it is there."""

    part: ToldPart
    name: Word
    value: Text


@frozen(kw_only=True, eq=False)
class ToldAnswer(Observation):
    """The answer to a request that differs from this program's own in `differences`: all that the
    message tells of, one of them, or none as a control. `status` is None if no answer came, and
    that of the page at `led_to` if the site redirects there."""

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    differences: tuple[ToldDifference, ...] = ()
    status: int | None = None
    reason: ReasonPhrase = ""
    led_to: Url = ""

    @property
    def is_error(self) -> bool:
        return self.failure is not None or (self.status or 0) >= 400

    def summary(self) -> Summary:
        values = tuple(difference.value for difference in self.differences)
        subject = phrase("told request of {url}", url=self.url)
        return subject, (*values, f"{self.status or ''} {self.reason}".strip())


def failed_answers(evidence: Evidence) -> tuple[ToldAnswer, ...]:
    """Return the errors that the request of a message got."""
    return tuple(
        answer for answer in evidence.of(ToldAnswer) if answer.differences and answer.is_error
    )


def is_answered_as_told(evidence: Evidence) -> bool:
    """Return whether the request of a message was sent with all that it tells of, and answered."""
    sent = next((each for each in evidence.of(ToldAnswer) if each.differences), None)
    return sent is not None and not sent.is_error

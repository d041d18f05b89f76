"""Observations of clocks."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class Clock(Observation):
    """How many seconds this machine's clock is ahead of another's, from the Date field of an HTTP
    response (RFC 9110 section 6.6.1). Accurate to about one second plus half the round trip."""

    layer: ClassVar[str] = "host"

    source: Address
    ahead_s: float

    def summary(self) -> Summary:
        subject = phrase("clock against {source}", source=self.source)
        return subject, f"{round(self.ahead_s):+d} s"

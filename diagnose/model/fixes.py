"""Observations of what `diagnose fix` left on the server."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Url, Word
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class UndoneFix(Observation):
    """A fix that was cut off and undone automatically, which nobody was told yet.

    `check` is the check whose fix it was, `target` the URL that was diagnosed, `begun_at` the time
    as in "2026-11-24 18:20:03 UTC", and `folder` that of its journal.
    """

    layer: ClassVar[str] = "host"

    check: Word
    target: Url
    begun_at: Word
    folder: FilePath

    def summary(self) -> Summary:
        subject = phrase("the fix of {check}, begun {time}", check=self.check, time=self.begun_at)
        return subject, phrase("undone automatically")

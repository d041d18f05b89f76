"""What a fleet and a worker say on stderr about their queue."""

import time
from dataclasses import dataclass, field

from diagnose.cli.output import write_note
from diagnose.fleet.jetstream import QueueError
from diagnose.i18n.fleet import translate
from diagnose.outputs.terminal import sanitize

#: Exit statuses: the queue cannot be used as it is configured; or not at the moment.
EXIT_CONFIGURATION, EXIT_UNKNOWN = 78, 3

#: Seconds until the same trouble is said again.
REPEAT_SECONDS = 60.0


@dataclass(slots=True)
class QueueNotes:
    """Notes in a language. What goes on is said once in REPEAT_SECONDS."""

    lang: str
    _said: dict[str, float] = field(default_factory=dict)

    def trouble(self, key: str, facts: dict[str, str]) -> None:
        now = time.monotonic()
        if now - self._said.get(key, -REPEAT_SECONDS) >= REPEAT_SECONDS:
            self._said[key] = now
            write_note(f"diagnose: {self._text(key, facts)}\n")

    def _text(self, key: str, facts: dict[str, str]) -> str:
        return sanitize(translate(key, self.lang, **facts))


def report_error(error: QueueError, lang: str) -> int:
    """Say why the queue cannot be used, and return the exit status."""
    write_note(f"diagnose: {sanitize(translate(error.key, lang, **error.facts))}\n")
    return EXIT_CONFIGURATION if error.is_configuration else EXIT_UNKNOWN

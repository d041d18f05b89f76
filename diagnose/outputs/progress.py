"""One line on a terminal's stderr while a run goes on, wiped when it ends."""

from collections.abc import Callable

from diagnose.i18n.reports import say
from diagnose.model.events import Concluded, Event, Seen, Sink

#: Seconds. What is done sooner needs no line.
PATIENCE = 0.15


def sink(lang: str, write: Callable[[str], None]) -> Sink:
    """Say which layer was seen last, and how much so far."""
    shown = False

    def passed_on(event: Event) -> None:
        nonlocal shown
        if isinstance(event, Seen) and event.observation.at >= PATIENCE:
            layer = type(event.observation).layer
            name = say(f"layer.{layer}", lang) if layer else ""
            write(f"\r\x1b[K- {name} ({event.number})")
            shown = True
        elif isinstance(event, Concluded) and shown:
            write("\r\x1b[K")
            shown = False

    return passed_on

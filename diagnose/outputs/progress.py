"""A progress line on the terminal's stderr during a run; it is erased at the end."""

from collections.abc import Callable

from diagnose.i18n.reports import translate
from diagnose.model.events import Concluded, Event, Observed, Sink

#: Seconds before the line appears, so that a short run shows none.
SHOW_AFTER = 0.15


def sink(lang: str, write: Callable[[str], None]) -> Sink:
    """Return a sink that shows the layer of the last observation and the number of observations."""
    is_visible = False

    def receive(event: Event) -> None:
        nonlocal is_visible
        if isinstance(event, Observed) and event.observation.at >= SHOW_AFTER:
            layer = type(event.observation).layer
            name = translate(f"layer.{layer}", lang) if layer else ""
            write(f"\r\x1b[K- {name} ({event.number})")
            is_visible = True
        elif isinstance(event, Concluded) and is_visible:
            write("\r\x1b[K")
            is_visible = False

    return receive

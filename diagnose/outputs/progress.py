"""A progress line on the terminal's stderr during a run; it is erased at the end."""

import time
from collections.abc import Callable

from diagnose.i18n.reports import translate
from diagnose.model import Observation
from diagnose.model.events import Concluded, Event, Observed, Sink
from diagnose.model.http import Upgrade

#: Seconds before the line appears, so that a short run shows none.
SHOW_AFTER = 0.15


def sink(lang: str, write: Callable[[str], None], idle: float | None = None) -> Sink:
    """Return a sink that shows the layer of the last observation and the number of observations.
    With `idle`, the seconds of silence, it also shows which WebSocket is held and until when."""
    is_visible, silence = False, ""

    def receive(event: Event) -> None:
        nonlocal is_visible, silence
        if idle is not None and isinstance(event, Observed):
            silence = silence or _silence(event.observation, idle, lang)
        if isinstance(event, Observed) and event.observation.at >= SHOW_AFTER:
            layer = type(event.observation).layer
            name = translate(f"layer.{layer}", lang) if layer else ""
            write(f"\r\x1b[K- {name} ({event.number}){silence}")
            is_visible = True
        elif isinstance(event, Concluded) and is_visible:
            write("\r\x1b[K")
            is_visible = False

    return receive


def _silence(observation: Observation, idle: float, lang: str) -> str:
    """Return what is waited for, and until which time of day; "" if this begins no silence."""
    if not isinstance(observation, Upgrade) or not observation.stayed_open or observation.ended:
        return ""
    if (observation.through, observation.variant) != ("front", "normal"):
        return ""
    end = time.strftime("%H:%M:%S", time.localtime(time.time() + idle))
    return f" {translate('idle.until', lang, path=observation.path, time=end)}"

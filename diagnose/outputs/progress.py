"""A progress line on the terminal's stderr during a run; it is erased at the end."""

import time
from collections.abc import Callable, Sequence

from diagnose.i18n.reports import translate
from diagnose.model import Observation
from diagnose.model.events import Concluded, Event, Observed, Wait, Waiting
from diagnose.model.http import Upgrade
from diagnose.outputs.terminal import cell_len, sanitize

#: Seconds before the line appears, so that a short run shows none.
SHOW_AFTER = 0.15


class ProgressLine:
    """A sink that shows the layer of the last observation, the number of observations, and what is
    waited for. With `idle`, the seconds of silence, it also shows which WebSocket is held and until
    when. A line is as long as `width` cells allow: one that wraps could not be erased."""

    def __init__(
        self, lang: str, write: Callable[[str], None], idle: float | None = None, width: int = 80
    ) -> None:
        self._lang, self._write, self._idle, self._width = lang, write, idle, width
        self._is_visible = False
        self._step = self._silence = self._wait = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Observed():
                self._observe(event.observation, event.number)
            case Waiting():
                self._wait = self._wait_text(event.waits)
                self._show()
            case Concluded() if self._is_visible:
                self._write("\r\x1b[K")
                self._is_visible = False

    def _observe(self, observation: Observation, number: int) -> None:
        if self._idle is not None:
            self._silence = self._silence or _silence(observation, self._idle, self._lang)
        layer = type(observation).layer
        name = translate(f"layer.{layer}", self._lang) if layer else ""
        self._step = f"{name} ({number})"
        if observation.at >= SHOW_AFTER:
            self._show()

    def _wait_text(self, waits: Sequence[Wait]) -> str:
        return wait_text(longest_first(waits)[0], self._lang) if waits else ""

    def _show(self) -> None:
        line = "- " + "  ".join(filter(None, (self._step, self._silence or self._wait)))
        while cell_len(line) >= self._width:
            line = line[:-1]
        self._write(f"\r\x1b[K{line}")
        self._is_visible = True


def longest_first(waits: Sequence[Wait]) -> list[Wait]:
    """Return the waits, first that which may last longest from now on."""
    return sorted(waits, key=lambda wait: wait.waited - wait.limit)


def wait_text(wait: Wait, lang: str) -> str:
    """Return what is waited for, for how long, and up to when."""
    return translate(
        f"wait.{wait.kind}",
        lang,
        subject=sanitize(wait.subject),
        port=wait.port,
        waited=f"{wait.waited:.0f}",
        limit=f"{wait.limit:.0f}",
    )


def _silence(observation: Observation, idle: float, lang: str) -> str:
    """Return what is waited for, and until which time of day; "" if this begins no silence."""
    if not isinstance(observation, Upgrade) or not observation.stayed_open or observation.ended:
        return ""
    if not observation.is_visit:
        return ""
    end = time.strftime("%H:%M:%S", time.localtime(time.time() + idle))
    return translate("idle.until", lang, path=observation.path, time=end)

"""Keys have their effect in the order in which they were typed.

Textual forwards a key to the widget with the focus and takes the next key at once. The key's effect
comes later: the key goes up from the widget to the application, which looks for its binding. Keys
that arrive together (fast typing, a slow connection, a paste) would all go to the widget that had
the focus before the first of them: after `/`, the letters of a word would be commands.

So one key is on its way at a time, and the others wait. A marker follows the key through the same
queues. When it arrives, the key's action has run. A second marker then goes to the new focus,
behind what the action has sent there: a new screen has its widgets and its focus when it comes
back.
"""

from collections import deque

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.widgets import Input

from diagnose.tui.key_parser import EARLIER_ESCAPE, ESCAPE, WORD_KEYS, escape_and

#: The number of markers after a key.
_MARKERS = 2

#: Seconds after which the next key no longer waits if the widget that had the marker is gone, and
#: how many times as long it waits for a widget that is there: on a busy machine a key takes long.
_MAX_WAIT, _MAX_WAITS = 3.0, 10

#: The keys that stop and quit: they wait for no other.
_URGENT_KEYS = frozenset({"ctrl+c", "ctrl+q"})


class KeyMarker(Message):
    """Goes from a widget up to the application, behind key number `key`."""

    def __init__(self, key: int, left: int) -> None:
        super().__init__()
        self.key, self.left = key, left


class OrderedKeysApp(App[str]):
    def __init__(self) -> None:
        super().__init__()
        self._waiting_keys: deque[Key | Paste] = deque()
        self._key_number = 0
        self._key_on_its_way = False
        self._wait_timer: Timer | None = None
        self._marker_holder: MessagePump = self

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and event.key == EARLIER_ESCAPE:
            event = Key("escape", ESCAPE)
        if isinstance(event, Key) and event.character in WORD_KEYS and not self._has_input():
            for key in escape_and(event.character[1]):
                await self.on_event(key)
        elif (
            not isinstance(event, Key | Paste)
            or event.is_forwarded
            or (isinstance(event, Key) and event.key in _URGENT_KEYS)
        ):
            await super().on_event(event)
        elif self._key_on_its_way or self._waiting_keys:
            self._waiting_keys.append(event)
        else:
            await self._send(event)

    def _has_input(self) -> bool:
        """Return True if the keys go to a line of input."""
        return isinstance(self.focused, Input)

    async def _send(self, event: Key | Paste) -> None:
        self._key_on_its_way = True
        self._key_number += 1
        number = self._key_number
        self._marker_holder = self.focused or self.screen
        self._wait_for_marker(number, _MAX_WAITS)
        await super().on_event(event)
        if not self._marker_holder.post_message(KeyMarker(number, _MARKERS - 1)):
            self._follow(KeyMarker(number, _MARKERS - 1))

    def _wait_for_marker(self, number: int, waits: int) -> None:
        """Send the next key if the widget that has the marker of this one is gone."""

        def check_marker() -> None:
            if waits > 1 and self._marker_holder.is_running and self._marker_holder.is_attached:
                self._wait_for_marker(number, waits - 1)
            else:
                self._follow(KeyMarker(number, 0))

        if number == self._key_number and self._key_on_its_way:
            self._wait_timer = self.set_timer(_MAX_WAIT, check_marker)

    def on_key_marker(self, marker: KeyMarker) -> None:
        self._follow(marker)

    def _follow(self, marker: KeyMarker) -> None:
        """Send the next marker, or after the last one the next key."""
        if marker.key != self._key_number or not self._key_on_its_way or not self.screen_stack:
            return
        self._marker_holder = self.focused or self.screen
        following = KeyMarker(marker.key, marker.left - 1)
        if marker.left and self._marker_holder.post_message(following):
            return
        self._key_on_its_way = False
        if self._wait_timer is not None:
            self._wait_timer.stop()
        if self._waiting_keys:
            self.call_later(self._send_waiting)

    async def _send_waiting(self) -> None:
        if self._waiting_keys and not self._key_on_its_way and self.screen_stack:
            await self._send(self._waiting_keys.popleft())

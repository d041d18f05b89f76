"""How the screen is written to the pipe, and read from it, in the process behind a page.

Textual's own driver for that takes the end of the application for the end of the session, and
does not notice that the server has died.
"""

import os
import threading
from functools import partial
from typing import Any

from textual import messages
from textual.drivers import web_driver

#: What the server waits for at the beginning (textual_serve.app_service).
_GREETING = b"__GANGLION__\n"


class WebDriver(web_driver.WebDriver):
    """One for each application of the process: in another language the screen is another one."""

    greeted = False
    #: Columns and rows, once the page has told them.
    told: tuple[int, int] | None = None

    def __init__(self, *given: Any, size: tuple[int, int] | None = None, **named: Any) -> None:
        super().__init__(*given, size=size or self.told, **named)
        self._write = partial(_write, self.fileno)

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        super().on_meta(packet_type, payload)
        if packet_type == "resize":
            WebDriver.told = self._size

    def run_input_thread(self) -> None:
        """Read what the page sends; where the pipe ends, nobody is there any more."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())

    def stop_application_mode(self) -> None:
        """Leave the pipe to the next application. The session is over when the process is."""
        self.exit_event.set()
        self._input_reader.close()
        if self._key_thread.is_alive() and self._key_thread is not threading.current_thread():
            self._key_thread.join()


def _write(pipe: int, data: bytes) -> int:
    """All of it: os.write may stop in the middle. The greeting once in a process."""
    if data == _GREETING:
        if WebDriver.greeted:
            return 0
        WebDriver.greeted = True
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]
    return len(data)

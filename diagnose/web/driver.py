"""The Textual driver of the process behind a page: it writes the screen to a pipe.

Textual's own web driver does not notice when the server has died.
"""

import os
from functools import partial
from typing import Any

from textual import messages
from textual.drivers import web_driver


class WebDriver(web_driver.WebDriver):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._write = partial(_write, self.fileno)

    def run_input_thread(self) -> None:
        """Read what the page sends. At the end of the pipe, exit."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())


def _write(pipe: int, data: bytes) -> int:
    """Write all data: os.write may write only a part."""
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(pipe, remaining) :]
    return len(data)

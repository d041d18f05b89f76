"""How the screen is written to the pipe, and read from it, in the process behind a page.

Textual's own driver for that does not notice that the server has died.
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
        """Read what the page sends; where the pipe ends, nobody is there any more."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())


def _write(pipe: int, data: bytes) -> int:
    """All of it: os.write may stop in the middle."""
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(pipe, remaining) :]
    return len(data)

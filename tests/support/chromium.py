"""A real browser, driven over the DevTools protocol, and what stands on the terminal in it."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")

#: How long anything may take on a busy machine, in seconds.
PATIENCE = 60.0

#: What would speak to somebody else, or needs what a container lacks.
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0",
)  # fmt: skip

#: Keys that write no character of their own.
_NUMBERS = {"Enter": 13}

#: The terminal's selection, as it would be copied: xterm.js draws on a canvas.
_COPIED = """(() => {
  const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), bubbles: true});
  document.querySelector(".xterm-screen").dispatchEvent(event);
  return event.clipboardData.getData("text/plain");
})()"""


class Tab:
    """A page in the browser, and everything that was told of it."""

    def __init__(self, connection: ClientConnection, size: tuple[int, int]) -> None:
        self._connection, self._number, self._session = connection, 0, ""
        self.size = size
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        width, height = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        self._connection.send(json.dumps(asked | session))
        while (answer := self._heard()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    def _heard(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self._connection.recv(timeout=PATIENCE))
        return heard

    def told(self, method: str) -> list[dict[str, Any]]:
        """The events of this name so far."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def evaluate(self, script: str) -> Any:
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                         returnByValue=True)  # fmt: skip
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, seen: Callable[[], bool], what: str) -> None:
        """Look again after every picture that the browser draws."""
        deadline = time.monotonic() + PATIENCE
        while not seen():
            assert time.monotonic() < deadline, f"{what}: not after {PATIENCE} s"
            self.evaluate("new Promise(drawn => requestAnimationFrame(() => drawn(0)))")

    def complaints(self) -> list[str]:
        """What went wrong in the page: scripts that failed, and errors on the console."""
        thrown = [str(one["exceptionDetails"]) for one in self.told("Runtime.exceptionThrown")]
        entries = [one["entry"] for one in self.told("Log.entryAdded")]
        logged = [one["args"] for one in self.told("Runtime.consoleAPICalled")
                  if one["type"] in {"error", "assert"}]  # fmt: skip
        return [
            *thrown,
            *(entry["text"] for entry in entries if entry["level"] == "error"),
            *(str(one) for one in logged),
        ]

    def open(self, url: str) -> None:
        self.loads(lambda: self.call("Page.navigate", url=url))

    def loads(self, begin: Callable[[], object]) -> None:
        """Do what loads a page, and wait until it is there."""
        name = "Page.loadEventFired"
        wanted = len(self.told(name)) + 1
        begin()
        while len(self.told(name)) < wanted:
            self.events.append(self._heard())

    def text(self, selector: str) -> str:
        """What can be seen of an element."""
        element = f"document.querySelector('{selector}')"
        return str(self.evaluate(f"{element}?.checkVisibility() ? {element}.innerText : ''"))

    def press(self, key: str) -> None:
        number = _NUMBERS.get(key, ord(key[0].upper()))
        written = "\r" if key == "Enter" else key
        named = {"key": key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=written, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def screen(self) -> str:
        """What stands on the terminal: all of it selected, as with Shift and the mouse. Nothing
        before the screen is there."""
        if not self.evaluate("document.body.classList.contains('-first-byte')"):
            return ""
        width, height = self.size
        held = {"button": "left", "modifiers": 8, "clickCount": 1}
        for kind, x, y in (("mousePressed", 1, 1), ("mouseMoved", width - 2, height - 2),
                           ("mouseReleased", width - 2, height - 2)):  # fmt: skip
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)
        return str(self.evaluate(_COPIED))

    def sees(self, *words: str) -> str:
        """The terminal's text, once all these words stand on it."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.screen()
            return all(word in shown for word in words)

        try:
            self.until(there, f"{words} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{shown}") from None
        return shown


@contextmanager
def browser(folder: Path, size: tuple[int, int] = (1000, 640), *flags: str) -> Iterator[Tab]:
    """Chromium with a profile and a home of its own, for what it downloads, and one page in it."""
    assert CHROMIUM
    log = folder / "chromium.log"
    with log.open("w") as complaints:
        process = subprocess.Popen(
            [CHROMIUM, *_QUIET, *flags, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints,
            env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
    try:
        with connect(_address(log, process), max_size=None) as connection:
            yield Tab(connection, size)
            connection.send(json.dumps({"id": 0, "method": "Browser.close"}))
            process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := re.search(r"DevTools listening on (ws://\S+)", log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.01)
    return found[1]

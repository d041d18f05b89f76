"""A hub of SignalR sends its ping less often than the browser's client waits.

https://github.com/aspnet/SignalR/issues/2905 (an interval of 50 seconds, a client that waits 30).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PROGRAM, SETTINGS = "/srv/hub/Chat.dll", "/srv/hub/appsettings.json"
WORDS = "Error: Server timeout elapsed without receiving a message from the server."
TARGET = f"wss://{site.NAME}/ws"
#: The program is a stand-in, and has the arguments of one of .NET.
ECHO = """\
import asyncio
import websockets

async def answer(websocket):
    async for message in websocket:
        await websocket.send(message)

async def main():
    async with websockets.serve(answer, '127.0.0.1', 8765):
        await asyncio.Future()

asyncio.run(main())
"""


def _hub(lab: Lab, interval: str) -> None:
    server = lab.server
    server.write(PROGRAM, ECHO)
    lines = f'{{\n  "SignalR": {{\n    "KeepAliveInterval": "{interval}"\n  }}\n}}\n'
    server.write(SETTINGS, lines)
    server.sh("chmod 755 /srv/hub")
    lab.undo(lambda: server.sh("rm -rf /srv/hub"))
    lab.spawn(server, server.python(PROGRAM), 8765)
    before = "location /ws {\n    proxy_pass http://127.0.0.1:"
    lab.change(f"{before}3000;", f"{before}8765;")


@scenario(
    target=TARGET, args=(WORDS,), outside=None, server="websocket.keep-alive-late",
    differs=("processes", "listeners", SETTINGS),
)  # fmt: skip
def hub_sends_its_ping_every_50_seconds(lab: Lab) -> None:
    _hub(lab, "00:00:50")


@healthy(target=TARGET, args=(WORDS,))
def hub_sends_its_ping_every_15_seconds(lab: Lab) -> None:
    """A message of the past."""
    _hub(lab, "00:00:15")

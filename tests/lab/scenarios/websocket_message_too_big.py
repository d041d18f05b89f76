"""Somebody sends a message that is larger than a program's WebSocket library takes.

https://github.com/python-websockets/websockets/issues/1382 (the words are those of its log),
https://websockets.readthedocs.io/en/stable/reference/asyncio/server.html (`max_size`, 1 MiB),
https://github.com/openclaw/openclaw/issues/10243 (a picture in a chat ends the WebSocket).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

SCRIPT = "/srv/chat/server.py"
WORDS = "DEBUG:websockets.server:> CLOSE 1009 (message too big) [2 bytes]"
PICTURE = "the chat works until I paste a photo, then the websocket disconnects and reconnects"
TARGET = f"wss://{site.NAME}/ws"
PROGRAM = """\
import asyncio
import websockets

async def answer(websocket):
    async for message in websocket:
        await websocket.send(str(len(message)))

async def main():
    async with websockets.serve(answer, '127.0.0.1', 8765):
        await asyncio.Future()

asyncio.run(main())
"""


def _chat(lab: Lab, program: str) -> None:
    server = lab.server
    server.write(SCRIPT, program)
    server.sh("chmod 755 /srv/chat")
    lab.undo(lambda: server.sh("rm -rf /srv/chat"))
    lab.spawn(server, server.python(SCRIPT), 8765)
    before = "location /ws {\n    proxy_pass http://127.0.0.1:"
    lab.change(f"{before}3000;", f"{before}8765;")


@scenario(
    target=TARGET, args=(WORDS,), outside=None, server="websocket.message-too-big",
    differs=("processes", "listeners", SCRIPT),
)  # fmt: skip
def library_takes_a_mebibyte(lab: Lab) -> None:
    _chat(lab, PROGRAM)


@healthy(target=TARGET, args=(WORDS,))
def library_takes_more(lab: Lab) -> None:
    """A message of the past, and a program that takes sixteen times as much."""
    _chat(lab, PROGRAM.replace("8765)", "8765, max_size=16 * 2 ** 20)"))


@scenario(
    target=TARGET, args=(PICTURE,), outside=None, server="websocket.message-too-big",
    differs=("processes", "listeners", SCRIPT),
)  # fmt: skip
def picture_is_larger_than_a_constant(lab: Lab) -> None:
    program = PROGRAM.replace("8765)", "8765, max_size=MAX_PAYLOAD)")
    _chat(lab, program.replace("websockets\n", "websockets\n\nMAX_PAYLOAD = 512 * 1024\n", 1))


@healthy(target=TARGET, args=(PICTURE,))
def picture_is_smaller_than_the_limit(lab: Lab) -> None:
    """What ends it is not known: this run sends no picture."""
    _chat(lab, PROGRAM.replace("8765)", "8765, max_size=8 * 2 ** 20)"))


RELAY = """\
import asyncio
import websockets

async def pass_on(source, target):
    async for message in source:
        await target.send(message)

async def answer(browser):
    async with websockets.connect('ws://127.0.0.1:8188') as program:
        await asyncio.gather(pass_on(browser, program), pass_on(program, browser))

async def main():
    async with websockets.serve(answer, '127.0.0.1', 8765):
        await asyncio.Future()

asyncio.run(main())
"""
RESULT = "the websocket is gone as soon as a big result comes, small images are fine"


def _relay(lab: Lab, script: str) -> None:
    _chat(lab, script)
    behind = "/srv/chat/behind.py"
    lab.server.write(behind, PROGRAM.replace("8765", "8188"))
    lab.spawn(lab.server, lab.server.python(behind), 8188)


@scenario(
    target=TARGET, args=(RESULT,), outside=None, server="websocket.message-too-big",
    differs=("processes", "listeners", SCRIPT),
)  # fmt: skip
def relay_takes_no_big_result(lab: Lab) -> None:
    """https://github.com/Tavris1/ComfyUI-Easy-Install/issues/300: both ends of a relay."""
    _relay(lab, RELAY)


@healthy(target=TARGET, args=(RESULT,))
def relay_takes_big_results(lab: Lab) -> None:
    wide = RELAY.replace("8188'", "8188', max_size=None")
    _relay(lab, wide.replace("8765)", "8765, max_size=None)"))

"""A broker of MQTT opens a WebSocket without the subprotocol, and leaves its messages alone.

https://github.com/tennessine/paho.mqtt.wxapp/issues/11 (a mini program offers none: `protocols:
['mqtt']` mends it).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

WORDS = ("握手成功返回101，但是发送CONNECT之后一直收不到CONNACK，没有任何消息",)
TARGET = f"wss://{site.NAME}/ws"
SCRIPT = "/srv/broker/server.py"
BROKER = """\
import asyncio
from websockets.asyncio.server import serve

def choose(websocket, offered):
    return 'mqtt' if 'mqtt' in offered else None

async def answer(websocket):
    async for packet in websocket:
        if websocket.subprotocol or ALL:
            await websocket.send(b'\\x20\\x02\\x00\\x00')

async def main():
    async with serve(answer, '127.0.0.1', 9001, select_subprotocol=choose):
        await asyncio.Future()

asyncio.run(main())
"""


def _broker(lab: Lab, answers_all: bool) -> None:
    server = lab.server
    server.write(SCRIPT, BROKER.replace("ALL", str(answers_all)))
    server.sh("chmod 755 /srv/broker")
    lab.undo(lambda: server.sh("rm -rf /srv/broker"))
    lab.spawn(server, server.python(SCRIPT), 9001)
    before = "location /ws {\n    proxy_pass http://127.0.0.1:"
    lab.change(f"{before}3000;", f"{before}9001;")


@scenario(
    outside="websocket.mqtt-unanswered", target=TARGET, args=WORDS,
    manual="the client has to offer mqtt",
)  # fmt: skip
def broker_is_silent_without_the_subprotocol(lab: Lab) -> None:
    _broker(lab, answers_all=False)


@healthy(target=TARGET, args=WORDS)
def broker_answers_without_the_subprotocol(lab: Lab) -> None:
    """What the words tell of is over."""
    _broker(lab, answers_all=True)

"""Real clients, and what they write where a site is broken."""

import shutil
import sys

from .hosts import REPOSITORY, Host
from .lab import NODE_WS
from .site import NAME

URL, SOCKET = f"https://{NAME}/", f"wss://{NAME}/ws"
PATIENCE = 5  # seconds, less than nginx waits for an application

_AIOHTTP = """
import asyncio, aiohttp
async def main():
    limit = aiohttp.ClientTimeout({patience})
    async with aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session:
        async with session.get("{url}") as response:
            await response.read()
asyncio.run(main())
"""
_HTTPX = """
import httpx, ssl
context = ssl.create_default_context()
httpx.get("{url}", timeout={patience}, follow_redirects=True, verify=context).raise_for_status()
"""
_FETCH = """
fetch("{url}", {{signal: AbortSignal.timeout({patience}000)}}).then(async response => {{
  await response.text();
  if (!response.ok) throw new Error("HTTP " + response.status);
}}).catch(error => {{ console.error(error); process.exit(1); }});
"""
_WEBSOCKETS = """
from websockets.sync.client import connect
with connect("{socket}", open_timeout={patience}) as websocket:
    websocket.send("x")
    websocket.recv(timeout={patience})
"""
_WS = """
const WebSocket = require("{module}");
const socket = new WebSocket("{socket}", {{handshakeTimeout: {patience}000}});
socket.on("error", error => {{ console.error(error); process.exit(1); }});
socket.on("close", (code, reason) => {{
  console.error(`Disconnected (code: ${{code}}, reason: "${{reason}}")`); process.exit(1);
}});
"""
_AIOHTTP_SOCKET = """
import asyncio, aiohttp
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect("{socket}"):
            pass
asyncio.run(main())
"""
_CHROMIUM = """
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from tests.support.chromium import browser
with TemporaryDirectory() as folder, browser(Path(folder)) as tab:
    print(tab.call("Page.navigate", url="{url}").get("errorText"))
    deadline, text = time.monotonic() + 20, ""
    while "ERR_" not in text and time.monotonic() < deadline:
        text = tab.evaluate("document.body ? document.body.innerText : ''")
    print(text)
"""


def _python(script: str) -> list[str]:
    return [sys.executable, "-c", _filled(script)]


def _node(script: str) -> list[str]:
    return ["node", "--use-openssl-ca", "-e", _filled(script)]


def _filled(script: str) -> str:
    return script.format(url=URL, socket=SOCKET, patience=PATIENCE, module=NODE_WS)


CLIENTS: dict[str, list[str]] = {
    "curl": ["curl", "-sS", "-f", "-L", "--max-time", str(PATIENCE), URL],
    "wget": ["wget", "--tries=1", f"--timeout={PATIENCE}", "-O", "/dev/null", URL],
    "openssl": ["openssl", "s_client", "-connect", f"{NAME}:443", "-servername", NAME,
                "-verify_return_error"],
    "urllib": _python('import urllib.request as u; u.urlopen("{url}", timeout={patience})'),
    "httpx": _python(_HTTPX),
    "aiohttp": _python(_AIOHTTP),
    "fetch": _node(_FETCH),
    "chromium": _python(_CHROMIUM),
    "websockets": _python(_WEBSOCKETS),
    "ws": _node(_WS),
    "aiohttp-websocket": _python(_AIOHTTP_SOCKET),
}  # fmt: skip


def message(host: Host, client: str) -> str:
    """What a client writes about the site; "" if it is not installed here."""
    argv = CLIENTS[client]
    if client == "chromium" and not shutil.which("chromium"):
        return ""
    if argv[0] == "wget" and not shutil.which("wget"):
        return ""
    done = host.run(argv, timeout=60, env={"PYTHONPATH": str(REPOSITORY)}, exact=True)
    return f"{done.stdout}\n{done.stderr}".strip()

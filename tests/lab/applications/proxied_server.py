"""An application that answers as a well-known one does behind a proxy, in threads about it.

    python -m tests.lab.applications.proxied_server mattermost 3001

The answers are those of the programs' own sources or of their threads; the pages are short.
"""

import asyncio
from collections.abc import Mapping

from websockets.utils import accept_key

from tests.lab.applications.serving import run

TEXT = "It works: this is the page of the application, with some text on it."
Answer = tuple[str, str, tuple[str, ...]]
OPENED: Answer = ("101 Switching Protocols", "", ())
#: n8n opens the WebSocket, and says then that it closes it for a policy (RFC 6455 section 5.5.1).
CLOSED: Answer = ("101 Switching Protocols", "\x88\x02\x03\xf0", ())
#: The same with the reason, as since version 1.88.
CLOSED_FOR_ORIGIN: Answer = ("101 Switching Protocols", "\x88\x11\x03\xf0Invalid origin!", ())
#: The same in a message, before a close frame that gives no reason.
TOLD_ORIGIN: Answer = ("101 Switching Protocols", "\x81\x0fInvalid origin!\x88\x02\x03\xf0", ())

#: The ids of connections that this process gave out (SignalR).
GIVEN: set[str] = set()


def page(head: str = "", body: str = f"<p>{TEXT}</p>", title: str = "App") -> Answer:
    head = f"<title>{title}</title>{head}"
    text = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return "200 OK", text, ("Content-Type: text/html; charset=utf-8",)


def script(text: str = "console.log('application');\n") -> Answer:
    return "200 OK", text, ("Content-Type: text/javascript",)


def redirect(location: str) -> Answer:
    return "302 Found", "", (f"Location: {location}",)


def refused(status: str, text: str, kind: str = "text/plain; charset=utf-8") -> Answer:
    return status, text, (f"Content-Type: {kind}",)


#: gorilla/websocket's answer to a handshake that lost its fields.
NOT_WEBSOCKET = refused("400 Bad Request", "Bad Request\n")
#: Scripts of the programs, as far as they name the WebSocket.
#: The pages of Gitea and Mastodon load these.
ASSETS = '<link rel="stylesheet" href="/assets/app.css"><script src="/assets/app.js"></script>'
SCRIPTS = {
    "mattermost": "new WebSocket(`wss://${location.host}/api/v4/websocket`)",
    "socket-io": 's.path=s.path||"/socket.io";const socket=io(host,{transports:["websocket"]});',
    "yapi": "var d = location.hostname; s = new WebSocket('ws://' + d + '/api/live?id=' + id);",
    "needs-login": "new WebSocket(`wss://${location.host}/rest/push`)",
    "minio": 's=new WebSocket("".concat(o,"://").concat(n.host).concat(i,"live/objects"));',
}
SOCKETS = {
    "mattermost": "/api/v4/websocket",
    "socket-io": "/socket.io/",
    "yapi": "/api/live",
    "needs-login": "/rest/push",
    "minio": "/live/objects",
}


def answer(mode: str, method: str, url: str, fields: Mapping[str, str]) -> Answer:
    path = url.partition("?")[0]
    upgrades = (
        fields.get("upgrade", "").lower() == "websocket"
        and "upgrade" in fields.get("connection", "").lower()
        and fields["version"] != "HTTP/1.0"
    )
    match mode:
        case "mattermost" | "socket-io" | "yapi" | "needs-login" | "minio":
            if path == SOCKETS[mode]:
                if mode == "needs-login":
                    return refused("401 Unauthorized", '{"status":"error"}', "application/json")
                return OPENED if upgrades else NOT_WEBSOCKET
            if path.endswith(".js"):
                return script(SCRIPTS[mode])
            return page('<script defer src="/static/main.js"></script>')
        case "synapse" if path == "/.well-known/matrix/client":
            text = '{"m.homeserver":{"base_url":"https://shop.example.com"}}'
            return "200 OK", text, ("Content-Type: application/json",)
        case "synapse":
            return page()
        case "phoenix" | "phoenix-session" if path == "/socket/websocket":
            # Phoenix, lib/phoenix/socket/transport.ex: check_origin, and connect/3 of the socket.
            host = fields.get("origin", "").partition("://")[2]
            is_refused = mode == "phoenix-session" or host not in {"", "staging.example.com"}
            return refused("403 Forbidden", "") if is_refused or not upgrades else OPENED
        case "phoenix" | "phoenix-session" if path.endswith(".js"):
            return script('let socket = new Socket("/socket", {params: {}});socket.connect();')
        case "phoenix" | "phoenix-session":
            return page('<script defer src="/assets/app.js"></script>')
        case "code-server" if upgrades:
            # code-server, src/node/wsRouter.ts: the Origin is compared before the login.
            own = fields.get("x-forwarded-host", fields.get("host", ""))
            is_own = fields.get("origin", f"https://{own}").partition("://")[2] == own
            if not is_own:
                return refused("403 Forbidden", "Forbidden")
            return refused("401 Unauthorized", "Unauthorized")
        case "code-server":
            return page()
        case "login" if method == "POST" or path == "/":
            return redirect("/" if method == "POST" else "/login")
        case "login":
            return page("", '<form method="post"><input type="password"></form>')
        case "streamlit" if path == "/static/app.js":
            return script()
        case "streamlit" if path == "/":
            return page('<script type="module" src="./static/app.js"></script>', "<div></div>")
        case "streamlit":
            return refused("404 Not Found", "Not found.", "text/html")
        case "strapi" if path != "/":
            text = '{"statusCode":404,"error":"Not Found","message":"Not Found"}'
            return refused("404 Not Found", text, "application/json; charset=utf-8")
        case "grafana" if path == "/":
            return redirect("/monitor/login")
        case "grafana" if path != "/login":
            return refused("404 Not Found", page()[1], "text/html")
        case "jellyfin" if not path.startswith("/monitor/web/"):
            return redirect(f"/monitor{path}" if path.startswith("/web/") else "/monitor/web/")
        case "jenkins" if path == "/manage":
            return redirect(f"http://{fields['host']}/login?from=%2Fmanage")
        case "odoo" if upgrades:
            return OPENED[0], "", ("Content-Type: text/html; charset=utf-8",)
        case "signalr" if path == "/hub/negotiate" and method == "POST":
            GIVEN.add(given := f"c{id(fields):x}{len(GIVEN)}")
            text = (
                f'{{"connectionId":"{given}","availableTransports":[{{"transport":"WebSockets"}}]}}'
            )
            return "200 OK", text, ("Content-Type: application/json",)
        case "signalr" if path == "/hub":
            given = url.partition("id=")[2]
            if given and given not in GIVEN:
                return refused("404 Not Found", "No Connection with that ID", "text/plain")
            return OPENED if upgrades else refused("400 Bad Request", "Connection ID required")
        case "n8n-message" if upgrades:
            is_own = fields.get("origin", "").partition("://")[2] == fields.get("host", "")
            return OPENED if is_own else TOLD_ORIGIN
        case "n8n" | "n8n-1.88" if upgrades and (mode == "n8n" or path == "/rest/push"):
            host = fields.get("x-forwarded-host", fields.get("host", ""))
            is_own = fields.get("origin", "").partition("://")[2] == host
            return OPENED if is_own else CLOSED if mode == "n8n" else CLOSED_FOR_ORIGIN
        case "n8n-1.88":
            return page(title="n8n.io - Workflow Automation")
        case "strapi" | "grafana" | "jellyfin" | "jenkins" | "n8n" | "odoo":
            return page()
        case "n8n-message" | "signalr":
            return page()
        case "gitea" if path.startswith("/assets/"):
            return (
                script() if path.endswith(".js") else ("200 OK", "p{}", ("Content-Type: text/css",))
            )
        case "mastodon" if path.startswith("/assets/"):
            return refused("404 Not Found", "Not found.", "text/html")
        case "gitea" | "mastodon":
            return page(ASSETS)
        case _:
            raise ValueError(mode)


async def http(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    pairs = (text.partition(":") for text in lines)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    method, url, fields["version"] = line.split(" ")[:3]
    status, body, more = answer(mode, method, url, fields)
    if status.startswith("101"):
        key = accept_key(fields.get("sec-websocket-key", ""))
        more = (
            *more, "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {key}",
        )  # fmt: skip
    else:
        more = (*more, f"Content-Length: {len(body.encode())}", "Connection: close")
    writer.write("\r\n".join((f"HTTP/1.1 {status}", *more, "", "")).encode())
    writer.write(body.encode("latin-1" if status.startswith("101") else "utf-8"))
    await writer.drain()
    if status.startswith("101") and not body:
        while await reader.read(4096):
            pass


if __name__ == "__main__":
    run(http)

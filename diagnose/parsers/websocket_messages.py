"""What the WebSocket clients of programs and phones say of an answer that opens no WebSocket.

The patterns are the words of the libraries' own sources; `tests/support/client_messages.py` and
`tests/support/websocket_messages.py` have an example of each.
"""

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.lazy_pattern import lazy_pattern

#: websockets, Dart, aiohttp: the address with http: or https: is that of the WebSocket.
_NAMED = lazy_pattern(
    r"InvalidURI: https?://[^\s/]{1,260}/\w|\bConnection to '\S{1,300}?' was not upgraded"
    r"|'Invalid response status', url='?\w"
)
_NUMBER = r"(\d{3})(?!\d)"

#: Case is ignored.
WEBSOCKET_MESSAGES: tuple[tuple[SymptomKind, str], ...] = (
    ("websocket-status", "|".join((
        # nv-websocket-client, Java-WebSocket, Jetty and the JDK, Tomcat and Tyrus
        rf"'101 Switching Protocols'\. The status line is: HTTP/[\d.]{{1,3}} {_NUMBER}",
        rf"Invalid status code received: {_NUMBER}",
        rf"Unexpected HTTP response status code:? {_NUMBER}",
        rf"response from the server \[{_NUMBER}\] did not permit the HTTP upgrade",
        # Netty, Vert.x, AsyncHttpClient, Ktor
        rf"Invalid handshake response getStatus: {_NUMBER}",
        rf"WebSocket (?:connection attempt returned HTTP status code|upgrade failure:) {_NUMBER}",
        rf"Invalid Status code={_NUMBER}",
        rf"expected status code 101 but was {_NUMBER}",
        # gorilla/websocket with what programs add, coder/websocket
        rf"bad handshake\W{{1,4}}(?:HTTP )?(?:status\W{{0,3}})?(?:code\W{{0,3}})?{_NUMBER}",
        rf"expected handshake response status code 101 but got {_NUMBER}",
        # tungstenite, fastwebsockets (Deno), websocat, curl
        rf"Http\(Response \{{ status: {_NUMBER}",
        rf"WebSocket\b.{{0,60}}?Invalid status code: {_NUMBER}",
        rf"WebSocketError: Received unexpected status code \({_NUMBER}",
        rf"Refused WebSockets? upgrade: {_NUMBER}",
        # ws4py, Autobahn, python-engineio
        rf"Invalid response status: b?'?{_NUMBER}",
        rf"WebSocket connection upgrade failed \W?{_NUMBER}",
        rf"Unexpected status code {_NUMBER} in server response",
        # Starscream, SocketRocket, Dart, Qt, WebSocket++, libwebsockets, WebSockex
        rf"upgradeError\b.{{0,80}}?\bcode: {_NUMBER}",
        rf"notAnUpgrade\({_NUMBER}",
        rf"bad response code from server:? {_NUMBER}",
        rf"not upgraded to websocket, HTTP status code: {_NUMBER}",
        rf"Unhandled http status code: {_NUMBER}",
        rf"(?<!\d){_NUMBER} websocketpp\.transport",
        rf"got bad HTTP response '{_NUMBER}",
        rf"WebSockex\.RequestError\{{code: {_NUMBER}",
        # WebSocket-Node, and a program that says what it expected
        rf"responded with a non-101 status: {_NUMBER}",
        rf"expected (?:status )?101,? (?:but )?got {_NUMBER}",
    ))),
    # No status is told
    ("websocket", "|".join((
        # websockets and websocket-client of Python were redirected to https: or http:
        r"(?<!:)\bInvalidURI\b(?!Error)|isn['’]t a valid URI: scheme|scheme https? is invalid",
        # URLSession of Apple, Node's own client, libwebsockets, Paho
        r"NSURLErrorDomain:?.{0,6}?-1011\b|NSPOSIXErrorDomain:?.{0,6}?\b57\b",
        r"non-101 status code|HS: ws upgrade (?:response not 101|unauthorized)|AMQJS0007E",
        # Mojolicious: no handshake of TLS
        r"WebSocket handshake failed(?!.{0,80}(?:ssl|tls|certificate))",
    ))),
)  # fmt: skip


def names_websocket(message: str) -> bool:
    """Return whether the address in the message of a client is that of its WebSocket, whatever its
    scheme."""
    return _NAMED.search(message) is not None

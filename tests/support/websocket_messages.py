"""What the WebSocket clients of programs and phones say of an answer that opens no WebSocket, as
their libraries' sources have it."""

from diagnose.model.symptom import SymptomKind
from tests.support.browser_messages import Example

_STATUS: SymptomKind = "websocket-status"
_VAGUE: SymptomKind = "websocket"
_CLOSED: SymptomKind = "websocket-closed"
_FROM_HTTPS = "https://shop.example.com:443/ws"

WEBSOCKET_MESSAGES: dict[str, tuple[Example, ...]] = {
    "WebSocket clients of Java, Kotlin and Android": (
        Example("The status code of the opening handshake response is not '101 Switching "
                "Protocols'. The status line is: HTTP/1.1 302 Found", _STATUS, "", 302),
        Example("onClose code: 1002 reason: Invalid status code received: 502 Status line: "
                "HTTP/1.1 502 Bad Gateway", _STATUS, "", 502),
        Example("org.eclipse.jetty.websocket.api.UpgradeException: Failed to upgrade to websocket: "
                "Unexpected HTTP Response Status Code: 302 Found", _STATUS, "", 302),
        Example("jakarta.websocket.DeploymentException: The HTTP response from the server [404] did "
                "not permit the HTTP upgrade to WebSocket", _STATUS, "", 404),
        Example("WebSocketClientHandshakeException: Invalid handshake response getStatus: 302 Found",
                _STATUS, "", 302),
        Example("io.vertx.core.http.UpgradeRejectedException: WebSocket connection attempt returned "
                "HTTP status code 403", _STATUS, "", 403),
        Example("java.io.IOException: Invalid Status code=301 text=Moved Permanently",
                _STATUS, "", 301),
        Example("WebSocketException: Handshake exception, expected status code 101 but was 200",
                _STATUS, "", 200),
    ),
    "WebSocket clients of Go, Rust and Deno": (
        Example("websocket: bad handshake (HTTP status 404 Not Found)", _STATUS, "", 404),
        Example("failed to WebSocket dial: expected handshake response status code 101 but got 302",
                _STATUS, "", 302),
        Example('Error: Http(Response { status: 301, version: HTTP/1.1, headers: {"server": "nginx"',
                _STATUS, "", 301),
        Example("NetworkError: failed to connect to WebSocket: Invalid status code: 302",
                _STATUS, "", 302),
        Example("websocat: WebSocketError: Received unexpected status code (302 Found)",
                _STATUS, "", 302),
        Example("WebSocket upgrade request failed: expected 101, got 302", _STATUS, "", 302),
    ),
    "WebSocket clients of Python": (
        Example("ws4py.exc.HandshakeError: Invalid response status: b'302' b'Found'",
                _STATUS, "", 302),
        Example("connection was refused (WebSocket connection upgrade failed [404]: Not Found)",
                _STATUS, "", 404),
        Example("engineio.exceptions.ConnectionError: Unexpected status code 502 in server response",
                _STATUS, "", 502),
        Example("websockets.exceptions.InvalidURI: https://shop.example.com/ws isn't a valid URI: "
                "scheme isn't ws or wss", _VAGUE, _FROM_HTTPS),
        Example("ValueError: scheme https is invalid", _VAGUE, ""),
    ),
    "WebSocket clients of iPhones, Flutter, C and C++": (
        Example('WSError(type: Starscream.ErrorType.upgradeError, message: "Invalid HTTP upgrade", '
                "code: 302)", _STATUS, "", 302),
        Example('notAnUpgrade(403, ["Server": "nginx"])', _STATUS, "", 403),
        Example('Error Domain=SRWebSocketErrorDomain Code=2132 "received bad response code from '
                'server: 502."', _STATUS, "", 502),
        Example('Error Domain=NSURLErrorDomain Code=-1011 "There was a bad response from the '
                'server."', _VAGUE, ""),
        Example('Error Domain=NSPOSIXErrorDomain Code=57 "Socket is not connected"', _VAGUE, ""),
        Example("WebSocketException: Connection to '/ws' was not upgraded to websocket, HTTP status "
                "code: 301", _STATUS, "", 301),
        Example("QWebSocket: Unhandled http status code: 302 (Found).", _STATUS, "", 302),
        Example('WebSocket Connection v-2 "WebSocket++/0.8.2" /ws 302 websocketpp.transport:11 '
                "Invalid HTTP status.", _STATUS, "", 302),
        Example("lws_client_interpret_server_handshake: got bad HTTP response '404'",
                _STATUS, "", 404),
        Example("CLIENT_CONNECTION_ERROR: HS: ws upgrade response not 101", _VAGUE, ""),
        Example("The WebSocket handshake Connection field is missing the upgrade token",
                _VAGUE, ""),
        Example("websocket: the client is not using the websocket protocol: 'upgrade' token not "
                "found in 'Connection' header", _VAGUE, ""),
        Example("curl: (22) Refused WebSockets upgrade: 302", _STATUS, "", 302),
    ),
    "WebSocket clients of Node, Elixir, Perl, and of MQTT": (
        Example("TypeError: Received network error or non-101 status code.", _VAGUE, ""),
        Example('%WebSockex.RequestError{code: 302, message: "Found"}', _STATUS, "", 302),
        Example("Connect Error: Error: Server responded with a non-101 status: 400 Bad Request",
                _STATUS, "", 400),
        Example("WebSocket handshake failed!", _VAGUE, ""),
        Example("AMQJS0007E Socket error:undefined.", _VAGUE, ""),
    ),
    "Programs that refuse a request's header": (
        Example("Error parsing HTTP request header java.lang.IllegalArgumentException: Request "
                "header is too large", "request-header", ""),
        Example("Bad Message 431 reason: Request Header Fields Too Large", "request-header", ""),
        Example("Error parsing headers: 'limit request headers fields size'", "request-header", ""),
        Example("Request Line is too large (5123 > 4094)", "request-header", ""),
        Example("HTTP element HEADER is longer than the (1024 * (80 + 32)) allowed length (was "
                "117430)", "request-header", ""),
        Example("BadHttpRequestException: Request headers too long.", "request-header", ""),
        Example("AH00561: Request header exceeds LimitRequestFieldSize: Cookie",
                "request-header", ""),
    ),
    "WebSockets that end, by their clients and servers": (
        # Socket.IO (socket.ts), stomp.js, Chromium, Tomcat's and Jetty's javax.websocket
        Example("Socket.IO disconnected: io server disconnect", _CLOSED, ""),
        Example("Whoops! Lost connection to https://shop.example.com/ws", _CLOSED,
                _FROM_HTTPS),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Could not decode a "
                "text frame as UTF-8.", _CLOSED, "wss://shop.example.com:443/ws"),
        Example("CloseReason: code=1011, reason=null", _CLOSED, "", 1011),
        # A message that is too large: Netty, Tomcat, Jetty, SignalR
        Example("io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException: Max frame "
                "length of 65536 has been exceeded.", _CLOSED, ""),
        Example("The decoded text message was too big for the output buffer and the endpoint does "
                "not support partial messages", _CLOSED, ""),
        Example("Text message too large: 65,537 > 65,536", _CLOSED, ""),
        Example("The maximum message size of 32768B was exceeded. The message size can be "
                "configured in AddHubOptions.", _CLOSED, ""),
    ),
}  # fmt: skip

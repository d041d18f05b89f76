"""The words by which a server or a library says that a message of a WebSocket was larger than it
takes, as the reason of the close frame (code 1009) or as a line of its log, and the setting of that
limit. No I/O.

Sources: Netty `WebSocket08FrameDecoder`, Tomcat `wsFrame.textMessageTooBig`, Jetty
`MessageTooLargeException`, ws `receiver.js`, websockets `exceptions.py`, aiohttp
`WebSocketReader`, Tornado `websocket.py`, Autobahn `protocol.py` (Daphne), SignalR
`JsonHubProtocol`, gorilla `ErrReadLimit`, coder `read.go`, tungstenite `CapacityError`.
"""

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern


@frozen
class ToldLimit:
    """Who writes such words, and the names of the settings: of the server, or of the call of the
    library."""

    product: str
    keys: tuple[str, ...]


_LIMITS = (
    (
        lazy_pattern(r"(?i)max(?:imum)? frame length of \d{1,12} has been exceeded"),
        ToldLimit(
            "Netty",
            (
                "spring.cloud.gateway.httpclient.websocket.max-frame-payload-length",
                "WebsocketServerSpec.maxFramePayloadLength",
                "HttpServerOptions.setMaxWebSocketFrameSize",
            ),
        ),
    ),
    (
        lazy_pattern(r"(?i)decoded (?:text|binary) message was too big"),
        ToldLimit(
            "Tomcat",
            (
                "org.apache.tomcat.websocket.textBufferSize",
                "org.apache.tomcat.websocket.binaryBufferSize",
                "ServletServerContainerFactoryBean.setMaxTextMessageBufferSize",
            ),
        ),
    ),
    (
        lazy_pattern(
            r"(?i)(?:text|binary) message too large"
            r"|(?:text|binary) message size \[\d{1,12}\] exceeds maximum size"
        ),
        ToldLimit("Jetty", ("setMaxTextMessageSize", "setMaxBinaryMessageSize")),
    ),
    (
        lazy_pattern(r"(?i)max payload size exceeded"),
        ToldLimit("ws (Node.js)", ("maxPayload", "maxHttpBufferSize")),
    ),
    (
        lazy_pattern(r"(?i)message size \d{1,12} exceeds limit \d{1,12}"),
        ToldLimit("aiohttp", ("max_msg_size",)),
    ),
    (
        lazy_pattern(r"(?i)(?:frame|message) exceeds payload limit of \d{1,12} octets"),
        ToldLimit("Autobahn (Daphne)", ("setProtocolOptions(maxMessagePayloadSize=…)",)),
    ),
    (
        lazy_pattern(
            r"(?i)frame (?:with \d{1,12} bytes )?exceeds limit of \d{1,12} bytes"
            r"|over size limit \(\d{1,12} > \d{1,12} bytes\)"
            r"|frame with \d{1,12} bytes [^\n]{0,60}exceeds limit"
        ),
        ToldLimit("websockets (Python)", ("max_size", "--ws-max-size")),
    ),
    (
        lazy_pattern(r"(?i)maximum message size of \d{1,12}B was exceeded"),
        ToldLimit("SignalR", ("MaximumReceiveMessageSize",)),
    ),
    (
        lazy_pattern(r"(?i)websocket: read limit exceeded"),
        ToldLimit("gorilla/websocket", ("SetReadLimit",)),
    ),
    (
        lazy_pattern(r"(?i)read limited at \d{1,12} bytes"),
        ToldLimit("coder/websocket", ("SetReadLimit",)),
    ),
    (
        lazy_pattern(r"(?i)message too long: \d{1,12} > \d{1,12}"),
        ToldLimit("tungstenite", ("WebSocketConfig.max_message_size",)),
    ),
)


def told_limit(text: str) -> ToldLimit | None:
    """Return whose limit a text tells of; None for words that nobody here writes."""
    return next((limit for pattern, limit in _LIMITS if pattern.search(text)), None)

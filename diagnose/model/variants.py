"""How the attempts of a run differ, in words, by the value of the field that says so (`variant`,
`ended`, …). The usual value has no words."""

from diagnose.model.summary import Words, phrase

#: Of `diagnose.model.tls.Handshake`.
HANDSHAKE_VARIANTS: dict[str, Words] = {
    "again": phrase("again"),
    "unverified": phrase("certificate not checked"),
    "no-sni": phrase("without SNI"),
    "other-sni": phrase("with another SNI"),
    "tls1.2": "TLSv1.2",
    "p-256": phrase("with TLS 1.2 and the curve P-256 alone"),
    "old": phrase("TLS 1.0 and 1.1"),
    "small-hello": phrase("with a small ClientHello"),
    "small-segments": phrase("in small segments"),
    "any-cipher": phrase("with every cipher suite"),
    "lenient": phrase("without this machine's limits"),
    "no-dhe": phrase("without finite-field Diffie-Hellman"),
    "http/1.1": "HTTP/1.1",
    "h2": "HTTP/2",
    "stapling": phrase("with a request for an OCSP response"),
    "plain": phrase("as plain HTTP"),
    "browser-key": phrase("with the curves of Chromium"),
}

#: Of `diagnose.model.http.ResponseBody`.
BODY_ENDS: dict[str, Words] = {
    "complete": "",
    "cut": phrase("cut off"),
    "unread": phrase("the rest was not read"),
}

#: Of `diagnose.model.http.Upgrade`.
UPGRADE_VARIANTS: dict[str, Words] = {
    "no-origin": phrase("without Origin"),
    "subprotocol": phrase("with a subprotocol"),
    "session": phrase("with a session opened before"),
    "http-1.0": phrase("with HTTP/1.0"),
    "whole-path": phrase("with the visitor's whole path"),
    "bare-path": phrase("without the location's prefix"),
    "visitor-host": phrase("with the visitor's Host"),
    "no-ping": phrase("without a ping"),
    "again": phrase("again"),
    "no-deflate": phrase("without compression"),
    "other-scheme": phrase("Origin with http"),
    "with-port": phrase("Origin with its port"),
    "plain-port": phrase("Origin with port 80"),
    "forwarded": phrase("with X-Forwarded-Proto and X-Forwarded-Host"),
    "own-host": phrase("Origin with the host that nginx sends"),
    "idle": phrase("held open in silence"),
    "forwarded-host": phrase("with X-Forwarded-Host"),
    "other-path": phrase("at another path"),
    "plain": phrase("as an ordinary request"),
    "two-options": phrase("with Connection: keep-alive, Upgrade"),
    "usual-port": phrase("Origin without a port"),
    "without-id": phrase("without the id in its query"),
    "unasked": phrase("at the path that the page names"),
    "mqtt": phrase("with MQTT's first packet"),
}

UPGRADE_ENDINGS: dict[str, Words] = {
    "close": phrase("then a close frame"),
    "eof": phrase("then the connection was closed"),
    "reset": phrase("then the connection was reset"),
    "invalid": phrase("then bytes that are no frame"),
    "http": phrase("then an HTTP response"),
}

#: Of `diagnose.model.http.LocalAnswer`.
LOCAL_REQUESTS: dict[str, Words] = {
    "page": phrase("page"),
    "forwarded": phrase("page, as a proxy asks,"),
    "websocket": "WebSocket",
    "health-check": phrase("health check"),
}

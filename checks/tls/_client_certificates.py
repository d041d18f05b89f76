"""Who lacks a client certificate: the visitor, or the server that passes the request on."""

from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake

#: nginx, ngx_http_special_response.c, for 496 and 495, which are both sent as 400.
UNSENT = "No required SSL certificate was sent"
_REFUSALS = (UNSENT, "The SSL certificate error")


def lacks_certificate(exchange: Exchange) -> bool:
    """Return whether the response says, in nginx's words, that a client certificate is missing."""
    return exchange.status in {400, 495, 496} and any(text in exchange.body for text in _REFUSALS)


def refusal_words(exchange: Exchange) -> str:
    """Return nginx's words in such a response."""
    return next((text for text in _REFUSALS if text in exchange.body), "")


def asked_behind(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether such a response is not about the visitor: the server at this address completed
    handshakes and asked for no certificate in any of them (RFC 8446 section 4.3.2), so that another
    server behind it did."""
    handshakes = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.address == exchange.address and handshake.port == exchange.port
    ]
    return (
        lacks_certificate(exchange)
        and bool(handshakes)
        and not any(handshake.wants_client_certificate for handshake in handshakes)
    )

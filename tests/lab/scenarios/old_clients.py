"""A client of TLS 1.0, and the words that nginx logs of it: nginx rightly refuses it."""

from ..lab import Lab
from ..scenario import healthy, scenario

LOGGED = (
    "[crit] 279#279: *2541 SSL_do_handshake() failed (SSL: error:14076102:SSL "
    "routines:SSL23_GET_CLIENT_HELLO:unsupported protocol) while SSL handshaking, "
    "client: 198.51.100.7, server: 0.0.0.0:443"
)
ALLOWED = "ssl_protocols TLSv1.2 TLSv1.3;"


@scenario(
    outside=None, server="nginx.old-clients-refused", args=(LOGGED,),
    manual="the client has to be updated",
)  # fmt: skip
def client_that_knows_no_tls_1_2(lab: Lab) -> None:
    """https://github.com/xataz/dockerfiles/issues/46: the site's own setting."""


@healthy(args=(LOGGED,))
def client_of_tls_1_1_may_get_in(lab: Lab) -> None:
    """The site's own line lets older versions in, so that it is not what refused the client."""
    lab.change(ALLOWED, ALLOWED.replace("TLSv1.2", "TLSv1.1 TLSv1.2"))

"""A client of TLS 1.0, and the words that nginx logs of it: nginx rightly refuses it."""

from ..lab import Lab
from ..scenario import healthy, scenario

LOGGED = (
    "[crit] 279#279: *2541 SSL_do_handshake() failed (SSL: error:14076102:SSL "
    "routines:SSL23_GET_CLIENT_HELLO:unsupported protocol) while SSL handshaking, "
    "client: 198.51.100.7, server: 0.0.0.0:443"
)
MISSED = "TLSv1.3 is not enabled: tlsv1 alert protocol version"
OTHER = "/etc/nginx/conf.d/a-other.conf"
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


def _other_site(lab: Lab, versions: str) -> None:
    """Another site's block in a file that comes first has these versions, the own block the
    recommended ones."""
    other = (
        "server {\n  listen 443 ssl;\n  server_name other.example.com;\n"
        "  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;\n"
        "  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;\n"
        f"  ssl_protocols {versions};\n  return 404;\n}}\n"
    )
    lab.server.write(OTHER, other)
    lab.undo(lambda: lab.server.sh(f"rm -f {OTHER}"))
    lab.reload()


@scenario(outside="tls.newest-version-off", args=(MISSED,), differs=(OTHER,))
def tls_1_3_of_the_default_server_is_off(lab: Lab) -> None:
    """https://blog.fantasy0v0.top: nginx settles the version before it knows the name."""
    _other_site(lab, "TLSv1.2")


@healthy(args=(MISSED,))
def tls_1_3_is_on_for_every_site_of_the_port(lab: Lab) -> None:
    _other_site(lab, ALLOWED.removeprefix("ssl_protocols ").removesuffix(";"))

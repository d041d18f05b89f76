"""HAProxy in mode tcp, and TLS that is ended in the wrong place."""

from .. import haproxy
from ..haproxy import PEM, SITE
from ..lab import Lab
from .haproxy import PASSTHROUGH, haproxy_scenario, healthy_haproxy, passthrough

PLAIN = PASSTHROUGH.replace("127.0.0.1:8443", "127.0.0.1:3000")
ENDED = PASSTHROUGH.replace("bind :443", f"bind :443 ssl crt {PEM}")
#: TLS is ended, and the one backend gets what is left.
ALONE = ENDED.replace("    use_backend shop if { req.ssl_sni -i shop.example.com }\n", "").replace(
    "default_backend other", "default_backend shop"
)


@haproxy_scenario(
    outside="tls.plain-http", server="server.haproxy-tls-in-tcp-mode", differs=(haproxy.CONFIG,)
)
def haproxy_puts_tls_into_tls(lab: Lab) -> None:
    """A server line of mode http was copied: it has `ssl`."""
    passthrough(lab, PASSTHROUGH.replace(":8443", ":8443 ssl verify none"))


@haproxy_scenario(
    outside="tls.stalled",
    server="server.haproxy-tls-in-tcp-mode",
    manual="a person decides who ends TLS",
)
def haproxy_passes_tls_to_plain_http(lab: Lab) -> None:
    """The application listens in plain HTTP."""
    haproxy.serve(lab, PLAIN)


@haproxy_scenario(
    outside="http.plain-to-tls-port",
    server="server.haproxy-tls-in-tcp-mode",
    differs=(haproxy.CONFIG,),
)
def haproxy_ends_tls_before_a_tls_server(lab: Lab) -> None:
    """`ssl crt` in the bind line of a frontend that was to pass TLS on."""
    passthrough(lab, ENDED.replace("default_backend other", "default_backend shop"))


@healthy_haproxy()
def haproxy_ends_tls_in_mode_tcp(lab: Lab) -> None:
    """Mode tcp with `ssl` at both sides."""
    passthrough(lab, ALONE.replace(":8443", ":8443 ssl verify none"))


@healthy_haproxy()
def haproxy_ends_tls_in_mode_tcp_for_plain_http(lab: Lab) -> None:
    haproxy.serve(lab, ALONE.replace("127.0.0.1:8443", "127.0.0.1:3000"))


@haproxy_scenario(outside="tls.plain-http", server="server.tls-off", differs=(haproxy.CONFIG,))
def haproxy_names_a_certificate_without_ssl(lab: Lab) -> None:
    """`crt` in the bind line, and no `ssl`."""
    haproxy.serve(lab, SITE.replace(":443 ssl crt", ":443 crt"))

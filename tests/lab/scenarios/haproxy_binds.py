"""Bind lines of HAProxy: one port in two frontends, and TLS on the port of plain HTTP."""

from .. import certificates, haproxy
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS, PEM, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

ACME = "path_beg /.well-known/acme-challenge/"
OWN = (
    HTTP.replace("frontend http", "frontend acme")
    .replace("    http-request", f"    use_backend certbot if {{ {ACME} }}\n    http-request")
    .replace("301", f"301 unless {{ {ACME} }}")
)
CERTBOT = "\nbackend certbot\n    server certbot 127.0.0.1:8888\n"


@haproxy_scenario(
    outside=None,
    server="server.haproxy-port-shared",
    manual="a person puts the rules together",
)
def haproxy_port_in_two_frontends(lab: Lab) -> None:
    """https://github.com/janeczku/haproxy-acme-validation-plugin/issues/17: a frontend of its own
    for certbot, on the port of the redirect. Half of the challenges are redirected."""
    haproxy.serve(lab, f"{GLOBAL}\n{OWN}\n{HTTP}\n{HTTPS}\n{BACKEND}{CERTBOT}")


OTHER_PEM = "/etc/haproxy/blog.pem"


@haproxy_scenario(
    outside=None,
    server="server.haproxy-port-shared",
    also=("certificate.name-mismatch",),
    manual="a person puts the rules together",
)
def haproxy_port_of_two_certificates(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/3459: each visitor gets one certificate or the
    other, by chance."""
    blog = certificates.leaf("blog.example.com")
    lab.server.write(OTHER_PEM, blog.chain + blog.key_pem, 0o600)
    lab.undo(lambda: lab.server.sh(f"rm -f {OTHER_PEM}"))
    other = HTTPS.replace("frontend https", "frontend blog").replace(PEM, OTHER_PEM)
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{other}\n{BACKEND}")


@healthy_haproxy()
def haproxy_port_with_rules_of_two(lab: Lab) -> None:
    """The same rules in one frontend."""
    haproxy.serve(lab, f"{GLOBAL}\n{OWN}\n{HTTPS}\n{BACKEND}{CERTBOT}")


BOTH = HTTPS.replace("    bind :443", f"    bind :80 ssl crt {PEM}\n    bind :443").replace(
    "    option", "    http-request redirect scheme https code 301 if !{ ssl_fc }\n    option"
)


@haproxy_scenario(outside=None, server="server.haproxy-tls-on-port-80", differs=(haproxy.CONFIG,))
def haproxy_port_80_has_ssl(lab: Lab) -> None:
    """https://github.com/opnsense/plugins/issues/2588: both bind lines got `ssl`, and http:// is an
    empty response."""
    haproxy.serve(lab, f"{GLOBAL}\n{BOTH}\n{BACKEND}")


@healthy_haproxy()
def haproxy_port_80_has_no_ssl(lab: Lab) -> None:
    haproxy.serve(lab, f"{GLOBAL}\n{BOTH.replace(f':80 ssl crt {PEM}', ':80')}\n{BACKEND}")


@haproxy_scenario(
    outside="tcp.refused", server="listener.loopback-only",
    differs=(haproxy.CONFIG, "listeners"),
)  # fmt: skip
def haproxy_listens_on_the_loopback_address_alone(lab: Lab) -> None:
    """`bind 127.0.0.1:443`, left from the first try on the server itself."""
    haproxy.serve(lab, SITE.replace("bind :", "bind 127.0.0.1:"))


@healthy_haproxy()
def haproxy_listens_on_the_loopback_address_as_well(lab: Lab) -> None:
    """A port of its own for the statistics."""
    stats = "\nfrontend stats\n    bind 127.0.0.1:8404\n    stats enable\n    stats uri /\n"
    haproxy.serve(lab, SITE + stats)

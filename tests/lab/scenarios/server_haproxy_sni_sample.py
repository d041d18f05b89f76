"""HAProxy reads the name in TLS by a sample that is empty."""

from .. import certificates, haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import PASSTHROUGH, haproxy_scenario, healthy_haproxy, passthrough

RULE = "    use_backend app if {{ {} -i shop.example.com }}\n    default_backend none\n"
NONE = "\nbackend none\n    http-request return status 404\n"


def another(lab: Lab, text: str) -> None:
    """nginx has the certificate of another name on a port of its own, for the default."""
    other = certificates.leaf("other.example.com")
    lab.server.write("/etc/ssl/lab/other.crt", other.chain)
    lab.server.write("/etc/ssl/lab/other.key", other.key_pem)
    passthrough(lab, text)
    program = (
        "import ssl, http.server\n"
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "c.load_cert_chain('/etc/ssl/lab/other.crt', '/etc/ssl/lab/other.key')\n"
        "s = http.server.HTTPServer(('127.0.0.1', 8444), http.server.SimpleHTTPRequestHandler)\n"
        "s.socket = c.wrap_socket(s.socket, server_side=True)\n"
        "s.serve_forever()\n"
    )
    lab.spawn(lab.server, lab.server.python("-c", program), 8444)


@haproxy_scenario(
    outside="certificate.name-mismatch",
    server="server.haproxy-sni-sample",
    differs=(haproxy.CONFIG,),
)
def haproxy_reads_its_own_tls_and_passes_it_on(lab: Lab) -> None:
    """The default backend has the certificate of another site."""
    another(lab, PASSTHROUGH.replace("req.ssl_sni", "ssl_fc_sni"))


@haproxy_scenario(outside=None, server="server.haproxy-sni-sample", differs=(haproxy.CONFIG,))
def haproxy_reads_what_is_passed_on_and_ends_tls(lab: Lab) -> None:
    """A rule of a frontend in mode tcp was copied into one that ends TLS."""
    rule = RULE.format("req.ssl_sni")
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rule) + NONE)


@healthy_haproxy()
def haproxy_reads_the_name_of_its_own_tls(lab: Lab) -> None:
    rule = RULE.format("ssl_fc_sni")
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rule) + NONE)

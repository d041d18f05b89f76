"""The connection stands, and no TLS comes about."""

from .. import apache, certificates, site
from ..lab import HERE, SSHD_ARGV, Lab
from ..scenario import healthy, scenario

PATH = "something on the way belongs to somebody else"
OLD = "ssl_protocols TLSv1.2 TLSv1.3;"


def rsa(lab: Lab, chosen: str) -> None:
    leaf = certificates.leaf(key="rsa")
    lab.edit(OLD, chosen)
    lab.install(leaf.chain, leaf.key_pem)


def instead_of_nginx(lab: Lab, *options: str) -> None:
    """Another program on 443; nginx is not there at all."""
    lab.stop_nginx()
    argv = lab.server.python(str(HERE / "application.py"), "--host", "0.0.0.0", *options)
    lab.spawn(lab.server, argv, 443)


@scenario(outside="tls.no-shared-protocol", manual="TLS 1.0 is still offered after it")
def only_tls_1_0(lab: Lab) -> None:
    """The server speaks TLS 1.0 and nothing newer."""
    rsa(lab, "ssl_protocols TLSv1;\n  ssl_ciphers ALL:@SECLEVEL=0;")


@scenario(outside="tls.no-shared-protocol", differs=(site.CONF,))
def only_tls_1_1(lab: Lab) -> None:
    """TLS 1.0 and 1.1 are allowed, for all sites, and OpenSSL does neither any more."""
    lab.edit(f"  {OLD}\n", "")
    main, new = "/etc/nginx/nginx.conf", "ssl_protocols TLSv1 TLSv1.1;"
    if OLD in lab.server.read(lab.server.here(main)):
        lab.change(OLD, new, main)
    else:  # Red Hat's file says nothing about it
        lab.change("http {\n", f"http {{\n    {new}\n", main)


@scenario(outside="tls.no-shared-cipher", differs=(site.CONF,))
def ciphers_for_another_key(lab: Lab) -> None:
    """ECDSA suites only, and an RSA certificate."""
    rsa(lab, "ssl_protocols TLSv1.2;\n  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;")


@scenario(outside="tls.no-browser-cipher", differs=(site.CONF,))
def suites_that_browsers_gave_up(lab: Lab) -> None:
    """DHE suites only, after questions on Server Fault about ERR_SSL_VERSION_OR_CIPHER_MISMATCH and
    SSL_ERROR_NO_CYPHER_OVERLAP of a site that curl opens."""
    rsa(lab, f"{_dhe(lab)}ssl_ciphers DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256;")


@healthy()
def suites_that_browsers_gave_up_come_first(lab: Lab) -> None:
    """The server prefers DHE, and takes ECDHE too."""
    lists = "ssl_ciphers DHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256;"
    rsa(lab, f"{_dhe(lab)}ssl_prefer_server_ciphers on;\n  {lists}")


def _dhe(lab: Lab) -> str:
    """TLS 1.2 with parameters for DHE: those of RFC 7919."""
    path = "/etc/nginx/ssl/ffdhe2048.pem"
    made = "openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048"
    lab.server.sh(f"{made} -out {path} 2>/dev/null")
    return f"ssl_protocols TLSv1.2;\n  ssl_dhparam {path};\n  "


@scenario(outside="http.http2-cipher", differs=(site.CONF,))
def suite_that_http_2_forbids(lab: Lab) -> None:
    """HTTP/2, TLS 1.2, and a suite of the time before AEAD in front of all others."""
    chosen = "ssl_ciphers ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256"
    prefer = "ssl_prefer_server_ciphers on"
    rsa(lab, f"ssl_protocols TLSv1.2;\n  {prefer};\n  {chosen}:@SECLEVEL=0;\n  http2 on;")


@healthy()
def suites_of_http_2_and_old_ones_behind(lab: Lab) -> None:
    """The old suites are there for old devices, and come last."""
    chosen = "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:AES128-SHA"
    prefer = "ssl_prefer_server_ciphers on"
    rsa(lab, f"ssl_protocols TLSv1.2;\n  {prefer};\n  {chosen};\n  http2 on;")


@scenario(outside="tls.obsolete-protocol", differs=(site.CONF,))
def tls_1_0_still_offered(lab: Lab) -> None:
    """TLS 1.0 to 1.3."""
    rsa(lab, "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n  ssl_ciphers DEFAULT:@SECLEVEL=0;")


@scenario(
    outside="tls.no-shared-cipher",
    server="nginx.key-type-mismatch",
    manual="the right key has to be found",
)
def key_of_another_algorithm(lab: Lab) -> None:
    """An RSA certificate and an EC key: nginx -t is content, every handshake fails."""
    leaf = certificates.leaf(key="rsa")
    lab.install(leaf.chain, certificates.good().key_pem)


@scenario(outside="tls.client-certificate-required", differs=(site.CONF,))
def client_certificate_required(lab: Lab) -> None:
    """ssl_verify_client on: handshake, then 400."""
    lab.server.write("/etc/nginx/ssl/clients.pem", certificates.private_root().pem)
    lab.change(
        OLD, f"{OLD}\n  ssl_verify_client on;\n  ssl_client_certificate /etc/nginx/ssl/clients.pem;"
    )


@scenario(outside="tls.reset", server="nginx.proxy-protocol", differs=(site.CONF,))
def proxy_protocol_expected(lab: Lab) -> None:
    """nginx waits for a PROXY header and gets a ClientHello."""
    lab.change("listen 443 ssl;", "listen 443 ssl proxy_protocol;")


@scenario(outside="tls.reset", server=None, manual=PATH)
def middlebox_resets_hellos(lab: Lab) -> None:
    """Something on the way answers every ClientHello with a reset."""
    lab.cloud("tcp dport 443 tcp flags & psh == psh reject with tcp reset")


@scenario(outside="tls.stalled", server=None, manual=PATH)
def middlebox_drops_hellos(lab: Lab) -> None:
    """Something on the way swallows every ClientHello, however small."""
    lab.cloud("tcp dport 443 tcp flags & psh == psh drop")


@scenario(
    outside="tls.stalled",
    server="listener.other-process",
    manual="whose process is it?",
    also=("http.port-closed",),
)
def program_on_443_never_answers(lab: Lab) -> None:
    """Another program holds 443, accepts, and says nothing."""
    instead_of_nginx(lab, "--port", "443", "--mode", "hang")


@scenario(
    outside="tls.closed",
    server="listener.other-process",
    manual="whose process is it?",
    also=("http.port-closed",),
)
def program_on_443_hangs_up(lab: Lab) -> None:
    """Another program holds 443, reads, and closes."""
    instead_of_nginx(lab, "--port", "443", "--mode", "close")


@scenario(
    outside="certificate.name-mismatch",
    server="listener.other-process",
    manual="which of the two is to serve the site?",
    needs=apache.needs_apache,
)
def apache_took_the_port_of_nginx(lab: Lab) -> None:
    """nginx has the site, and stopped; Apache started at boot with its first site."""
    lab.stop_nginx()
    rule = "RewriteEngine On\n    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"
    text = f"{apache.HTTPS}\n{apache.HTTP}".replace(
        f"Redirect permanent / https://{site.NAME}/", rule
    )
    apache.install(lab, text.replace(site.NAME, "web1.example.com"), keep_nginx=True)
    other = certificates.leaf("web1.example.com")
    lab.server.write(apache.PEM, other.chain)
    lab.server.write(apache.KEY, other.key_pem, 0o600)
    apache.start(lab)


@scenario(
    outside="tls.not-tls",
    server="listener.other-process",
    manual="whose process is it?",
    also=("http.port-closed",),
)
def sshd_on_443(lab: Lab) -> None:
    """sshd was moved to 443 to get through firewalls."""
    lab.stop_nginx()
    lab.spawn(lab.server, [*SSHD_ARGV, "-p", "443"], 443)


@healthy()
def only_tls_1_3(lab: Lab) -> None:
    """Nothing older, on purpose."""
    lab.change(OLD, "ssl_protocols TLSv1.3;")


@healthy()
def only_tls_1_2(lab: Lab) -> None:
    """Nothing newer: an older nginx."""
    lab.change(OLD, "ssl_protocols TLSv1.2;")


@healthy()
def old_protocols_named_but_not_offered(lab: Lab) -> None:
    """The Q&A's ssl_protocols line, on an OpenSSL that does TLS 1.0 no more."""
    rsa(lab, "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;")


@healthy()
def http_2(lab: Lab) -> None:
    """http2 on; a WebSocket still goes over HTTP/1.1."""
    lab.change(OLD, f"{OLD}\n  http2 on;")


@healthy(args=("--ws", "/ws"))
def http_2_and_websocket(lab: Lab) -> None:
    """The WebSocket of a site with HTTP/2."""
    lab.change(OLD, f"{OLD}\n  http2 on;")


@healthy()
def rsa_certificate(lab: Lab) -> None:
    """RSA, with the Q&A's cipher list."""
    rsa(
        lab,
        f"{OLD}\n  ssl_prefer_server_ciphers on;\n  ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:"
        "ECDHE:ECDH:AES:HIGH:!NULL:!aNULL:!MD5:!ADH:!RC4;",
    )

"""What stands between Apache, Caddy or HAProxy and the application: TLS of its own, and headers."""

from .. import apache, caddy, certificates, haproxy
from ..apache import HTTP, HTTPS
from ..caddy import SHOP
from ..haproxy import SITE
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

TRUSTED = "ca-file /etc/ssl/certs/ca-certificates.crt"
#: Without the line of the WebSocket, which has a target of its own.
PAGES = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")


def tls_application(lab: Lab, issuer: certificates.Issued | None = None) -> None:
    """The application on port 3443 with a certificate for its inner name, self-signed or not."""
    own = certificates.leaf("app.internal", issuer=issuer or "self")
    lab.server.write("/etc/ssl/lab/app.pem", own.chain)
    lab.server.write("/etc/ssl/lab/app.key", own.key_pem)
    files = ("--certificate", "/etc/ssl/lab/app.pem", "--key", "/etc/ssl/lab/app.key")
    application = str(apache.__file__).replace("apache.py", "application.py")
    lab.spawn(lab.server, lab.server.python(application, "--port", "3443", *files), 3443)


def to_tls(text: str, *lines: str) -> str:
    """Apache's site with a TLS backend, and these lines of mod_ssl."""
    own = "".join(f"    {line}\n" for line in ("SSLProxyEngine on", *lines))
    text = text.replace("http://127.0.0.1:3000", "https://127.0.0.1:3443")
    return text.replace("    SSLEngine on\n", f"    SSLEngine on\n{own}")


@healthy_apache()
def apache_backend_is_not_verified(lab: Lab) -> None:
    """A self-signed backend on the same machine, with SSLProxyCheckPeerName off."""
    tls_application(lab)
    apache.serve(lab, f"{to_tls(PAGES, 'SSLProxyCheckPeerName off')}\n{HTTP}")


@caddy_scenario(
    outside="http.server-error",
    server="server.application-speaks-tls",
    differs=("/etc/caddy/Caddyfile",),
)
def caddy_speaks_http_to_a_silent_tls_application(lab: Lab) -> None:
    """The application closes the connection without a word, after questions about reverse_proxy,
    502 and "EOF" (https://stackoverflow.com/questions/tagged/caddy)."""
    tls_application(lab)
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "127.0.0.1:3443"))


@apache_scenario(
    outside="http.server-error",
    server="server.application-speaks-tls",
    differs=(apache.SITE,),
)
def apache_speaks_http_to_a_silent_tls_application(lab: Lab) -> None:
    """The same with ProxyPass http://: "AH01102: error reading status line from remote server"."""
    tls_application(lab)
    line = "ProxyPass / http://127.0.0.1:3443/"
    text = PAGES.replace("127.0.0.1:3000", "127.0.0.1:3443")
    apache.serve(lab, f"{text.replace(line, f'{line} upgrade=websocket')}\n{HTTP}")


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-speaks-tls",
    differs=(haproxy.CONFIG,),
)
def haproxy_speaks_http_to_a_silent_tls_application(lab: Lab) -> None:
    """The same with a `server` line without `ssl`."""
    tls_application(lab)
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", "127.0.0.1:3443"))


@healthy_haproxy()
def haproxy_backend_is_trusted(lab: Lab) -> None:
    """HAProxy verifies a backend whose authority the system trusts."""
    tls_application(lab, certificates.intermediate())
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", f"127.0.0.1:3443 ssl {TRUSTED}"))


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=("/etc/caddy/Caddyfile",),
)
def caddy_backend_self_signed(lab: Lab) -> None:
    """After issues of Caddy's about proxying to a self-signed https:// backend: 502, x509."""
    tls_application(lab)
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "https://127.0.0.1:3443"))


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=(caddy.CONFIG,),
)
def caddy_backend_of_another_name(lab: Lab) -> None:
    """https://alexwlchan.net/til/2024/reverse-proxy-caddy/: an address, which is not in the
    certificate."""
    tls_application(lab, certificates.intermediate())
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "https://127.0.0.1:3443"))


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=(caddy.CONFIG,),
)
def caddy_backend_self_signed_in_a_block(lab: Lab) -> None:
    """The address stands at `to`, as OPNsense writes it; the certificate has no address."""
    tls_application(lab)
    to = "reverse_proxy {\n\t\tto https://127.0.0.1:3443\n\t}"
    caddy.serve(lab, SHOP.replace("reverse_proxy 127.0.0.1:3000", to))


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=(caddy.CONFIG,),
)
def caddy_backend_of_another_name_in_a_block(lab: Lab) -> None:
    """The same with a trusted certificate for another name."""
    tls_application(lab, certificates.intermediate())
    to = "reverse_proxy {\n\t\tto https://127.0.0.1:3443\n\t}"
    caddy.serve(lab, SHOP.replace("reverse_proxy 127.0.0.1:3000", to))


@healthy_caddy()
def caddy_backend_by_its_name(lab: Lab) -> None:
    tls_application(lab, certificates.intermediate())
    transport = "transport http {\n\t\t\ttls_server_name app.internal\n\t\t}"
    proxy = f"https://127.0.0.1:3443 {{\n\t\t{transport}\n\t}}"
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", proxy))


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=(caddy.CONFIG,),
)
def caddy_speaks_tls_to_plain(lab: Lab) -> None:
    """https:// before an application that speaks plain HTTP."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "https://127.0.0.1:3000"))


@apache_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    manual="a person chooses the backend's name",
)
def apache_backend_of_another_name(lab: Lab) -> None:
    """AH02005: the name of ProxyPass is not in the backend's certificate."""
    tls_application(lab)
    apache.serve(lab, f"{to_tls(PAGES)}\n{HTTP}")


@apache_scenario(outside="http.server-error", server="server.backend-tls-fails", differs=FILES)
def apache_speaks_tls_to_plain_and_has_it_off(lab: Lab) -> None:
    """https://github.com/schlagmichdoch/PairDrop/issues/312: without SSLProxyEngine, which would
    heal nothing."""
    apache.serve(lab, f"{HTTPS.replace('http://127', 'https://127')}\n{HTTP}")


@haproxy_scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    manual="a person decides whom HAProxy trusts",
)
def haproxy_backend_self_signed(lab: Lab) -> None:
    """verify required (the default) and a self-signed backend: L6RSP in the health check, 503."""
    tls_application(lab)
    member = f"127.0.0.1:3443 ssl {TRUSTED} check inter 300ms fall 1"
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", member))
    haproxy.until_unavailable(lab)


@apache_scenario(
    outside="http.redirect-loop",
    server="server.scheme-not-passed",
    differs=FILES,
)
def apache_scheme_not_passed(lab: Lab) -> None:
    """After threads about WordPress and Rails behind Apache: no X-Forwarded-Proto, so the
    application redirects to https for ever."""
    lab.application("--mode", "redirect-to-https")
    text = HTTPS.replace("    RequestHeader set X-Forwarded-Proto https\n", "")
    apache.serve(lab, f"{text}\n{HTTP}")


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.scheme-not-passed",
    differs=(haproxy.CONFIG,),
)
def haproxy_scheme_not_passed(lab: Lab) -> None:
    """After an issue of Bitwarden's about a 301 without end behind HAProxy."""
    lab.application("--mode", "redirect-to-https")
    haproxy.serve(lab, SITE.replace("    http-request set-header X-Forwarded-Proto https\n", ""))


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.scheme-not-passed",
    differs=(haproxy.CONFIG,),
)
def haproxy_passes_another_scheme(lab: Lab) -> None:
    """https://github.com/cloudfoundry/haproxy-boshrelease/issues/5: X-Forwarded-Proto is http for
    all, in the backend, whatever the frontend sets."""
    lab.application("--mode", "redirect-to-https")
    rule = "    http-request set-header X-Forwarded-Proto http\n"
    haproxy.serve(lab, SITE.replace("backend app\n", f"backend app\n{rule}"))


@caddy_scenario(
    outside="http.redirect-loop", server="server.scheme-not-passed", differs=(caddy.CONFIG,)
)
def caddy_says_http_to_the_application(lab: Lab) -> None:
    """`header_up X-Forwarded-Proto http`: Caddy sends the right one by itself."""
    lab.application("--mode", "redirect-to-https")
    lines = "127.0.0.1:3000 {\n\t\theader_up X-Forwarded-Proto http\n\t}"
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", lines))


@caddy_scenario(
    outside="http.redirect-loop", server="server.scheme-not-passed", differs=(caddy.CONFIG,)
)
def caddy_takes_the_scheme_away(lab: Lab) -> None:
    """`header_up -X-Forwarded-Proto`."""
    lab.application("--mode", "redirect-to-https")
    lines = "127.0.0.1:3000 {\n\t\theader_up -X-Forwarded-Proto\n\t}"
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", lines))


@haproxy_scenario(
    outside="http.server-error", server="server.backend-tls-fails", differs=(haproxy.CONFIG,)
)
def haproxy_speaks_tls_to_plain(lab: Lab) -> None:
    """`ssl verify none` on the line of a server that speaks plain HTTP."""
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", "127.0.0.1:3000 ssl verify none"))


@apache_scenario(
    outside="websocket.origin-refused",
    server="server.host-not-passed",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_host_is_not_the_origins(lab: Lab) -> None:
    """ProxyPreserveHost is missing, and the application compares the Origin with the Host: 403."""
    lab.application("--mode", "own-origin")
    lines = HTTPS.splitlines(keepends=True)
    text = "".join(line for line in lines if "PreserveHost" not in line)
    apache.serve(lab, f"{text}\n{HTTP}")


@apache_scenario(
    outside="http.host-refused",
    server="server.host-not-passed",
    differs=FILES,
)
def apache_host_not_passed(lab: Lab) -> None:
    """After questions about Django behind Apache: ProxyPreserveHost is missing, Invalid
    HTTP_HOST."""
    lab.application("--mode", "site-host")
    apache.serve(lab, f"{HTTPS.replace('    ProxyPreserveHost On' + chr(10), '')}\n{HTTP}")


@apache_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="the application is started by its own service",
)
def apache_balancer_has_one_member(lab: Lab) -> None:
    """balancer:// with one member, which does not listen."""
    member = "<Proxy balancer://app>\n    BalancerMember http://127.0.0.1:3999\n</Proxy>\n"
    text = PAGES.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://app/")
    apache.install(lab, f"{member}{text}\n{HTTP}")
    apache.enable(lab, "proxy_balancer", "lbmethod_byrequests", "slotmem_shm")
    apache.start(lab)


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-not-reached",
    manual="the application makes its socket",
)
def caddy_socket_is_not_there(lab: Lab) -> None:
    """unix//run/app.sock, and the application is not started: no such file or directory."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "unix//run/app.sock"))


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    manual="a person takes the line away",
)
def caddy_redirects_to_itself(lab: Lab) -> None:
    """redir https://{host}{uri}, brought from another server, in the https site."""
    caddy.serve(
        lab, SHOP.replace("\treverse_proxy", "\tredir https://{host}{uri}\n\treverse_proxy")
    )

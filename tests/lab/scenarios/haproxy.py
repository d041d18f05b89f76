"""HAProxy serves the site, or stands in front of nginx."""

from functools import partial

from .. import certificates, haproxy
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS, SITE
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import later

#: Its files are Debian's, without systemd.
ELSEWHERE = {"[!n]*": "HAProxy has one layout in the laboratory", "nginx*": "the same"}
#: Scenarios that need this server, whose files lie in one place in the laboratory.
haproxy_scenario = partial(scenario, needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
healthy_haproxy = partial(healthy, needs=haproxy.needs_haproxy, not_on=ELSEWHERE)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_serves_the_site(lab: Lab) -> None:
    """TLS, redirect and WebSocket, as HAProxy's manual has them."""
    haproxy.serve(lab)


def checked(check: str) -> str:
    """The site with a health check of its application. Its answer may be late on a busy machine: by
    itself a check takes as long as the interval at most."""
    server = BACKEND.replace(":3000", ":3000 check inter 200ms fall 2")
    lines = f"backend app\n    timeout check 5s\n    {check}\n"
    return SITE.replace(BACKEND, server.replace("backend app\n", lines))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    differs=(haproxy.CONFIG,),
)
def health_check_without_a_host(lab: Lab) -> None:
    """After threads on Server Fault and Stack Overflow, "Layer7 wrong status, code: 400": the check
    sends no Host, and Django answers 400 to a name that is not in ALLOWED_HOSTS."""
    lab.application("--mode", "site-host")
    haproxy.serve(lab, checked("option httpchk GET /"))
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    args=("Haproxy httpcheck returns 400 but curl is working fine",),
    differs=(haproxy.CONFIG,),
)
def health_check_of_a_folder_without_a_host(lab: Lab) -> None:
    """The check asks a path that is not the visited one, and keeps it."""
    lab.application("--mode", "site-host")
    haproxy.serve(lab, checked("option httpchk HEAD /app.js"))
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    differs=(haproxy.CONFIG,),
)
def health_check_asks_the_websocket(lab: Lab) -> None:
    """After an issue of a chat server: the check is a plain GET of the WebSocket's path, which is
    answered by 426 Upgrade Required."""
    haproxy.serve(lab, checked("option httpchk GET /ws"))
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def server_line_with_another_port(lab: Lab) -> None:
    """After a thread on Stack Overflow, "503 Service Unavailable No server is available to handle
    this request": the application listens on 3000, the line says 3001."""
    haproxy.serve(lab, checked("option tcp-check").replace(":3000", ":3001"))
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="tls.reset",
    server="server.haproxy-proxy-protocol",
    differs=(haproxy.CONFIG,),
)
def accept_proxy_without_a_proxy_before_it(lab: Lab) -> None:
    """After a thread on HAProxy's forum: accept-proxy was kept when the load balancer before it
    went; visitors connect directly."""
    haproxy.serve(lab, SITE.replace("bind :443 ssl", "bind :443 accept-proxy ssl"))


#: Takes the first line for the request, as a server does that somebody wrote by hand; with an
#: argument it reads a PROXY header before it.
BY_HAND = """
import socket, sys

PAGE = b"<!doctype html><title>Shop</title><h1>A shop for tea</h1>"
server = socket.create_server(("127.0.0.1", 3009))
while True:
    connection, _ = server.accept()
    with connection:
        head = b""
        while b"\\r\\n\\r\\n" not in head and (part := connection.recv(65536)):
            head += part
        if sys.argv[1:] and head.startswith(b"PROXY "):
            head = head.partition(b"\\r\\n")[2]
        path = (head.split(b" ") + [b"", b""])[1]
        status = b"200 OK" if path.startswith(b"/") else b"404 Not Found"
        body = PAGE if path.startswith(b"/") else b"none"
        fields = b"Content-Type: text/html\\r\\nConnection: close\\r\\n"
        fields += b"Content-Length: %d\\r\\n" % len(body)
        connection.sendall(b"HTTP/1.1 " + status + b"\\r\\n" + fields + b"\\r\\n" + body)
"""


def _by_hand(lab: Lab, *words: str) -> None:
    """The page at /tea is that of such a program; HAProxy sends it the header."""
    lab.spawn(lab.server, lab.server.python("-c", BY_HAND, *words), 3009)
    rules = HTTPS.replace("    default", "    use_backend tea if { path_beg /tea }\n    default")
    backend = "backend tea\n    server tea1 127.0.0.1:3009 send-proxy\n"
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{rules}\n{BACKEND}\n{backend}")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-proxy-protocol",
    target="https://shop.example.com/tea",
    differs=(haproxy.CONFIG,),
)
def program_takes_the_header_for_a_request(lab: Lab) -> None:
    """It answers 404 to "PROXY TCP4 …", and the page without it."""
    _by_hand(lab)


def _nginx_with_the_header(lab: Lab, words: str) -> None:
    """nginx behind HAProxy reads the header before HTTP."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080 proxy_protocol;")
    haproxy.serve(lab, SITE.replace(":3000", f":8080{words}"), keep_nginx=True)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-proxy-protocol",
    differs=(haproxy.CONFIG,),
)
def nginx_behind_haproxy_waits_for_the_header(lab: Lab) -> None:
    """`listen … proxy_protocol`, and no "send-proxy": error.log has "broken header"."""
    _nginx_with_the_header(lab, "")


@healthy_haproxy(args=("--ws", "/ws"))
def nginx_behind_haproxy_gets_the_header(lab: Lab) -> None:
    _nginx_with_the_header(lab, " send-proxy")


@healthy_haproxy(target="https://shop.example.com/tea")
def program_reads_the_header(lab: Lab) -> None:
    _by_hand(lab, "header")


PASSTHROUGH = f"""\
{GLOBAL.replace("mode http", "mode tcp")}
frontend http
    mode http
    bind :80
    http-request redirect scheme https code 301 unless {{ ssl_fc }}

frontend tls
    bind :443
    tcp-request inspect-delay 5s
    tcp-request content accept if {{ req.ssl_hello_type 1 }}
    use_backend shop if {{ req.ssl_sni -i shop.example.com }}
    default_backend other

backend shop
    server nginx 127.0.0.1:8443

backend other
    server other 127.0.0.1:8444
"""
INNER = "127.0.0.1:8443"


def passthrough(lab: Lab, text: str = PASSTHROUGH) -> None:
    """nginx has TLS on a port of its own, and HAProxy passes the connection on by its name."""
    haproxy.behind(lab, "listen 443 ssl;", f"listen {INNER} ssl;")
    haproxy.serve(lab, text, keep_nginx=True)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_passes_tls_to_nginx(lab: Lab) -> None:
    """TLS passthrough in mode tcp, chosen by the name in the ClientHello."""
    passthrough(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_before_nginx(lab: Lab) -> None:
    """HAProxy ends TLS, and nginx on the same machine speaks HTTP with it."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080;")
    haproxy.serve(lab, SITE.replace(":3000", ":8080"), keep_nginx=True)


@healthy_haproxy()
def redirect_unless_tls_in_one_frontend(lab: Lab) -> None:
    """Both ports in one frontend; the redirect has "unless { ssl_fc }"."""
    line = "    http-request redirect scheme https code 301 unless { ssl_fc }\n"
    joined = HTTPS.replace("    bind :443", "    bind :80\n    bind :443")
    haproxy.serve(
        lab, f"{GLOBAL}\n{joined.replace('    option f', f'{line}    option f')}\n{BACKEND}"
    )


@healthy_haproxy()
def leftover_nginx_beside_haproxy(lab: Lab) -> None:
    """nginx and its files are still there, stopped."""
    lab.stop_nginx()
    haproxy.serve(lab, keep_nginx=True)


@haproxy_scenario(
    outside="tls.stalled",
    server="server.haproxy-connections-full",
    manual="a larger maxconn is a decision",
)
def all_connections_are_taken(lab: Lab) -> None:
    """After a thread on Server Fault, "HAProxy maxconn reached": maxconn 5, and five connections
    that stay open."""
    haproxy.serve(lab, SITE.replace("maxconn 4000", "maxconn 5"))
    haproxy.hold(lab, 5)


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    differs=(haproxy.CONFIG,),
)
def redirect_without_unless(lab: Lab) -> None:
    """After a thread on Stack Overflow, "HAProxy redirect scheme https too many redirects": both
    ports in one frontend, and no "unless { ssl_fc }"."""
    line = "    http-request redirect scheme https code 301\n"
    joined = HTTPS.replace("    bind :443", "    bind :80\n    bind :443")
    haproxy.serve(
        lab, f"{GLOBAL}\n{joined.replace('    option f', f'{line}    option f')}\n{BACKEND}"
    )


@haproxy_scenario(
    outside=None,
    server="websocket.idle-timeout",
    differs=(haproxy.CONFIG,),
)
def no_timeout_for_tunnels(lab: Lab) -> None:
    """After a thread on Stack Overflow, "WebSocket disconnects after 30 seconds with HAProxy": no
    timeout tunnel."""
    text = SITE.replace("    timeout tunnel 1h\n", "").replace(
        "timeout server 1m", "timeout server 30000"
    )
    haproxy.serve(lab, text.replace("timeout client 1m", "timeout client 30s"))


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=("--ws", "/ws"),
    differs=(haproxy.CONFIG,),
)
def upgrade_header_is_deleted(lab: Lab) -> None:
    """After a thread on HAProxy's forum: a rule against h2c deletes Upgrade from every request."""
    line = "    http-request del-header Upgrade\n"
    haproxy.serve(lab, SITE.replace("    option f", f"{line}    option f"))


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=("--ws", "/ws"),
    differs=(haproxy.CONFIG,),
)
def haproxy_closes_the_connection_of_a_handshake(lab: Lab) -> None:
    """As for servers of long ago that kept no connection."""
    line = "    http-request set-header Connection close\n"
    haproxy.serve(lab, SITE.replace("    option f", f"{line}    option f"))


@haproxy_scenario(
    outside=None,
    server="server.haproxy-proxy-protocol",
    differs=(haproxy.CONFIG,),
)
def send_proxy_to_an_nginx_without_it(lab: Lab) -> None:
    """After a thread on Server Fault, "HAProxy send-proxy, nginx 400 Bad Request": nginx's listen
    has no proxy_protocol, and it reads the header as a request."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080;")
    haproxy.serve(lab, SITE.replace(":3000", ":8080 send-proxy"), keep_nginx=True)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-proxy-protocol",
    differs=(haproxy.CONFIG,),
)
def nginx_waits_for_a_proxy_header(lab: Lab) -> None:
    """After a thread on HAProxy's forum: nginx has proxy_protocol in its listen, and the server
    line has no send-proxy."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080 proxy_protocol;")
    haproxy.serve(lab, SITE.replace(":3000", ":8080"), keep_nginx=True)


@haproxy_scenario(
    outside="certificate.name-mismatch",
    server="server.haproxy-name-without-certificate",
    manual="a certificate has to be requested",
)
def certificates_lack_the_name(lab: Lab) -> None:
    """A new site behind HAProxy, whose certificate was never put there."""
    haproxy.install(lab)
    other = certificates.leaf("other.example.org")
    lab.server.write(haproxy.PEM, haproxy.bundle(other), 0o600)
    haproxy.start(lab)


LIVE = "/etc/letsencrypt/live/shop.example.com"


@haproxy_scenario(
    outside="certificate.expired",
    server="server.haproxy-bundle-outdated",
    differs=(haproxy.PEM,),
)
def renewed_and_not_combined_again(lab: Lab) -> None:
    """After a thread on Let's Encrypt's forum, "HAProxy still serves the old certificate": the file
    for HAProxy was made once by hand."""
    haproxy.install(lab)
    lab.server.write(haproxy.PEM, haproxy.bundle(certificates.leaf(starts=-90, ends=-2)), 0o600)
    good = certificates.good()
    lab.server.write(f"{LIVE}/fullchain.pem", good.chain)
    lab.server.write(f"{LIVE}/privkey.pem", good.key_pem, 0o600)
    haproxy.start(lab)


@haproxy_scenario(outside=None, server="server.haproxy-bundle-outdated", differs=(haproxy.PEM,))
def renewed_and_the_bundle_has_four_weeks(lab: Lab) -> None:
    haproxy.install(lab)
    lab.server.write(haproxy.PEM, haproxy.bundle(certificates.leaf(starts=-62, ends=28)), 0o600)
    good = certificates.good()
    lab.server.write(f"{LIVE}/fullchain.pem", good.chain)
    lab.server.write(f"{LIVE}/privkey.pem", good.key_pem, 0o600)
    haproxy.start(lab)


@haproxy_scenario(
    outside=None,
    server="server.haproxy-key-missing",
    differs=(haproxy.CONFIG, "/etc/haproxy/shop.example.com.pem"),
)
def fullchain_without_a_key(lab: Lab) -> None:
    """After many threads, "No Private Key found in fullchain.pem.key": crt names certbot's own
    file, and the next reload fails."""
    haproxy.serve(lab)
    good = certificates.good()
    lab.server.write(f"{LIVE}/fullchain.pem", good.chain)
    lab.server.write(f"{LIVE}/privkey.pem", good.key_pem, 0o600)
    haproxy.edit(lab, haproxy.PEM, f"{LIVE}/fullchain.pem")


@haproxy_scenario(
    outside=None,
    server="server.config-invalid",
    differs=(haproxy.CONFIG,),
)
def backend_of_another_name(lab: Lab) -> None:
    """After threads on Stack Overflow, "unable to find required default_backend": the backend was
    renamed, and the reload failed."""
    haproxy.serve(lab)
    haproxy.edit(lab, "backend app\n    server", "backend application\n    server")


@haproxy_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    manual="which certificate?",
)
def bind_443_is_missing(lab: Lab) -> None:
    """After a thread on HAProxy's forum: only the frontend for port 80 was written."""
    haproxy.serve(lab, SITE.replace(HTTPS, ""), 80)


@haproxy_scenario(
    outside="certificate.expired",
    server="server.certificate-not-loaded",
)
def bundle_made_again_and_not_loaded(lab: Lab) -> None:
    """After a thread on Let's Encrypt's forum: a hook makes the file again, and does not reload."""
    haproxy.install(lab)
    lab.server.write(haproxy.PEM, haproxy.bundle(certificates.leaf(starts=-90, ends=-2)), 0o600)
    haproxy.start(lab)
    later(lab)
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)


@haproxy_scenario(
    outside=None,
    server="server.key-mismatch",
    manual="which key?",
)
def bundle_with_the_key_of_another(lab: Lab) -> None:
    """After many threads, "inconsistencies between private key and certificate loaded": the file
    was made of a new certificate and the old key."""
    haproxy.serve(lab)
    text = certificates.leaf().chain + certificates.good().key_pem
    lab.server.write(haproxy.PEM, text, 0o600)


@haproxy_scenario(
    outside=None,
    server="server.certificate-file-missing",
    differs=(haproxy.CONFIG,),
)
def bundle_was_moved(lab: Lab) -> None:
    """After a thread on Server Fault, "unable to stat SSL certificate from file": the folder was
    renamed, and the next reload fails."""
    haproxy.serve(lab)
    haproxy.edit(lab, haproxy.PEM, "/etc/haproxy/certs/shop.pem")


@haproxy_scenario(
    outside="http.no-redirect",
    server="server.redirect-missing",
    differs=(haproxy.CONFIG,),
)
def both_ports_and_no_redirect(lab: Lab) -> None:
    """After a thread on Stack Overflow: one frontend with both ports, and no redirect to https."""
    joined = HTTPS.replace("    bind :443", "    bind :80\n    bind :443")
    haproxy.serve(lab, f"{GLOBAL}\n{joined}\n{BACKEND}")


@haproxy_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    manual="which chain?",
)
def bundle_without_its_chain(lab: Lab) -> None:
    """After a thread on Server Fault, "HAProxy incomplete certificate chain": cert.pem and
    privkey.pem were joined, instead of fullchain.pem."""
    haproxy.install(lab)
    good = certificates.good()
    lab.server.write(haproxy.PEM, good.pem + good.key_pem, 0o600)
    haproxy.start(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_chooses_by_name_and_path(lab: Lab) -> None:
    """Several names and backends, ACLs, a folder of certificates, a check with a Host field."""
    other = certificates.leaf("www.example.org")
    https = HTTPS.replace(haproxy.PEM, "/etc/ssl/lab/haproxy").replace(
        "    default_backend app\n",
        "    acl shop hdr(host) -i shop.example.com\n"
        "    acl socket path_beg /ws\n"
        "    use_backend sockets if shop socket\n"
        "    use_backend app if shop\n"
        "    default_backend dead\n",
    )
    check = (
        "    option httpchk\n"
        "    http-check send meth GET uri / ver HTTP/1.1 hdr Host shop.example.com\n"
        "    balance leastconn\n    cookie SRV insert indirect nocache\n"
        "    server app1 127.0.0.1:3000 check cookie a\n"
        "    server app2 127.0.0.1:3000 check cookie b\n"
    )
    backends = (
        f"backend app\n{check}\nbackend sockets\n{check}\nbackend dead\n    server x 127.0.0.1:9\n"
    )
    haproxy.install(lab, f"{GLOBAL}\n{HTTP}\n{https}\n{backends}")
    lab.server.write("/etc/ssl/lab/haproxy/a-other.pem", haproxy.bundle(other), 0o600)
    lab.server.write("/etc/ssl/lab/haproxy/shop.pem", haproxy.bundle(), 0o600)
    haproxy.start(lab)


def workers(lab: Lab, lines: str) -> None:
    """Eight workers of Socket.IO behind a backend of their own."""
    argv = lab.server.application("engine_server", "--port", "3001", "--workers", "8")
    lab.spawn(lab.server, argv, 3001)
    servers = "".join(f"    server w{port} 127.0.0.1:{port}\n" for port in range(3001, 3009))
    rule = "    use_backend chat if { path_beg /socket.io/ }\n    default_backend"
    text = SITE.replace("    default_backend", rule)
    haproxy.serve(lab, f"{text}\nbackend chat\n{lines}{servers}")


@haproxy_scenario(
    outside="websocket.not-sticky",
    args=("--ws", "/socket.io/"),
    differs=(haproxy.CONFIG,),
)
def sessions_are_lost_behind_haproxy(lab: Lab) -> None:
    """After Socket.IO's own documentation, "Using multiple nodes": roundrobin, and no cookie."""
    workers(lab, "")


POLLING = "https://shop.example.com/socket.io/?EIO=4&transport=polling"


@haproxy_scenario(
    outside="websocket.not-sticky",
    target=POLLING,
    args=("Session ID unknown",),
    differs=(haproxy.CONFIG,),
)
def sessions_are_lost_at_the_address_that_begins_them(lab: Lab) -> None:
    """wasp-lang/wasp#2040: the first request of a session is answered rightly."""
    workers(lab, "    balance roundrobin\n")


@healthy_haproxy(target=POLLING)
def sessions_are_kept_at_the_address_that_begins_them(lab: Lab) -> None:
    workers(lab, "    balance source\n")


@healthy_haproxy(args=("--ws", "/socket.io/"))
def sessions_are_kept_by_haproxy(lab: Lab) -> None:
    """The same with balance source."""
    workers(lab, "    balance source\n")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_closes_each_connection(lab: Lab) -> None:
    """option httpclose: pages get "Connection: close", and a WebSocket is upgraded all the same."""
    haproxy.serve(lab, SITE.replace("    mode http\n", "    mode http\n    option httpclose\n"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="a person names the address",
)
def localhost_is_the_other_address_for_haproxy(lab: Lab) -> None:
    """After many threads about Node.js 17 and `localhost`: the application listens on ::1 alone,
    and HAProxy takes 127.0.0.1."""
    lab.server.write("/etc/hosts", "127.0.0.1 localhost\n")
    lab.application_service.stop()
    code = "require('http').createServer((q, r) => r.end('<p>page</p>')).listen(3000, '::1')"
    ready = "sport = :3000"
    lab.spawn(lab.server, ["node", "-e", code], lambda: _listens(lab, ready))
    haproxy.serve(lab, SITE.replace("127.0.0.1:3000", "localhost:3000"))


def _listens(lab: Lab, which: str) -> bool:
    return bool(lab.server.run(["ss", "-Hltn", which]).stdout.strip())

"""HAProxy uses no server of the backend, or chooses none; and keys that it cannot read."""

from .. import certificates, haproxy, site
from ..haproxy import BACKEND, GLOBAL, PEM, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

SERVER = "    server app1 127.0.0.1:3000"
STATIC = "\nbackend static\n    server s1 127.0.0.1:3001\n"
BY_NAME = (
    "    http-request set-var(txn.txnhost) hdr(host)\n"
    f"    acl shop var(txn.txnhost) -m str -i {site.NAME}\n"
    "    use_backend static if shop\n"
)
BY_PATH = "    use_backend app if { path -i /ws }\n"


def unavailable(lab: Lab, text: str) -> None:
    """HAProxy with this site, and no server that it uses."""
    haproxy.serve(lab, text)
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    manual="somebody put the server there",
)
def haproxy_server_in_maintenance(lab: Lab) -> None:
    """After a deployment that set the state maint and failed before it set ready."""
    haproxy.serve(lab)
    code = (
        "import socket\n"
        "admin = socket.socket(socket.AF_UNIX)\n"
        f"admin.connect({haproxy.SOCKET!r})\n"
        "admin.send(b'set server app/app1 state maint\\n')\n"
        "admin.recv(100)\n"
    )
    lab.server.run(lab.server.python("-c", code), check=True)
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    manual="somebody wrote the word",
)
def haproxy_server_disabled(lab: Lab) -> None:
    """The word "disabled" stayed in the file."""
    unavailable(lab, SITE.replace(":3000", ":3000 check disabled"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    manual="a person knows what the page should contain",
)
def haproxy_check_expects_another_content(lab: Lab) -> None:
    """http-check expect string: L7RSP, and the page is fine."""
    check = "    option httpchk GET /\n    http-check expect string healthy\n"
    unavailable(lab, SITE.replace(SERVER, f"{check}{SERVER} check inter 300ms fall 1"))


NAMELESS = "server {\n  listen 127.0.0.1:8443 ssl default_server;\n  ssl_reject_handshake on;\n}\n"


def _by_name(lab: Lab, words: str, check: str = "option httpchk GET /") -> None:
    """HAProxy before an nginx that refuses handshakes without a name."""
    haproxy.behind(lab, "listen 443 ssl", "listen 127.0.0.1:8443 ssl")
    lab.configure(NAMELESS + lab.server.read(site.CONF))
    lines = f"    timeout check 5s\n    {check}\n    http-check send hdr Host {site.NAME}\n"
    server = f"    server app1 127.0.0.1:8443 ssl verify none inter 300ms fall 2 {words}\n"
    haproxy.serve(lab, SITE.replace(BACKEND, f"backend app\n{lines}{server}"), keep_nginx=True)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-sni-missing", differs=(haproxy.CONFIG,)
)  # fmt: skip
def haproxy_check_sends_no_name(lab: Lab) -> None:
    """After threads on HAProxy's forum, "Layer6 invalid response: SSL handshake failure": sni is
    set, and check-sni is not."""
    _by_name(lab, f"sni str({site.NAME}) check")
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-sni-missing", differs=(haproxy.CONFIG,)
)  # fmt: skip
def haproxy_sends_no_name(lab: Lab) -> None:
    _by_name(lab, "check")
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-sni-missing", differs=(haproxy.CONFIG,)
)  # fmt: skip
def haproxy_sends_no_name_without_a_check(lab: Lab) -> None:
    """The server line has `ssl verify none` alone, as most examples write it."""
    _by_name(lab, "")


@healthy_haproxy()
def haproxy_sends_the_name_without_a_check(lab: Lab) -> None:
    _by_name(lab, f"sni str({site.NAME})")


@healthy_haproxy()
def haproxy_check_sends_the_name(lab: Lab) -> None:
    _by_name(lab, f"sni str({site.NAME}) check check-sni {site.NAME}")


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    differs=(haproxy.CONFIG,),
)
def haproxy_check_of_another_port(lab: Lab) -> None:
    """check port 9999: the port of the health check went with the old application."""
    unavailable(lab, SITE.replace(SERVER, f"{SERVER} check port 9999 inter 300ms fall 1"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    manual="the application is on another machine",
)
def haproxy_server_is_not_reached(lab: Lab) -> None:
    """Nobody has the address: L4TOUT or L4CON."""
    member = "203.0.113.99:3000 check inter 300ms fall 1"
    text = SITE.replace("127.0.0.1:3000", member).replace("connect 5s", "connect 1s")
    unavailable(lab, text)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-server-timeout",
    manual="the application hangs",
)
def haproxy_application_hangs(lab: Lab) -> None:
    """504, sH in the log: the application takes the request and does not answer."""
    lab.application("--mode", "hang")
    haproxy.serve(lab, SITE.replace("timeout server 1m", "timeout server 2s"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-backend",
    differs=(haproxy.CONFIG,),
)
def haproxy_has_no_backend_for_the_name(lab: Lab) -> None:
    """After threads about <NOSRV>: the ACL has the name with www only, and no default_backend."""
    rule = "    acl www hdr(host) -i www.shop.example.com\n    use_backend app if www\n"
    haproxy.serve(lab, SITE.replace("    default_backend app\n", rule))


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.haproxy-rule-shadowed",
    args=("--ws", "/ws"),
    manual="the pages go to another application afterwards",
)
def haproxy_rule_comes_too_late(lab: Lab) -> None:
    """path_beg / before path_beg /ws: the application of the pages gets the WebSocket."""
    lab.spawn(lab.server, lab.server.python(*_other_application()), 3001)
    rules = "    use_backend static if { path_beg / }\n    use_backend app if { path_beg /ws }\n"
    text = SITE.replace("    default_backend app\n", rules)
    haproxy.serve(lab, f"{text}\nbackend static\n    server s1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.haproxy-rule-shadowed",
    args=("--ws", "/ws"),
    differs=(haproxy.CONFIG,),
)
def haproxy_rule_for_the_name_comes_first(lab: Lab) -> None:
    """Issue 750 of dani-garcia/vaultwarden: pfSense's package keeps the name in a variable, and the
    rule for it comes before the one for the path of the notifications."""
    lab.spawn(lab.server, lab.server.python(*_other_application()), 3001)
    haproxy.serve(lab, SITE.replace("    default_backend app\n", BY_NAME + BY_PATH) + STATIC)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_rule_for_the_path_comes_first(lab: Lab) -> None:
    """The same rules in the other order."""
    lab.spawn(lab.server, lab.server.python(*_other_application()), 3001)
    rules = BY_NAME.splitlines(keepends=True)
    lines = "".join([*rules[:-1], BY_PATH, rules[-1]])
    haproxy.serve(lab, SITE.replace("    default_backend app\n", lines) + STATIC)


def _other_application() -> tuple[str, ...]:
    program = str(haproxy.__file__).replace("haproxy.py", "application.py")
    return program, "--port", "3001", "--mode", "no-websocket"


@haproxy_scenario(
    outside="tcp.refused",
    server="server.key-encrypted",
    manual="nobody here knows the passphrase",
)
def haproxy_key_has_a_passphrase(lab: Lab) -> None:
    """Exported from a .pfx file: "No Private Key found", and HAProxy does not start."""
    haproxy.install(lab)
    lab.server.write("/run/plain.key", certificates.good().key_pem)
    lab.server.sh("openssl pkey -in /run/plain.key -aes256 -passout pass:secret -out /run/own.key")
    lab.server.write(PEM, certificates.good().chain + lab.server.read("/run/own.key"), 0o600)
    lab.server.sh("rm /run/plain.key /run/own.key; haproxy -W -D -f /etc/haproxy/haproxy.cfg || :")


@haproxy_scenario(
    outside="tls.plain-http",
    server="server.haproxy-tls-in-tcp-mode",
    also=("http.port-closed",),
    manual="a person decides who ends TLS",
)
def haproxy_passes_tls_to_plain(lab: Lab) -> None:
    """mode tcp without ssl, and a plain port behind it."""
    text = f"{GLOBAL}\nfrontend https\n    bind :443\n    mode tcp\n    default_backend app\n"
    haproxy.serve(lab, f"{text}\nbackend app\n    mode tcp\n{SERVER}\n", 443)


@haproxy_scenario(
    outside="http.plain-to-tls-port",
    server="server.application-speaks-tls",
    target="http://shop.example.com/",
    manual="the site has no TLS of its own",
)
def haproxy_passes_plain_http_to_tls(lab: Lab) -> None:
    """https://serverfault.com/questions/830050/haproxy-as-reverse-proxy-for-aws-api-gateway: the
    port is that of https, and `ssl` is forgotten; visitors use http."""
    haproxy.install(lab, keep_nginx=True)
    page = site.HTTPS.partition("  location /ws")[0].replace("443 ssl", "127.0.0.1:8443 ssl")
    lab.server.write(site.CONF, f"{page}}}\n")
    lab.restart_nginx()
    text = f"{GLOBAL}\nfrontend web\n    bind :80\n    default_backend app\nbackend app\n"
    lab.server.write(haproxy.CONFIG, f"{text}    server app1 127.0.0.1:8443\n")
    haproxy.start(lab, 80)


#: Refuses plain HTTP at its port of TLS as CloudFront does, without a word of TLS.
CLOUD = f"""\
import socket, ssl, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain({site.PEM!r}, {site.KEY!r})
def answer(stream, status, body):
    stream.recv(65536)
    stream.sendall(f"HTTP/1.0 {{status}}\\r\\n\\r\\n".encode() + body)
    stream.close()
def serve(stream):
    try:
        if stream.recv(1, socket.MSG_PEEK) != b"\\x16":
            answer(stream, "400 Bad Request", b"<h1>400 ERROR</h1>Bad request.")
        else:
            answer(context.wrap_socket(stream, server_side=True), "200 OK", b"[1, 2, 3]")
    except OSError:
        pass
listener = socket.create_server(("127.0.0.1", 9443))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def cloud(lab: Lab, options: str) -> None:
    lab.server.write("/opt/app/cloud.py", CLOUD)
    lab.spawn(lab.server, lab.server.python("/opt/app/cloud.py"), 9443)
    lab.server.write(site.PEM, certificates.good().chain)
    lab.server.write(site.KEY, certificates.good().key_pem, 0o600)
    haproxy.serve(lab, SITE.replace(":3000", f":9443{options}"))


@haproxy_scenario(
    outside=None,
    server="server.application-speaks-tls",
    manual="the application has no WebSocket",
)
def haproxy_passes_plain_http_to_a_cloud(lab: Lab) -> None:
    """https://serverfault.com/questions/830050/haproxy-as-reverse-proxy-for-aws-api-gateway: the
    port of TLS answers plain HTTP with 400, and does not say why."""
    cloud(lab, "")


@healthy_haproxy()
def haproxy_passes_tls_to_a_cloud(lab: Lab) -> None:
    """The same with `ssl` and the name."""
    cloud(lab, f" ssl verify none sni str({site.NAME})")


@haproxy_scenario(
    outside="tls.name-rejected",
    server="server.haproxy-name-without-certificate",
    manual="a person writes the name",
)
def haproxy_list_has_another_name(lab: Lab) -> None:
    """strict-sni, and the crt-list gives the file to www alone."""
    listed = SITE.replace(f"crt {PEM}", "crt-list /etc/haproxy/list.txt strict-sni")
    haproxy.install(lab, listed)
    lab.server.write("/etc/haproxy/list.txt", f"{PEM} www.example.com\n")
    haproxy.start(lab)


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    manual="a person writes the condition",
)
def haproxy_redirect_asks_for_a_header(lab: Lab) -> None:
    """After an issue of wg-easy's about a loop behind HAProxy: nobody in front sends
    X-Forwarded-Proto, and this frontend ends TLS itself."""
    rule = "http-request redirect scheme https unless { hdr(X-Forwarded-Proto) -i https }"
    haproxy.serve(lab, SITE.replace("http-request set-header X-Forwarded-Proto https", rule))


@haproxy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-behind-terminator",
    differs=(haproxy.CONFIG,),
)
def haproxy_redirects_behind_nginx(lab: Lab) -> None:
    """nginx ends TLS and passes on in plain HTTP; HAProxy redirects all that has no TLS."""
    rule = "    redirect scheme https code 301 if !{ ssl_fc }\n"
    front = f"frontend inner\n    bind :8080\n{rule}    default_backend app\n"
    haproxy.install(lab, f"{GLOBAL}\n{front}\nbackend app\n{SERVER}\n", keep_nginx=True)
    haproxy.start(lab, 8080)
    scheme = "    proxy_set_header X-Forwarded-Proto https;\n"
    lab.edit("    proxy_read_timeout", f"{scheme}    proxy_read_timeout")
    lab.change("127.0.0.1:3000", "127.0.0.1:8080")


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-server",
    manual="only its owner knows where the application listens",
)
def haproxy_backend_has_no_server(lab: Lab) -> None:
    """The lines `server` were taken away, or are in another section."""
    haproxy.serve(lab, SITE.replace(SERVER, "    option forwardfor"))


LIST = "/etc/haproxy/crt-list.txt"


@haproxy_scenario(
    outside=None,
    server="server.haproxy-key-missing",
    manual="which key?",
)
def haproxy_list_names_a_chain_without_a_key(lab: Lab) -> None:
    """Of a crt-list HAProxy writes the reason into a second row."""
    haproxy.serve(lab)
    lab.server.write("/etc/haproxy/chain.pem", certificates.good().chain)
    lab.server.write(LIST, f"/etc/haproxy/chain.pem {site.NAME}\n")
    haproxy.edit(lab, f"crt {haproxy.PEM}", f"crt-list {LIST}")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_list_names_the_bundle(lab: Lab) -> None:
    lab.server.write(LIST, f"{haproxy.PEM} {site.NAME}\n")
    haproxy.serve(lab, SITE.replace(f"crt {haproxy.PEM}", f"crt-list {LIST}"))


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-no-server", differs=(haproxy.CONFIG,)
)
def haproxy_check_speaks_tls_with_plain_http(lab: Lab) -> None:
    """`check-ssl`, and the application has no TLS."""
    unavailable(lab, SITE.replace(":3000", ":3000 check check-ssl verify none inter 200ms fall 2"))


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-no-server", differs=(haproxy.CONFIG,)
)
def haproxy_weight_is_zero(lab: Lab) -> None:
    """The server was to run dry, and the line stayed."""
    unavailable(lab, SITE.replace(":3000", ":3000 check weight 0"))


@healthy_haproxy()
def haproxy_weight_of_one_server_is_zero(lab: Lab) -> None:
    other = f"{SERVER} check weight 0\n{SERVER.replace('app1', 'app2')} check"
    haproxy.serve(lab, SITE.replace(SERVER, other))

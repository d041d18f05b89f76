"""What people asked about nginx, HTTPS and what stands behind it, after their threads."""

from .. import certificates, site
from ..lab import BUNDLE, SERVER, Lab
from ..scenario import UNLOGGED, healthy, scenario
from .addresses import EDGE, OTHER, PASSED_ON, other_machine
from .firewall import firewalld

MINE = (site.CONF,)
WS = ("--ws", "/ws")
HOST = "    proxy_set_header Host $http_host;\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
SOCKET = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
TIMEOUT = "  ssl_session_timeout 5m;\n"
FOLDER = "/etc/nginx/ssl"
ANOTHER_BLOCK = {"panel": "the second block would need a file of the panel"}
VERIFIED = f"    proxy_ssl_verify on;\n    proxy_ssl_trusted_certificate {BUNDLE};\n"

#: One WebSocket that stays open.
_HOLD = """
import socket, ssl, sys, time
raw = socket.create_connection(("shop.example.com", 443))
tls = ssl.create_default_context().wrap_socket(raw, server_hostname="shop.example.com")
tls.sendall(b"GET /ws HTTP/1.1\\r\\nHost: shop.example.com\\r\\nUpgrade: websocket\\r\\n"
    b"Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
tls.recv(99)
open("/run/held", "w").close()
time.sleep(600)
"""


def _inner(lines: str, port: int, more: str = "") -> str:
    """One more block of this nginx, which plays the application."""
    return f"server {{\n  listen 127.0.0.1:{port}{more};\n{lines}}}\n"


def _add(lab: Lab, block: str, old: str, new: str) -> None:
    lab.edit(old, new)
    lab.change(site.MAP, f"{site.MAP}\n{block}")


def _tls_application(lab: Lab, page: str, name: str, lines: str = "") -> None:
    """An application that speaks https, with a certificate for this name."""
    issued = certificates.leaf(name)
    lab.server.write(f"{FOLDER}/app.pem", issued.chain)
    lab.server.write(f"{FOLDER}/app.key", issued.key_pem, 0o600)
    own = f"  ssl_certificate {FOLDER}/app.pem;\n  ssl_certificate_key {FOLDER}/app.key;\n"
    block = _inner(f"{own}{lines}  location / {{ return 200 app; }}\n", 3443, " ssl")
    _add(lab, block, PAGES, PAGES.replace(PASS, f"    proxy_pass https://127.0.0.1:3443;\n{page}"))


# TLS


@scenario(outside="tls.no-browser-group", differs=MINE)
def curve_that_chrome_does_not_offer(lab: Lab) -> None:
    """ssl_ecdh_curve secp521r1, after threads about ERR_SSL_VERSION_OR_CIPHER_MISMATCH of Chrome
    only; curl and Firefox open the site."""
    lab.change(TIMEOUT, f"{TIMEOUT}  ssl_ecdh_curve secp521r1;\n")


@healthy()
def curve_that_chrome_does_not_offer_comes_first(lab: Lab) -> None:
    """The server prefers P-521, and takes the others too."""
    lab.change(TIMEOUT, f"{TIMEOUT}  ssl_ecdh_curve secp521r1:X25519:prime256v1;\n")


@scenario(outside="tls.name-rejected", differs=MINE)
def site_rejects_its_own_handshakes(lab: Lab) -> None:
    """The block of the default server was copied with its ssl_reject_handshake, after questions
    about ERR_SSL_UNRECOGNIZED_NAME_ALERT."""
    lab.change(TIMEOUT, f"{TIMEOUT}  ssl_reject_handshake on;\n")


@scenario(
    outside="tcp.refused",
    server="listener.missing",
    differs=MINE,
)
def listens_for_http3_alone(lab: Lab) -> None:
    """listen 443 quic, which opens no TCP port, in the place of listen 443 ssl."""
    lab.change("listen 443 ssl;\n", "listen 443 quic reuseport;\n")


@healthy()
def http3_is_offered(lab: Lab) -> None:
    """listen 443 quic beside ssl, and Alt-Svc, after nginx's own documentation."""
    firewalld(lab, "--zone=public --add-port=443/udp")
    _offer_http3(lab)


@scenario(
    outside=None,
    server="firewall.http3-closed",
    differs=("/etc/firewalld/zones/public.xml", "rules"),
)
def http3_is_offered_behind_a_firewall(lab: Lab) -> None:
    """The same, and firewalld's service https opens TCP alone; after threads about slow pages in
    Chrome after HTTP/3 was turned on."""
    _offer_http3(lab)


def _offer_http3(lab: Lab) -> None:
    quic = "listen 443 ssl;\n  listen 443 quic reuseport;\n"
    lab.change("listen 443 ssl;\n", f"{quic}  add_header Alt-Svc 'h3=\":443\"; ma=86400';\n")


@healthy()
def obsolete_directives_of_http_2(lab: Lab) -> None:
    """http2_push_preload and http2_max_field_size only warn since 1.25."""
    lines = "  http2 on;\n  http2_push_preload on;\n  http2_max_field_size 16k;\n"
    lab.change(TIMEOUT, TIMEOUT + lines)


# Between nginx and the application


@scenario(
    outside="upstream.client-certificate-required", manual="a certificate has to be issued",
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def application_wants_a_certificate_of_nginx(lab: Lab) -> None:
    """400 "No required SSL certificate was sent" for every visitor, after an issue of NiFi behind
    nginx."""
    lab.server.write(f"{FOLDER}/ca.pem", certificates.root().pem)
    verify = f"  ssl_client_certificate {FOLDER}/ca.pem;\n  ssl_verify_client on;\n"
    _tls_application(lab, "", "app.internal", verify)


@scenario(
    outside="http.server-error", server="upstream.certificate-rejected", differs=(site.CONF,),
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def application_has_a_certificate_for_another_name(lab: Lab) -> None:
    """ "upstream SSL certificate does not match", after issue 314 of nginx."""
    _tls_application(lab, f"{VERIFIED}    proxy_ssl_name shop.internal;\n", "app.internal")


@scenario(
    outside="http.server-error", server="upstream.certificate-rejected", differs=(site.CONF,),
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def chain_of_the_application_is_too_deep(lab: Lab) -> None:
    """ "unable to get local issuer certificate": proxy_ssl_verify_depth, after issue 1409 of nginx
    about the chains of Let's Encrypt with two intermediates."""
    _tls_application(
        lab,
        f"{VERIFIED}    proxy_ssl_verify_depth 0;\n    proxy_ssl_name app.internal;\n",
        "app.internal",
    )


@scenario(outside="http.server-error", server="upstream.proxied-to-itself", differs=(site.CONF,))
def site_is_proxied_to_itself(lab: Lab) -> None:
    """proxy_pass with the site's own name, after questions about "Request Header Or Cookie Too
    Large" and worker_connections."""
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}{SERVER} shop.example.com\n")
    page = PAGES.replace("http://127.0.0.1:3000", "https://shop.example.com")
    grows = f"    proxy_set_header X-Trail '$http_x_trail {'x' * 1000}';\n"
    lines = f"1.1;\n    proxy_ssl_server_name on;\n{grows}"
    lab.change(PAGES, page.replace("1.1;\n", lines))


@scenario(outside="http.server-error", server="upstream.bind-failed", differs=(site.CONF,))
def address_of_the_old_server_is_bound(lab: Lab) -> None:
    """proxy_bind came along when the site moved, after questions about "bind() failed (99: Cannot
    assign requested address)"."""
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}    proxy_bind 203.0.113.99;\n"))


@scenario(outside=None, server="upstream.servers-differ", differs=(site.CONF,))
def server_of_the_group_is_another_program(lab: Lab) -> None:
    """404 on some pages, after questions about "sometimes 404" behind a load balancer. Which server
    a page comes from shall not depend on the turn: the hash of "/" leads to the second one."""
    text = "  location / { return 404; }\n"
    servers = "  server 127.0.0.1:3000;\n  server 127.0.0.1:3001;\n"
    group = f"upstream shop {{\n  hash $request_uri;\n{servers}}}\n"
    _add(lab, group + _inner(text, 3001), PAGES, PAGES.replace("127.0.0.1:3000", "shop"))


@scenario(outside="http.server-error", server="upstream.none-live", differs=(site.CONF,))
def only_server_of_the_group_is_marked_down(lab: Lab) -> None:
    """ "no live upstreams", and nothing failed: the word was forgotten after maintenance."""
    group = "upstream shop {\n  server 127.0.0.1:3000 down;\n}\n"
    _add(lab, group, PAGES, PAGES.replace("127.0.0.1:3000", "shop"))


@scenario(
    outside="http.server-error", server="upstream.none-live", differs=(site.CONF,),
    not_on={**ANOTHER_BLOCK, **UNLOGGED},
)  # fmt: skip
def one_path_that_answers_503_takes_every_server_out(lab: Lab) -> None:
    """https://github.com/decocms/studio/pull/4185: proxy_next_upstream counts what the application
    answers itself."""
    _counted(lab, "http_502 http_503")


@healthy()
def one_path_that_answers_503_counts_for_nothing(lab: Lab) -> None:
    _counted(lab, "invalid_header")


def _counted(lab: Lab, errors: str) -> None:
    text = "  location /dead { return 503; }\n  location / { return 200 ok; }\n"
    servers = "".join(f"  server 127.0.0.1:{port} fail_timeout=600s;\n" for port in (3001, 3002))
    group = f"upstream shop {{\n  zone shop 64k;\n{servers}}}\n"
    passed = PASS.replace("127.0.0.1:3000", "shop")
    page = PAGES.replace(PASS, f"{passed}    proxy_next_upstream error timeout {errors};\n")
    _add(lab, group + _inner(text, 3001) + _inner(text, 3002), PAGES, page)
    # The last attempt of a request does not count.
    for _ in range(4):
        lab.client.run(["curl", "-sk", f"https://{site.NAME}/dead"])
    lab.server.sh("truncate -s 0 /var/log/nginx/access.log")


@scenario(
    outside="http.server-error",
    server="upstream.none-live",
    manual="a limit is a person's choice",
    not_on=UNLOGGED,
)
def websockets_have_used_up_max_conns(lab: Lab) -> None:
    """max_conns counts open WebSockets, after nginx's documentation of the parameter."""
    lab.edit(SOCKET, SOCKET.replace("127.0.0.1:3000", "shop"))
    group = "upstream shop {\n  zone shop 64k;\n  server 127.0.0.1:3000 max_conns=1;\n}\n"
    _add(lab, group, PAGES, PAGES.replace("127.0.0.1:3000", "shop"))
    held = lab.client.path("/run/held")
    held.unlink(missing_ok=True)
    lab.spawn(lab.client, ["/usr/bin/python3", "-c", _HOLD], held.exists)


@scenario(
    outside="http.redirect-loop", server="upstream.wrong-host-header", differs=MINE,
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def application_redirects_to_its_name_for_ever(lab: Lab) -> None:
    """Without Host an application redirects to its canonical name: WordPress and Discourse do,
    after many threads about ERR_TOO_MANY_REDIRECTS."""
    rule = (
        "if ($http_host != shop.example.com) { return 301 https://shop.example.com$request_uri; }"
    )
    block = _inner(f"  location / {{ {rule} return 200 app; }}\n", 3001)
    _add(lab, block, PAGES, PAGES.replace("3000", "3001").replace(HOST, ""))


@scenario(outside="http.host-refused", server="http.error-in-front", manual=EDGE)
def edge_does_not_pass_the_host_on(lab: Lab) -> None:
    """An nginx on another machine, with proxy_pass and no Host, after questions about
    DisallowedHost."""
    other_machine(lab, PASSED_ON.replace("    proxy_set_header Host $host;\n", ""))
    lab.dns([OTHER])
    lab.application("--mode", "site-host")


@healthy()
def file_of_passwords_is_readable(lab: Lab) -> None:
    """auth_basic, and everything is there."""
    _guard(lab)
    lab.server.write("/etc/nginx/.htpasswd", "alice:$apr1$x$5uG8gWbGsqVQ3xkmyBYbZ/\n")


@scenario(
    outside=None, server="nginx.password-file-unreadable", manual="nobody knows the passwords"
)
def file_of_passwords_is_missing(lab: Lab) -> None:
    """403 after the right password: auth_basic_user_file names a file that is not there, after
    questions about "open() .htpasswd failed (2: No such file or directory)"."""
    _guard(lab)


@scenario(outside=None, server="nginx.password-file-unreadable", manual="its group is a choice")
def file_of_passwords_is_roots_alone(lab: Lab) -> None:
    """500 after the right password: made by htpasswd with umask 077."""
    _guard(lab)
    lab.server.write("/etc/nginx/.htpasswd", "alice:$apr1$x$5uG8gWbGsqVQ3xkmyBYbZ/\n", 0o600)


def _guard(lab: Lab) -> None:
    lines = "    auth_basic Shop;\n    auth_basic_user_file /etc/nginx/.htpasswd;\n"
    lab.change(PAGES, PAGES.replace("  location / {\n", f"  location / {{\n{lines}"))


# WebSockets, cookies, events


@scenario(outside="websocket.not-upgraded", args=WS, differs=MINE)
def upgrade_is_hidden_from_websockets(lab: Lab) -> None:
    """proxy_hide_header Upgrade, advised against h2,h2c of an Apache, takes the field from the 101
    as well."""
    lab.change(TIMEOUT, f"{TIMEOUT}  proxy_hide_header Upgrade;\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", args=WS,
    differs=MINE,
)  # fmt: skip
def map_asks_for_the_wrong_value(lab: Lab) -> None:
    """map $http_upgrade with "upgrade" in place of "websocket": Connection is always close."""
    wrong = site.MAP.replace("default upgrade", "default close").replace(
        "''      close", "upgrade upgrade"
    )
    lab.change(site.MAP, wrong)


@healthy(args=WS)
def connection_is_a_list(lab: Lab) -> None:
    """Connection "keep-alive, Upgrade", as browsers send it themselves (Firefox)."""
    lab.change("Connection $connection_upgrade", 'Connection "keep-alive, Upgrade"')


@scenario(outside="http.redirect-loop", manual="the application sets it", not_on=ANOTHER_BLOCK)
def cookie_is_for_the_applications_name(lab: Lab) -> None:
    """A login that comes back for ever: Set-Cookie names the inner host as Domain, after questions
    about proxy_cookie_domain."""
    _cookie(lab, "Path=/; Domain=app.internal")


@healthy(not_on=ANOTHER_BLOCK)
def cookie_has_to_come_back_once(lab: Lab) -> None:
    """The same with a cookie that browsers take."""
    _cookie(lab, "Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None")


def _cookie(lab: Lab, attributes: str) -> None:
    block = _inner(
        f"""  location / {{
    if ($http_cookie ~ session) {{ return 200 app; }}
    add_header Set-Cookie 'session=1; {attributes}' always;
    return 302 https://shop.example.com/;
  }}
""",
        3001,
    )
    _add(lab, block, PAGES, PAGES.replace("3000", "3001"))


EVENTS = f"https://{site.NAME}/events"


def _events(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", "events", "3005"), 3005)
    location = f"  location /events {{\n    proxy_pass http://127.0.0.1:3005;\n{lines}  }}\n"
    lab.change(PAGES, PAGES + location)


@healthy(target=EVENTS)
def events_are_compressed_and_not_buffered(lab: Lab) -> None:
    """gzip for text/event-stream: with proxy_buffering off nginx flushes after each event."""
    gzip = "    gzip on;\n    gzip_types text/event-stream;\n    gzip_min_length 0;\n"
    _events(lab, f"{gzip}    proxy_http_version 1.1;\n    proxy_buffering off;\n")


@scenario(
    outside="http.server-error",
    server="upstream.stream-buffered",
    target=EVENTS,
    differs=MINE,
)
def events_are_compressed_and_held_back(lab: Lab) -> None:
    """The same without proxy_buffering off, after issue 1505 of nginx."""
    gzip = "    gzip on;\n    gzip_types text/event-stream;\n    gzip_min_length 0;\n"
    _events(lab, f"{gzip}    proxy_http_version 1.1;\n")


# Redirects and folders


@scenario(
    outside="http.redirect-loop", target=f"https://{site.NAME}/docs", manual="a rule has to go"
)
def slash_is_taken_away_and_added(lab: Lab) -> None:
    """rewrite ^/(.+)/$ /$1 permanent beside a folder, to which nginx adds the slash."""
    lab.server.write("/srv/shop/docs/index.html", "<p>docs")
    lab.server.write("/srv/shop/index.html", "<p>shop")
    rule = "  rewrite ^/(.+)/$ /$1 permanent;\n"
    lab.change(PAGES, f"{rule}  location / {{\n    root /srv/shop;\n  }}\n\n")


@healthy()
def robots_get_no_answer(lab: Lab) -> None:
    """return 444 for curl, Python and those without a name."""
    rule = "    if ($http_user_agent ~* 'curl|python|wget|^$') { return 444; }\n"
    lab.change(PAGES, PAGES.replace("  location / {\n", f"  location / {{\n{rule}"))


@healthy()
def every_program_gets_no_answer(lab: Lab) -> None:
    """return 444 for everything that does not call itself Mozilla."""
    rule = "    if ($http_user_agent !~ Mozilla) { return 444; }\n"
    lab.change(PAGES, PAGES.replace("  location / {\n", f"  location / {{\n{rule}"))


@healthy()
def every_program_is_forbidden(lab: Lab) -> None:
    rule = "    if ($http_accept_language = '') { return 403; }\n"
    lab.change(PAGES, PAGES.replace("  location / {\n", f"  location / {{\n{rule}"))


# A line that nginx reads otherwise

NAME_LINE = "  listen 443 ssl;\n  server_name shop.example.com;"


def _beside_another_site(lab: Lab, lines: str) -> None:
    blog = site.HTTPS.replace("server_name shop.example.com", "server_name blog.example.com")
    start = blog.index("  location / {")
    lab.server.write("/etc/nginx/conf.d/a-blog.conf", f"{blog[:start]}  return 404;\n}}\n")
    lab.undo(lambda: lab.server.path("/etc/nginx/conf.d/a-blog.conf").unlink())
    lab.change(NAME_LINE, f"  listen 443 ssl;\n{lines}")


@scenario(
    outside=None, server="nginx.semicolon-missing", differs=MINE,
    not_on={"panel": "its sites lie elsewhere", "built-*": "its sites lie elsewhere"},
)  # fmt: skip
def name_became_a_part_of_index(lab: Lab) -> None:
    """A semicolon is missing in the line before, after an issue of pkgsrc about SNI."""
    _beside_another_site(lab, "  index index.html index.php\n  server_name shop.example.com;")


@healthy(not_on={"panel": "its sites lie elsewhere", "built-*": "its sites lie elsewhere"})
def names_on_several_lines(lab: Lab) -> None:
    lines = (
        "  index index.html\n    index.php;\n  server_name shop.example.com\n    www.example.com;"
    )
    _beside_another_site(lab, lines)


def _plain_alone(lab: Lab, location: str) -> None:
    """Another site's block on port 443, with a certificate of both, and the site's own on 8080."""
    lab.server.write("/srv/blog/index.html", "<h1>Blog</h1><p>What we write about.</p>")
    secure = site.HTTPS[: site.HTTPS.index("  location / {")]
    secure = secure.replace("server_name shop.example.com", "server_name blog.example.org")
    plain = f"server {{\n  listen 8080;\n  server_name shop.example.com;\n  {location}\n}}\n"
    lab.server.write(site.CONF, f"{secure}  root /srv/blog;\n}}\n{site.HTTP}{plain}")
    lab.restart_nginx()


@scenario(
    outside=None, server="nginx.no-matching-server", manual="the block has to be written"
)  # fmt: skip
def site_is_on_another_port_alone(lab: Lab) -> None:
    """After questions about https that shows another site of the server."""
    _plain_alone(lab, "location / { proxy_pass http://127.0.0.1:3000; }")


@healthy()
def redirect_to_a_block_of_other_names(lab: Lab) -> None:
    """One block serves both names on 443: the redirect leads there on purpose."""
    _plain_alone(lab, "return 301 https://$host$request_uri;")

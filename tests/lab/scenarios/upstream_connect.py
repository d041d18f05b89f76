"""Between nginx and the application."""

from .. import site
from ..lab import ROUTER, SERVER, Lab
from ..scenario import UNLOGGED, healthy, scenario

MINE = (site.CONF,)
DIRECT = "http://127.0.0.1:3000"
SOCKET = "/run/app/app.sock"
ANOTHER_HOST = "the application's host is not ours"
APPLICATION = "the application has to be started"

#: A server that speaks TLS for one name only, in front of the application.
BY_NAME = f"""
server {{
  listen 127.0.0.1:8443 ssl default_server;
  ssl_reject_handshake on;
}}
server {{
  listen 127.0.0.1:8443 ssl;
  server_name app.internal;
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  location / {{
    proxy_pass {DIRECT};
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
  }}
}}
"""
#: The same without TLS, as another nginx would be.
PLAIN = BY_NAME.replace("8443 ssl default_server", "8080 default_server").replace(
    "8443 ssl", "8080"
)
BEHIND = "/etc/nginx/conf.d/behind.conf"


def behind(lab: Lab, text: str) -> None:
    lab.server.write(BEHIND, text)
    lab.undo(lambda: lab.server.path(BEHIND).unlink(missing_ok=True))


def hosts(lab: Lab, *lines: str) -> None:
    own = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", own + "".join(f"{line}\n" for line in lines))


def proxied(lab: Lab, to: str) -> None:
    lab.change(DIRECT, to)


def by_socket(lab: Lab, mode: str, owner: str = "root:root", folder: str = "755") -> None:
    """The application on a Unix socket."""
    lab.server.sh(f"rm -rf /run/app; mkdir -m {folder} /run/app")
    lab.application_service.ready = lambda: lab.server.path(SOCKET).exists()
    lab.application_service.argv = lab._application_argv("--unix", SOCKET)
    lab.application_service.restart()
    lab.server.sh(f"chown {owner} {SOCKET}; chmod {mode} {SOCKET}")
    proxied(lab, f"http://unix:{SOCKET}")


def elsewhere(lab: Lab, rule: str = "", *options: str) -> None:
    """The application on another host: the router, whose rules let that port not in."""
    program = lab.application_service.argv[1]
    argv = lab.router.python(program, "--host", ROUTER[1], "--port", "3000", *options)
    lab.spawn(lab.router, argv, 3000)
    if rule:
        lab.router.sh(f"""
            nft add chain inet cloud input '{{ type filter hook input priority 0; }}'
            nft add rule inet cloud input tcp dport 3000 {rule}
        """)
    proxied(lab, f"http://{ROUTER[1]}:3000")


# Unix sockets


@scenario(outside="http.server-error", server="upstream.socket-unreachable", manual=APPLICATION)
def socket_is_missing(lab: Lab) -> None:
    """The application listens on a port, and proxy_pass names a socket."""
    proxied(lab, f"http://unix:{SOCKET}")


@scenario(outside="http.server-error", server="upstream.socket-unreachable", differs=MINE)
def socket_is_in_another_folder(lab: Lab) -> None:
    """The same socket, made somewhere else."""
    by_socket(lab, "666")
    lab.change(SOCKET, "/run/app.sock")


@scenario(outside="http.server-error", server="upstream.socket-unreachable", manual=APPLICATION)
def socket_was_left_behind(lab: Lab) -> None:
    """The application has ended and its socket is still there."""
    by_socket(lab, "666")
    lab.application_service.stop()


@scenario(
    outside="http.server-error", server="upstream.socket-unreachable",
    differs=("/etc/group", "/etc/gshadow"),
)  # fmt: skip
def socket_belongs_to_a_group(lab: Lab) -> None:
    """Mode 0660, and nginx's user is not in the group."""
    before = lab.server.read("/etc/group"), lab.server.read("/etc/gshadow")

    def back() -> None:
        lab.server.write("/etc/group", before[0])
        lab.server.write("/etc/gshadow", before[1], 0o640)

    lab.undo(back)
    by_socket(lab, "660", "root:games")


@scenario(outside="http.server-error", server="upstream.socket-unreachable", manual="who may?")
def socket_is_roots_alone(lab: Lab) -> None:
    """Mode 0755, as most programs leave it: only root may write to it."""
    by_socket(lab, "755")


@scenario(outside="http.server-error", server="upstream.socket-unreachable", manual="who may?")
def socket_in_a_closed_folder(lab: Lab) -> None:
    """The socket is open to everybody, the folder is not."""
    by_socket(lab, "666", folder="700")


@healthy(args=("--ws", "/ws"))
def application_on_a_socket(lab: Lab) -> None:
    """As it should be."""
    by_socket(lab, "666")


@healthy()
def group_with_a_socket(lab: Lab) -> None:
    """By an upstream block."""
    by_socket(lab, "660", "root:www-data", "711")
    lab.edit(site.MAP, f"{site.MAP}upstream app {{ server unix:{SOCKET}; keepalive 8; }}\n")
    lab.change(f"http://unix:{SOCKET}", "http://app")


# localhost


@healthy()
def localhost_is_two_addresses(lab: Lab) -> None:
    """The application listens on 127.0.0.1 alone: nginx finds its way."""
    proxied(lab, "http://localhost:3000")


@scenario(outside="http.server-error", server="upstream.ipv6-localhost", differs=MINE)
def localhost_is_tried_once(lab: Lab) -> None:
    """proxy_next_upstream off: every other request is lost."""
    lab.server.write("/etc/hosts", "::1 localhost\n127.0.0.1 localhost\n")
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_next_upstream off;")
    lab.edit(site.MAP, f"{site.MAP}upstream app {{ server localhost:3000 max_fails=0; hash b; }}\n")
    proxied(lab, "http://app")


@scenario(outside="http.server-error", server="upstream.tls-to-plain", differs=MINE)
def localhost_is_asked_over_tls(lab: Lab) -> None:
    """Issue 2417 of Mailu/Mailu: https in the place of http. That ::1 refuses is not the reason."""
    proxied(lab, "https://localhost:3000")


@scenario(
    outside="http.server-error", server="upstream.header-too-big", differs=MINE,
    also=("upstream.ipv6-localhost",),
)  # fmt: skip
def localhost_sends_a_large_head(lab: Lab) -> None:
    """9 kB of cookies. That ::1 refuses is not the reason, but it takes other requests along: after
    such an answer nginx has no server left for ten seconds."""
    lab.application("--mode", "large-head")
    proxied(lab, "http://localhost:3000")


@healthy()
def localhost_by_both_families(lab: Lab) -> None:
    """The application listens on ::1 as well."""
    program = lab.application_service.argv[1]
    lab.spawn(
        lab.server,
        lab.server.python(program, "--host", "::1"),
        lambda: "tcp6 00000000000000000000000001000000:0BB8" in lab.server.listeners(),
    )
    proxied(lab, "http://localhost:3000")


# TLS to the application


def websocket_alone(lab: Lab, to: str, *options: str) -> None:
    """An application of its own for the WebSocket, on another port."""
    program = lab.application_service.argv[1]
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001", *options), 3001)
    rest = site.HTTPS[site.HTTPS.index("location /ws") :]
    lab.change(rest, rest.replace(DIRECT, to))


@scenario(
    outside="websocket.not-upgraded",
    server="upstream.plain-to-tls",
    differs=MINE,
    args=("--ws", "/ws"),
)
def websocket_application_with_tls(lab: Lab) -> None:
    """The page comes; the WebSocket's own application speaks TLS."""
    websocket_alone(
        lab, "http://127.0.0.1:3001", "--certificate", site.PEM, "--key", site.KEY
    )  # fmt: skip


@scenario(
    outside="websocket.not-upgraded",
    server="upstream.tls-to-plain",
    differs=MINE,
    args=("--ws", "/ws"),
)
def websocket_application_without_tls(lab: Lab) -> None:
    """The page comes; the WebSocket's own application is spoken to in TLS, and waits."""
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_connect_timeout 1s;")
    websocket_alone(lab, "https://127.0.0.1:3001")


@scenario(outside="http.server-error", server="upstream.tls-to-plain", differs=MINE)
def tls_to_an_application_that_waits(lab: Lab) -> None:
    """https:// to a plain application, which goes on reading: nginx waits a second, then 504."""
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_connect_timeout 1s;")
    proxied(lab, "https://127.0.0.1:3000")


@scenario(outside="http.server-error", server="upstream.tls-to-plain", differs=MINE)
def tls_to_a_plain_server(lab: Lab) -> None:
    """https:// to a server that answers 400 in plain text."""
    behind(lab, PLAIN.replace("  ssl_reject_handshake on;\n", "  return 404;\n"))
    hosts(lab, "127.0.0.1 app.internal")
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    proxied(lab, "https://app.internal:8080")


@scenario(outside="http.server-error", server="upstream.plain-to-tls", differs=MINE)
def plain_to_an_application_with_tls(lab: Lab) -> None:
    """http:// to an application that speaks TLS, and says so by an alert at most."""
    lab.application("--certificate", site.PEM, "--key", site.KEY)


@scenario(outside="http.plain-to-tls-port", server="upstream.plain-to-tls", differs=MINE)
def plain_to_a_server_with_tls(lab: Lab) -> None:
    """http:// to another nginx, which answers 400 and says why."""
    behind(lab, BY_NAME.replace("  ssl_reject_handshake on;\n", f"""\
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  return 404;
"""))  # fmt: skip
    hosts(lab, "127.0.0.1 app.internal")
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    proxied(lab, "http://app.internal:8443")


#: Another nginx whose port of TLS refuses plain HTTP with a page of its own.
REFUSES = BY_NAME.replace("  ssl_reject_handshake on;\n", f"""\
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  return 404;
""").replace("  server_name app.internal;\n", """\
  server_name app.internal;
  error_page 497 =400 /refused;
  location = /refused { return 400 "Bad request."; }
""")  # fmt: skip


def refusing(lab: Lab, to: str, text: str = REFUSES) -> None:
    behind(lab, text)
    hosts(lab, "127.0.0.1 app.internal")
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    proxied(lab, to)


@scenario(outside=None, server="upstream.plain-to-tls", differs=MINE)
def plain_to_a_server_with_tls_that_says_nothing(lab: Lab) -> None:
    """http:// to a port of TLS that answers 400 and not why, after answer 1025111 of
    https://serverfault.com/questions/830050."""
    refusing(lab, "http://app.internal:8443")


@healthy()
def tls_to_a_server_that_refuses_plain_requests(lab: Lab) -> None:
    """The same server, and nginx speaks TLS to it."""
    refusing(lab, "https://app.internal:8443")


@scenario(outside="http.server-error", server="upstream.sni-missing", differs=MINE)
def name_not_sent_to_the_application(lab: Lab) -> None:
    """The application's TLS wants a name, and nginx sends none by default."""
    behind(lab, BY_NAME)
    hosts(lab, "127.0.0.1 app.internal")
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    proxied(lab, "https://app.internal:8443")


@scenario(outside="http.server-error", server="upstream.sni-missing", differs=MINE)
def wrong_name_sent_to_the_application(lab: Lab) -> None:
    """proxy_ssl_server_name is on, and the name is that of the upstream block."""
    behind(lab, BY_NAME)
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_ssl_server_name on;")
    lab.edit(site.MAP, f"{site.MAP}upstream app {{ server 127.0.0.1:8443; }}\n")
    proxied(lab, "https://app")


@healthy(args=("--ws", "/ws"))
def application_with_a_certificate_of_its_own(lab: Lab) -> None:
    """https:// to a certificate that nobody issued: nginx does not verify it."""
    lab.server.sh("""
        openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/own.key -out /run/own.pem \\
          -subj /CN=app -days 30
    """)
    lab.application("--certificate", "/run/own.pem", "--key", "/run/own.key")
    proxied(lab, "https://127.0.0.1:3000")


@healthy()
def application_that_wants_a_name_and_gets_it(lab: Lab) -> None:
    """proxy_ssl_server_name on."""
    behind(lab, BY_NAME)
    hosts(lab, "127.0.0.1 app.internal")
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_ssl_server_name on;")
    lab.edit("proxy_set_header Host $http_host", "proxy_set_header Host app.internal")
    proxied(lab, "https://app.internal:8443")


# Another host


@scenario(outside="http.server-error", server="upstream.unreachable", manual=ANOTHER_HOST)
def application_behind_a_firewall_that_rejects(lab: Lab) -> None:
    """113: No route to host."""
    elsewhere(lab, "reject with icmpx admin-prohibited")


@scenario(outside="http.server-error", server="upstream.unreachable", manual=ANOTHER_HOST)
def application_behind_a_firewall_that_drops(lab: Lab) -> None:
    """110: nginx waits two seconds and says 504."""
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  proxy_connect_timeout 2s;")
    elsewhere(lab, "drop")


@scenario(outside="http.server-error", server="upstream.unreachable", manual=ANOTHER_HOST)
def application_on_a_dead_host(lab: Lab) -> None:
    """Nobody has that address."""
    proxied(lab, "http://203.0.113.77:3000")


@healthy()
def application_on_another_host(lab: Lab) -> None:
    """It answers there."""
    elsewhere(lab)


@healthy()
def group_with_a_dead_backup(lab: Lab) -> None:
    """One server, one that is down on purpose, and a backup that is gone."""
    members = "server 127.0.0.1:3000; server 127.0.0.1:3009 down; server 127.0.0.1:3010 backup;"
    lab.edit(site.MAP, f"{site.MAP}upstream app {{ {members} keepalive 16; }}\n")
    proxied(lab, "http://app")


@scenario(outside="http.server-error", server="upstream.refused", manual=APPLICATION)
def php_is_down(lab: Lab) -> None:
    """The page is index.php's, by try_files, and nothing listens on port 9000."""
    page = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    php = """\
  root /var/www/html;
  index index.php;
  location / { try_files $uri /index.php?$args; }
  location ~ \\.php$ { include fastcgi_params; fastcgi_pass 127.0.0.1:9000; }

"""
    lab.change(page, php)


# Names

APP = "app.example.com"


def named(lab: Lab, *addresses: str) -> None:
    """The application's name, by the name server."""
    given = "".join(f"{address} {APP}\n" for address in addresses)
    lab.router.write("/run/names", f"{SERVER} {site.NAME}\n{given}")
    lab.names.restart()


def by_variable(lab: Lab, target: str = "$app:3000", more: str = "") -> None:
    lab.edit("listen 443 ssl;", f"listen 443 ssl;\n  set $app {APP};{more}")
    proxied(lab, f"http://{target}")


@scenario(outside="http.server-error", server="upstream.no-resolver", differs=MINE)
def variable_without_a_resolver(lab: Lab) -> None:
    """The name server knows the name; nginx has none to ask."""
    named(lab, "127.0.0.1")
    by_variable(lab)


@scenario(outside="http.server-error", server="upstream.no-resolver", manual="which name?")
def variable_for_a_name_in_hosts(lab: Lab) -> None:
    """A resolver would not find it."""
    hosts(lab, f"127.0.0.1 {APP}")
    by_variable(lab)


@healthy()
def variable_with_a_resolver(lab: Lab) -> None:
    """As it should be."""
    named(lab, "127.0.0.1")
    by_variable(lab, more=f" resolver {ROUTER[1]};")


@healthy()
def variable_for_a_name_that_is_known(lab: Lab) -> None:
    """Another location names it without a variable, so that nginx knows it since its start."""
    hosts(lab, f"127.0.0.1 {APP}")
    other = "\n  location /other { proxy_pass http://app.example.com:3000; }"
    by_variable(lab, more=other)


@healthy()
def variable_for_a_group(lab: Lab) -> None:
    """The variable holds the name of an upstream block."""
    lab.edit(site.MAP, f"{site.MAP}upstream app.example.com {{ server 127.0.0.1:3000; }}\n")
    by_variable(lab, "$app")


@scenario(outside="http.server-error", server="upstream.stale-address", not_on=UNLOGGED)
def application_has_moved(lab: Lab) -> None:
    """The hosts file says so; nginx was loaded before."""
    hosts(lab, f"127.0.0.1 {APP}")
    proxied(lab, "http://app.example.com:3000")
    lab.application("--host", "127.0.0.2")
    lab.edit(f"127.0.0.1 {APP}", f"127.0.0.2 {APP}", "/etc/hosts")


@scenario(outside="http.server-error", server="upstream.stale-address", not_on=UNLOGGED)
def application_has_moved_by_dns(lab: Lab) -> None:
    """The name server says so, and the old address is somebody else's dead host."""
    named(lab, "203.0.113.77")
    proxied(lab, "http://app.example.com:3000")
    named(lab, "127.0.0.1")


@scenario(
    outside="http.server-error", server="upstream.unreachable", manual="something holds the ports"
)
def no_local_port_is_free(lab: Lab) -> None:
    """connect() fails with EADDRNOTAVAIL (99): one port, and one connection that has it."""
    ports = "/proc/sys/net/ipv4/ip_local_port_range"
    usual = lab.server.sh(f"cat {ports}").strip()
    lab.undo(lambda: lab.server.sh(f"echo '{usual}' > {ports}"))
    lab.server.sh(f"echo '40000 40000' > {ports}")
    program = (
        "import socket, signal; held = socket.create_connection(('127.0.0.1', 3000));"
        " ready = socket.create_server(('127.0.0.1', 3999)); signal.pause()"
    )
    lab.spawn(lab.server, lab.server.python("-c", program), 3999)

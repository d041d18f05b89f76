"""Whose address the name has, and on which side of it the fault lies.

The router plays the other machine: an old server, or an edge that ends TLS in front of the server.
It holds further addresses of the server's network.
"""

from .. import certificates, site
from ..lab import ROUTER, SERVER, SERVER6, Lab
from ..scenario import healthy, scenario
from .upstream_connect import APP, by_variable, hosts, named

NAME = site.NAME
OTHER, OTHER6 = "203.0.113.80", "2001:db8:2::80"
FOLDER = "/run/lab/edge"
PROVIDER = "the DNS provider's console"
EDGE = "the edge belongs to somebody else"

MAIN = """\
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  {servers}
}}
"""
#: An edge: its own certificate for the name, and the whole site passed on to the server.
FRONT = """
server {{
  listen {address}:443 ssl;
  listen [{address6}]:443 ssl;
  server_name _;
  ssl_certificate {folder}/edge.pem;
  ssl_certificate_key {folder}/edge.key;
  location / {{
    {body}
  }}
}}
server {{
  listen {address}:80;
  listen [{address6}]:80;
  return 301 https://$host$request_uri;
}}
"""
WEBSOCKETS = """
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;"""
PASSED_ON = f"""
    proxy_pass https://{SERVER};
    proxy_ssl_server_name on;
    proxy_ssl_name {NAME};
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;"""


def hold(lab: Lab) -> None:
    """The router gets the other machine's addresses."""
    lab.router.sh(f"""
        ip addr replace {OTHER}/24 dev eth1
        ip addr replace {OTHER6}/64 dev eth1 nodad
    """)
    lab.undo(
        lambda: lab.router.sh(
            f"ip addr del {OTHER}/24 dev eth1; ip addr del {OTHER6}/64 dev eth1", check=False
        )
    )


def other_machine(lab: Lab, body: str, certificate: certificates.Issued | None = None) -> None:
    """nginx at the other machine's addresses, with `body` as its only location."""
    hold(lab)
    issued = certificate or certificates.leaf(NAME)
    server = FRONT.format(address=OTHER, address6=OTHER6, folder=FOLDER, body=body)
    lab.router.sh(f"mkdir -p {FOLDER}")
    lab.router.write(f"{FOLDER}/edge.pem", issued.chain)
    lab.router.write(f"{FOLDER}/edge.key", issued.key_pem, 0o600)
    lab.router.write(f"{FOLDER}/nginx.conf", MAIN.format(folder=FOLDER, servers=server))
    argv = ["nginx", "-c", f"{FOLDER}/nginx.conf", "-e", f"{FOLDER}/error.log"]
    lab.spawn(lab.router, [*argv, "-g", "daemon off;"], 443)


@scenario(outside="dns.addresses-differ", manual=PROVIDER)
def aaaa_of_the_old_server(lab: Lab) -> None:
    """The site moved, and the AAAA record was forgotten: it leads to the provider's old machine.

    After threads on Server Fault and the Let's Encrypt forum ("works on IPv4, wrong certificate on
    IPv6"; "it only fails on my phone").
    """
    other_machine(lab, "return 404;", certificates.leaf("old.example.net"))
    lab.dns([SERVER], [OTHER6])


@scenario(outside="dns.addresses-differ", manual=PROVIDER)
def a_of_the_old_server(lab: Lab) -> None:
    """Of two A records one was forgotten when the site moved; its certificate ended.

    After a thread on Server Fault ("intermittent certificate error, every second request").
    """
    other_machine(lab, "return 200 old;", certificates.leaf(NAME, starts=-100, ends=-10))
    lab.dns([SERVER, OTHER])


@scenario(outside="dns.addresses-differ", manual=PROVIDER)
def a_of_a_server_that_fails(lab: Lab) -> None:
    """Of two A records one leads to a machine whose application is gone: 502, sometimes."""
    other_machine(lab, "proxy_pass http://127.0.0.1:9;")
    lab.dns([SERVER, OTHER])


@scenario(outside="http.redirect-loop", server="http.flexible-tls", manual=EDGE)
def edge_asks_over_http(lab: Lab) -> None:
    """ "Flexible SSL": the edge asks the server over http, and the server redirects to https.

    After Cloudflare's community and documentation, ERR_TOO_MANY_REDIRECTS.
    """
    other_machine(lab, f"proxy_pass http://{SERVER}; proxy_set_header Host $host;")
    lab.dns([OTHER])


@scenario(outside="http.flexible-tls", manual=EDGE)
def cdn_asks_over_http(lab: Lab) -> None:
    """The same at a CDN that says who it is: that alone tells it from outside."""
    sign = "add_header CF-RAY 8a1b2c3d4e5f6a7b-FRA always;"
    other_machine(lab, f"{sign} proxy_pass http://{SERVER}; proxy_set_header Host $host;")
    lab.dns([OTHER])


@scenario(outside="websocket.not-upgraded", server="websocket.refused-in-front", manual=EDGE)
def edge_without_websockets(lab: Lab) -> None:
    """The edge passes pages on, and drops `Upgrade`.

    After threads about two reverse proxies in a row (Nginx Proxy Manager in front of nginx).
    """
    other_machine(lab, PASSED_ON)
    lab.dns([OTHER])


@scenario(outside="certificate.expired", server="certificate.in-front", manual=EDGE)
def edge_with_an_expired_certificate(lab: Lab) -> None:
    """The load balancer ends TLS with its own copy of the certificate, which was not renewed.

    After threads on Server Fault ("certbot renewed, the browser still shows the old one").
    """
    other_machine(lab, PASSED_ON + WEBSOCKETS, certificates.leaf(NAME, starts=-100, ends=-10))
    lab.dns([OTHER])


@scenario(outside="http.server-error", server="http.error-in-front", manual=EDGE)
def edge_that_reaches_nothing(lab: Lab) -> None:
    """The edge still passes on to a port that nobody serves any more: 502, and nginx is well."""
    other_machine(lab, f"proxy_pass http://{SERVER}:8081;")
    lab.dns([OTHER])


@scenario(outside="http.cdn-error", manual=EDGE)
def cdn_that_the_server_refuses(lab: Lab) -> None:
    """Cloudflare's 521, and the server answers those who ask it.

    After Cloudflare's community ("521, but the site works with the server's address").
    """
    signs = "add_header CF-RAY 8a1b2c3d4e5f6a7b-FRA always;"
    other_machine(lab, f"{signs} return 521 'error code: 521';")
    lab.dns([OTHER])


@healthy(args=("--ws", "/ws"))
def edge_with_its_own_certificate(lab: Lab) -> None:
    """An edge in front, another certificate, and all is well."""
    other_machine(lab, PASSED_ON + WEBSOCKETS)
    lab.dns([OTHER])


@healthy(ipv6=True)
def two_machines_two_keys(lab: Lab) -> None:
    """Two machines serve the name, each with a certificate of its own key; one also has AAAA."""
    other_machine(lab, PASSED_ON + WEBSOCKETS, certificates.leaf(NAME, key="rsa"))
    lab.dns([SERVER, OTHER], [SERVER6])


@scenario(
    outside="http.redirect-wrong-host",
    target=f"https://{NAME}/docs",
    manual="the setting of the inner server",
)
def inner_port_in_the_redirect(lab: Lab) -> None:
    """An inner nginx adds the slash of a folder, and its own port: `http://shop.example.com:8080/`.

    After threads on Stack Overflow ("nginx in a container redirects to port 8080").
    """
    inner = "server { listen 127.0.0.1:8080; root /var/www/inner; }"
    lab.server.sh("mkdir -p /var/www/inner/docs; echo docs > /var/www/inner/docs/index.html")
    lab.server.write("/etc/nginx/conf.d/inner.conf", inner)
    passed = "proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
    lab.edit(f"location / {{\n    {passed}", f"location / {{\n    {passed.replace('3000', '8080')}")
    lab.edit("Host $http_host", "Host $host")
    lab.reload()


# The resolver of nginx


@scenario(outside="http.server-error", server="upstream.resolver-fails", differs=(site.CONF,))
def resolver_of_a_container_network(lab: Lab) -> None:
    """`resolver 127.0.0.11` copied from a container: nothing answers there on the server itself.

    After threads on Stack Overflow about Docker's resolver in an nginx outside of Docker.
    """
    named(lab, "127.0.0.1")
    by_variable(lab, more=" resolver 127.0.0.11; resolver_timeout 2s;")


@scenario(outside="http.server-error", server="upstream.resolver-fails", differs=(site.CONF,))
def resolver_that_is_gone(lab: Lab) -> None:
    """The resolver's machine was switched off; the system's resolv.conf has another one."""
    named(lab, "127.0.0.1")
    by_variable(lab, more=" resolver 203.0.113.53 valid=30s;")


@scenario(outside="http.server-error", server="upstream.resolver-fails", manual="which name?")
def resolver_and_a_name_in_hosts(lab: Lab) -> None:
    """`getent` finds the name in /etc/hosts; the resolver does not know it.

    After threads on Server Fault ("could not be resolved (3: Host not found), but ping works").
    """
    hosts(lab, f"127.0.0.1 {APP}")
    by_variable(lab, more=f" resolver {ROUTER[1]};")


@scenario(outside="http.server-error", server="upstream.resolver-fails", differs=(site.CONF,))
def resolver_without_an_answer_for_aaaa(lab: Lab) -> None:
    """The resolver answers for A and swallows AAAA: `ipv6=off` is missing.

    After nginx's tickets about `resolver` and AAAA queries that get no answer.
    """
    lab.zone({NAME: {"A": [SERVER]}, APP: {"A": ["127.0.0.1"], "fault": "no-aaaa"}})
    by_variable(lab, more=f" resolver {ROUTER[1]}; resolver_timeout 3s;")


@healthy()
def resolver_with_ipv6_off(lab: Lab) -> None:
    """The same resolver, asked for A only."""
    lab.zone({NAME: {"A": [SERVER]}, APP: {"A": ["127.0.0.1"], "fault": "no-aaaa"}})
    by_variable(lab, more=f" resolver {ROUTER[1]} ipv6=off;")


# A server behind the translation of a cloud or a router

PRIVATE, PUBLIC = "10.0.0.10", "203.0.113.99"


def translated(lab: Lab) -> None:
    """The server has a private address only; the router translates the public one for everybody,
    the server included."""
    lab.undo(lambda: lab.router.sh("nft delete table ip home; ip addr del 10.0.0.1/24 dev eth1"))
    lab.router.sh(f"""
        ip addr add 10.0.0.1/24 dev eth1
        nft add table ip home
        nft add chain ip home in '{{ type nat hook prerouting priority -100; }}'
        nft add chain ip home out '{{ type nat hook postrouting priority 100; }}'
        nft add rule ip home in ip daddr {{ {PUBLIC}, {SERVER} }} dnat to {PRIVATE}
        nft add rule ip home out ip saddr 10.0.0.0/24 ip daddr {PRIVATE} masquerade
    """)
    lab.server.sh(f"""
        ip addr flush dev eth0
        ip addr add {PRIVATE}/24 dev eth0
        ip route add default via 10.0.0.1
    """)
    lab.dns([PUBLIC])


@healthy()
def cloud_server_with_a_private_address(lab: Lab) -> None:
    """A cloud's elastic address: the server knows nothing of it."""
    translated(lab)


@scenario(outside="certificate.expired", manual="no authority here")
def cloud_server_with_an_expired_certificate(lab: Lab) -> None:
    """The same with a fault of the server's own: nothing stands in front of it."""
    bad = certificates.leaf(NAME, starts=-100, ends=-10)
    lab.install(bad.chain, bad.key_pem)
    translated(lab)


@scenario(outside="http.server-error", server="upstream.refused", manual="start the application")
def cloud_server_whose_application_is_down(lab: Lab) -> None:
    """Behind the translation too, the application is the cause."""
    lab.application_service.stop()
    translated(lab)


@scenario(outside="http.server-error", server="http.error-in-front", manual=EDGE)
def balancer_before_a_private_address(lab: Lab) -> None:
    """A load balancer with its own certificate asks the wrong port of a server without a public
    address."""
    translated(lab)
    other_machine(lab, f"proxy_pass http://{PRIVATE}:8081;")
    lab.dns([OTHER])


@scenario(
    outside="certificate.name-mismatch",
    server="tcp.router-answers",
    both="dns.wrong-address",
    manual=PROVIDER,
)
def record_of_the_old_server_and_a_private_address(lab: Lab) -> None:
    """The site moved to a cloud server with a private address; the record names the old one. On the
    server itself the router might have answered; from outside of its network it has not."""
    translated(lab)
    other_machine(lab, "return 404;", certificates.leaf("old.example.net"))
    lab.dns([OTHER])


@scenario(outside=None, server="tcp.router-answers", both=None, manual="the router's setting")
def home_router_that_answers_itself(lab: Lab) -> None:
    """The router forwards for those outside, and shows its own page to those inside.

    After threads on Server Fault ("my own domain opens the router's login page at home").
    """
    translated(lab)
    own = certificates.leaf("router.lan", issuer="self")
    other_machine(lab, "return 200 login;", own)
    lab.router.sh(f"""
        nft flush chain ip home in
        nft add rule ip home in iifname eth0 ip daddr {{ {OTHER}, {SERVER} }} dnat to {PRIVATE}
    """)
    lab.dns([OTHER])


@scenario(outside="http.server-error", server="upstream.refused", manual="start the application")
def edge_before_a_dead_application(lab: Lab) -> None:
    """An edge passes the 502 of this server's nginx on: the fault is here."""
    lab.application_service.stop()
    other_machine(lab, PASSED_ON)
    lab.dns([OTHER])


@healthy()
def split_dns_on_purpose(lab: Lab) -> None:
    """Inside the network, DNS gives the private address; outside, the public one."""
    lab.server.sh(f"ip addr add {PRIVATE}/24 dev eth0")
    inside = {"203.0.113.": {"A": [PRIVATE]}}
    lab.zone({NAME: {"A": [SERVER], "by_client": inside}})


@healthy()
def anycast_with_two_edges(lab: Lab) -> None:
    """Two addresses of edges, with certificates of different keys, and neither is the server's."""
    second = certificates.leaf(NAME, key="rsa")
    other_machine(lab, PASSED_ON + WEBSOCKETS)
    lab.dns([OTHER])
    lab.router.sh(f"ip addr replace 203.0.113.81/24 dev eth1; mkdir -p {FOLDER}/second")
    lab.undo(lambda: lab.router.sh("ip addr del 203.0.113.81/24 dev eth1", check=False))
    folder = f"{FOLDER}/second"
    server = FRONT.format(
        address="203.0.113.81", address6="2001:db8:2::81", folder=folder, body=PASSED_ON
    ).replace("  listen [2001:db8:2::81]:443 ssl;\n", "")
    server = server.replace("  listen [2001:db8:2::81]:80;\n", "")
    lab.router.write(f"{folder}/edge.pem", second.chain)
    lab.router.write(f"{folder}/edge.key", second.key_pem, 0o600)
    lab.router.write(f"{folder}/nginx.conf", MAIN.format(folder=folder, servers=server))
    argv = ["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
    pid = lab.router.path(f"{folder}/nginx.pid")
    lab.spawn(lab.router, [*argv, "-g", "daemon off;"], pid.exists)
    lab.dns([OTHER, "203.0.113.81"])

"""A server behind another one, or behind Cloudflare, takes that one for every visitor. The router
plays Cloudflare, as in cdn_errors.py."""

from .. import apache, caddy, haproxy, site
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS, PEM
from ..lab import Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, PASSED_ON, other_machine
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .cdn_errors import RAY
from .haproxy import haproxy_scenario, healthy_haproxy

ONE_FOR_ALL = ("alle Besucher haben dieselbe IP 127.0.0.1 shop.example.com",)
OF_CLOUDFLARE = ("https://shop.example.com/ all visitors have an IP of cloudflare in the log",)
IGNORED = (
    "[WARNING] 354/020838 (6) : config : 'option forwardfor' ignored for frontend 'https' as it"
    " requires HTTP mode.",
)
INNER_CADDY = "http://shop.example.com:8080 {\n\treverse_proxy 127.0.0.1:3000%s\n}\n"
INNER_APACHE = """\
<VirtualHost *:8080>
    ServerName shop.example.com
    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
    %s
</VirtualHost>
"""


def _haproxy_in_front(lab: Lab) -> None:
    """HAProxy, which has been taken away, comes back beside the server that is there."""
    program = "/usr/sbin/haproxy"
    lab.server.sh(f"mv {program}.away {program}")
    lab.undo(lambda: lab.server.sh(f"mv {program} {program}.away"))
    lab.server.sh("mkdir -p /run/haproxy /etc/ssl/lab")
    lab.server.write(PEM, haproxy.bundle(), 0o600)
    backend = BACKEND.replace("3000", "8080")
    lab.server.write(haproxy.CONFIG, f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{backend}")
    haproxy.start(lab)


def _caddy(lab: Lab, trusted: str) -> None:
    caddy.install(lab, INNER_CADDY % trusted)
    caddy.start(lab, 8080)
    _haproxy_in_front(lab)


@caddy_scenario(
    outside=None, server="server.visitor-address-lost", args=ONE_FOR_ALL, differs=(caddy.CONFIG,)
)
def caddy_trusts_nobody_in_front(lab: Lab) -> None:
    """https://github.com/homarr-labs/dashboard-icons/pull/2915, with HAProxy in front."""
    _caddy(lab, "")


@healthy_caddy(args=ONE_FOR_ALL)
def caddy_trusts_haproxy_in_front(lab: Lab) -> None:
    _caddy(lab, " {\n\t\ttrusted_proxies 127.0.0.1/32\n\t}")


def _apache(lab: Lab, lines: str) -> None:
    apache.install(lab, INNER_APACHE % lines)
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    apache.enable(lab, "remoteip")
    lab.undo(lambda: apache.disable(lab, "remoteip"))
    apache.start(lab, 8080)
    _haproxy_in_front(lab)


@apache_scenario(
    outside=None, server="server.visitor-address-lost", args=ONE_FOR_ALL, differs=(apache.SITE,)
)
def apache_trusts_another_machine_than_the_one_in_front(lab: Lab) -> None:
    """https://github.com/engintron/engintron/issues/413: the list has the public addresses."""
    _apache(lab, "RemoteIPHeader X-Forwarded-For\n    RemoteIPInternalProxy 198.51.100.231")


@healthy_apache(args=ONE_FOR_ALL)
def apache_trusts_haproxy_in_front(lab: Lab) -> None:
    _apache(lab, "")
    lab.server.write(
        "/etc/apache2/conf-enabled/remoteip.conf",
        "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.0/8\n",
    )
    lab.undo(lambda: lab.server.sh("rm -f /etc/apache2/conf-enabled/remoteip.conf"))
    lab.server.run(["apachectl", "graceful"])


def _tcp(lab: Lab, mode: str) -> None:
    https = HTTPS.replace("frontend https\n", f"frontend https\n    mode {mode}\n")
    https = https.replace("    http-request set-header X-Forwarded-Proto https\n", "")
    https = https.replace(" alpn h2,http/1.1", "")
    backend = BACKEND.replace("backend app\n", f"backend app\n    mode {mode}\n")
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{https}\n{backend}")


@haproxy_scenario(
    outside=None, server="server.visitor-address-lost", args=IGNORED, differs=(haproxy.CONFIG,)
)
def haproxy_sends_no_field_in_mode_tcp(lab: Lab) -> None:
    """https://github.com/rancher-archives/rancher.github.io/pull/584."""
    _tcp(lab, "tcp")


@healthy_haproxy(args=IGNORED)
def haproxy_sends_the_field_in_mode_http(lab: Lab) -> None:
    _tcp(lab, "http")


def _cloudflare(lab: Lab) -> None:
    """After https://www.cloudflare.com/ips/ and threads of all four servers' users."""
    fields = ("CF-Connecting-IP $remote_addr", "Upgrade $http_upgrade", "Connection upgrade")
    lines = "".join(f"\n    proxy_set_header {field};" for field in fields)
    other_machine(lab, f"{RAY}{PASSED_ON}{lines}")
    lab.dns([OTHER])


@scenario(
    outside=None, server="nginx.visitor-address-lost", args=OF_CLOUDFLARE, differs=(site.CONF,)
)
def nginx_does_not_read_cloudflares_field(lab: Lab) -> None:
    _cloudflare(lab)


@healthy(args=OF_CLOUDFLARE)
def nginx_reads_cloudflares_field(lab: Lab) -> None:
    name = "server_name shop.example.com;"
    lab.edit(name, f"{name}\n  set_real_ip_from 104.16.0.0/13; real_ip_header CF-Connecting-IP;")
    lab.restart_nginx()
    _cloudflare(lab)


@apache_scenario(
    outside=None, server="server.visitor-address-lost", args=OF_CLOUDFLARE,
    differs=(apache.SITE, "/etc/apache2/mods-enabled/remoteip.load"),
)  # fmt: skip
def apache_does_not_read_cloudflares_field(lab: Lab) -> None:
    apache.install(lab)
    apache.start(lab)
    _cloudflare(lab)


@caddy_scenario(
    outside=None, server="server.visitor-address-lost", args=OF_CLOUDFLARE, differs=(caddy.CONFIG,)
)
def caddy_does_not_trust_cloudflare(lab: Lab) -> None:
    caddy.serve(lab)
    _cloudflare(lab)


#: HAProxy names the site, by which it is known that this server is meant.
NAMED = haproxy.SITE.replace(
    "default_backend app", "use_backend app if { hdr(host) -i shop.example.com }"
)


@haproxy_scenario(
    outside=None, server="server.visitor-address-lost", args=OF_CLOUDFLARE,
    differs=(haproxy.CONFIG,),
)  # fmt: skip
def haproxy_does_not_read_cloudflares_field(lab: Lab) -> None:
    haproxy.serve(lab, NAMED)
    _cloudflare(lab)


@healthy_haproxy(args=OF_CLOUDFLARE)
def haproxy_reads_cloudflares_field(lab: Lab) -> None:
    option = "    option forwardfor\n"
    line = "    http-request set-src req.hdr(CF-Connecting-IP)\n"
    haproxy.serve(lab, NAMED.replace(option, line + option))
    _cloudflare(lab)


INNER_NGINX = f"""\
server {{
  listen 127.0.0.1:8081;
  server_name {site.NAME};
  set_real_ip_from 127.0.0.1;
  real_ip_header FIELD;
  location / {{
    RULES
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto https;
  }}
}}
"""
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FORBIDDEN = (
    f"since we restore the real ip every request to https://{site.NAME}/ returns 403 and never"
    " reaches the application",
)


def _inner_nginx(lab: Lab, field: str, rules: str, before: str = "", visits: int = 6) -> None:
    """An inner block with rules about visitors, which the visitor has met."""
    inner = INNER_NGINX.replace("FIELD", field).replace("RULES", rules)
    lab.edit(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:8081"))
    lab.server.write(site.CONF, before + lab.server.read(site.CONF) + inner)
    lab.restart_nginx()
    url = f"https://{site.NAME}/"
    lab.client.sh(f"for n in $(seq {visits}); do curl -sk -o /dev/null {url}; done")


@scenario(outside=None, server="nginx.visitor-denied", args=FORBIDDEN, differs=(site.CONF,))
def visitors_are_in_a_list_that_was_meant_for_the_proxy(lab: Lab) -> None:
    """https://github.com/mcdonc/klangk/pull/1561."""
    _inner_nginx(lab, "X-Forwarded-For", "deny 198.51.100.0/24;")


@healthy(args=FORBIDDEN)
def visitors_are_in_none_of_the_lists(lab: Lab) -> None:
    _inner_nginx(lab, "X-Forwarded-For", "deny 192.0.2.0/24;")


#: nginx' slowest rate: nothing is let in again while a busy machine looks.
ZONE = "limit_req_zone $binary_remote_addr zone=visitors:1m rate=1r/m;\n"


@scenario(outside="http.server-error", server="nginx.visitor-address-lost", differs=(site.CONF,))
def limit_reads_a_field_that_does_not_come(lab: Lab) -> None:
    """https://github.com/magenx/Magento-nginx-config/issues/44: X-Real-IP is not sent."""
    _inner_nginx(lab, "X-Real-IP", "limit_req zone=visitors burst=10 nodelay;", ZONE, visits=14)


@healthy()
def limit_reads_the_field_that_comes(lab: Lab) -> None:
    _inner_nginx(lab, "X-Forwarded-For", "limit_req zone=visitors burst=20 nodelay;", ZONE)

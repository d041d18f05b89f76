"""nginx behind HAProxy or Caddy on the same server: the fault is in nginx's block, or behind it."""

from .. import caddy, haproxy, site
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

INNER = "127.0.0.1:8080"
CADDY = f"""\
{site.NAME} {{
	tls {caddy.PEM} {caddy.KEY}
	reverse_proxy {INNER}
}}
"""
FILES = """\
server {
  listen 127.0.0.1:8080;
  server_name shop.example.com;
  root /var/www/wiki;
}
"""


def behind_haproxy(lab: Lab, text: str) -> None:
    lab.server.write(site.CONF, text)
    lab.restart_nginx()
    haproxy.serve(lab, haproxy.SITE.replace("127.0.0.1:3000", INNER), keep_nginx=True)


def behind_caddy(lab: Lab, text: str) -> None:
    caddy.install(lab, CADDY, keep_nginx=True)
    lab.server.write(site.CONF, text)
    lab.restart_nginx()
    caddy.start(lab)


def inner(port: str = "3000") -> str:
    """The site of the laboratory, without TLS, on a port of its own."""
    text = site.HTTPS.replace("443 ssl", INNER).replace("127.0.0.1:3000", f"127.0.0.1:{port}")
    return f"{site.MAP}\n" + "\n".join(line for line in text.split("\n") if "ssl_" not in line)


def wiki(lab: Lab) -> str:
    """The site with a folder of pages."""
    lab.server.write("/var/www/wiki/pages/index.html", "<!doctype html><p>It works.</p>\n")
    folder = "  location /pages {\n    root /var/www/wiki;\n  }\n"
    return inner().replace("  location /ws", f"{folder}  location /ws")


@haproxy_scenario(
    outside="http.redirect-wrong-host",
    server="nginx.redirect-behind",
    target=f"https://{site.NAME}/pages",
    differs=(site.CONF,),
)
def nginx_adds_a_slash_behind_haproxy(lab: Lab) -> None:
    """Pull request 639 of bigbluebutton/bbb-install: the redirect of a folder has nginx's port."""
    behind_haproxy(lab, wiki(lab))


@caddy_scenario(
    outside="http.redirect-wrong-host",
    server="nginx.redirect-behind",
    target=f"https://{site.NAME}/pages",
    differs=(site.CONF,),
)
def nginx_adds_a_slash_behind_caddy(lab: Lab) -> None:
    """Issue 2083 of caddyserver/caddy: the same behind Caddy."""
    behind_caddy(lab, wiki(lab))


@healthy_haproxy(target=f"https://{site.NAME}/pages")
def nginx_adds_a_relative_slash(lab: Lab) -> None:
    """With absolute_redirect off."""
    text = wiki(lab).replace("    root", "    absolute_redirect off;\n    root")
    behind_haproxy(lab, text)


@haproxy_scenario(
    outside="http.redirect-loop",
    server="nginx.redirect-behind",
    manual="a person decides who redirects to https",
)
def nginx_forces_https_behind_haproxy(lab: Lab) -> None:
    """Issue 84 of bitwarden/server: the inner nginx redirects everything to https."""
    behind_haproxy(lab, FILES.replace("root /var/www/wiki", "return 301 https://$host$request_uri"))


@healthy_haproxy()
def nginx_asks_for_the_scheme_behind_haproxy(lab: Lab) -> None:
    """The inner nginx redirects what came in plain http to HAProxy."""
    lab.server.write("/var/www/wiki/index.html", "<!doctype html><p>It works.</p>\n")
    ask = "if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }"
    behind_haproxy(lab, FILES.replace("  root", f"  {ask}\n  root"))


@haproxy_scenario(
    outside="http.server-error",
    server="upstream.refused",
    manual="nothing listens where the file says",
)
def application_is_down_behind_both(lab: Lab) -> None:
    """HAProxy passes on to nginx, and nginx to a port on which nothing listens."""
    behind_haproxy(lab, inner("3999"))


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    args=("--ws", "/ws"),
    differs=(site.CONF,),
)
def nginx_behind_caddy_drops_the_upgrade(lab: Lab) -> None:
    """Caddy passes WebSockets on, and the nginx behind it does not."""
    lines = (line for line in inner().split("\n") if "_upgrade;" not in line)
    behind_caddy(lab, "\n".join(lines))


@healthy_caddy(args=("--ws", "/ws"))
def nginx_behind_caddy(lab: Lab) -> None:
    """Caddy ends TLS, and nginx has the site."""
    told = "X-Forwarded-Proto $http_x_forwarded_proto"
    behind_caddy(lab, inner().replace("X-Forwarded-Proto https", told))

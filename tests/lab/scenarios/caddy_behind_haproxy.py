"""HAProxy ends TLS and passes requests on to Caddy in plain HTTP, on the same machine."""

from .. import caddy, haproxy
from ..caddy import CONFIG
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS
from ..lab import Lab
from ..web_servers import keep_only
from .caddy import caddy_scenario, healthy_caddy

OPTIONS = """\
{
	skip_install_trust
	default_bind 127.0.0.1
	http_port 8080
	https_port 8443
}
"""
FILES = "\troot * /srv/www\n\treverse_proxy /ws 127.0.0.1:3000\n\tfile_server\n"


def _serve(lab: Lab, text: str) -> None:
    server = lab.server
    lab.stop_nginx()
    keep_only(lab, "caddy", "haproxy")
    server.sh(f"mkdir -p {caddy.HOME} /run/haproxy /etc/ssl/lab")
    lab.undo(lambda: server.sh(f"rm -rf {caddy.HOME} {caddy.STORED}"))
    server.write("/srv/www/index.html", "<!doctype html><title>Shop</title><p>It works.</p>\n")
    server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    backend = BACKEND.replace("127.0.0.1:3000", "127.0.0.1:8080")
    server.write(haproxy.CONFIG, f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{backend}")
    server.write(CONFIG, OPTIONS + text)
    caddy.start(lab, 8080)
    haproxy.start(lab)


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-behind-terminator",
    differs=(CONFIG,),
)
def caddy_redirects_what_haproxy_passes_on(lab: Lab) -> None:
    """https://github.com/caddyserver/website/issues/416: a proxy before Caddy handles HTTPS, and
    sites with a name redirect to https by themselves."""
    _serve(lab, f"shop.example.com {{\n{FILES}}}\n")


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-behind-terminator",
    differs=(CONFIG,),
)
def caddy_asks_for_the_protocol_behind_haproxy(lab: Lab) -> None:
    """https://github.com/caddyserver/caddy/issues/2550: behind a proxy, X-Forwarded-Proto tells."""
    rules = "\t@insecure protocol http\n\tredir @insecure https://{host}{uri} permanent\n"
    _serve(lab, f"http://shop.example.com {{\n{rules}{FILES}}}\n")


@healthy_caddy()
def caddy_has_http_addresses_behind_haproxy(lab: Lab) -> None:
    _serve(lab, f"http://shop.example.com {{\n{FILES}}}\n")

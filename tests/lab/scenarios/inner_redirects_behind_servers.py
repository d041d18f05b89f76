"""A web server sends nginx a name of its own as Host, and nginx's own redirect has that name.

After https://www.klonmaschine.de/technik/nginx-hinter-einem-reverse-proxy-fuhrt-zu-falschem-port-und-domain/
"""

from .. import caddy, haproxy, site
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .two_servers import INNER, wiki

FOLDER = f"https://{site.NAME}/pages"
NAME = "    http-request set-header Host localhost:8080\n"
CADDY = f"""\
{site.NAME} {{
	tls {caddy.PEM} {caddy.KEY}
	reverse_proxy {INNER} {{
		header_up Host localhost:8080
	}}
}}
"""


def _pages(lab: Lab, line: str) -> None:
    """The site of the laboratory, with a name of its own and a folder of pages."""
    text = wiki(lab).replace(f"server_name {site.NAME};", f"server_name localhost;\n{line}")
    lab.server.write(site.CONF, text)
    lab.restart_nginx()


def _behind_haproxy(lab: Lab, line: str = "") -> None:
    _pages(lab, line)
    own = haproxy.SITE.replace("127.0.0.1:3000", INNER)
    haproxy.serve(lab, own.replace("backend app\n", f"backend app\n{NAME}"), keep_nginx=True)


def _behind_caddy(lab: Lab, line: str = "") -> None:
    caddy.install(lab, CADDY, keep_nginx=True)
    _pages(lab, line)
    caddy.start(lab)


@haproxy_scenario(
    outside="http.redirect-wrong-host",
    server="nginx.redirect-behind",
    target=FOLDER,
    differs=(site.CONF,),
)
def folder_behind_haproxy_gets_its_name(lab: Lab) -> None:
    _behind_haproxy(lab)


@caddy_scenario(
    outside="http.redirect-wrong-host",
    server="nginx.redirect-behind",
    target=FOLDER,
    differs=(site.CONF,),
)
def folder_behind_caddy_gets_its_name(lab: Lab) -> None:
    _behind_caddy(lab)


@haproxy_scenario(
    outside="http.redirect-wrong-host",
    server="nginx.redirect-behind",
    target=f"https://{site.NAME}/start",
    differs=(site.CONF,),
)
def rule_with_a_path_alone_behind_haproxy(lab: Lab) -> None:
    _behind_haproxy(lab, "  location = /start { return 302 /pages/; }\n")


@healthy_haproxy(target=FOLDER)
def folder_behind_haproxy_without_an_address(lab: Lab) -> None:
    _behind_haproxy(lab, "  absolute_redirect off;\n")


@healthy_caddy(target=f"{FOLDER}/")
def folder_behind_caddy_with_its_slash(lab: Lab) -> None:
    _behind_caddy(lab)

"""A line of Apache, HAProxy or Caddy names a group that its expression does not have."""

from .. import caddy, haproxy
from ..haproxy import BACKEND, SITE
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario
from .server_pages import ROOT, of_files, on_apache

ITEMS = "https://shop.example.com/api/items"
STYLE = "https://shop.example.com/css/app.css"
RULES = """\
RewriteEngine on
RewriteCond %{REQUEST_URI} !^/public
"""
PAGE = '<!doctype html><title>Tasks</title><link rel="stylesheet" href="/css/app.css"><p>Tasks.\n'
SOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    <Directory"
SITE_OF_FILES = of_files(overrides="All").replace("    <Directory", SOCKET, 1)
FILES = {"public/index.html": PAGE, "public/css/app.css": "body { color: black }\n"}


def _items(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/items:"), 3001)


@apache_scenario(
    outside="http.page-file-type",
    server="server.capture-empty",
    target=STYLE,
    differs=(f"{ROOT}/.htaccess",),
)
def htaccess_leads_every_path_to_one_page(lab: Lab) -> None:
    """https://github.com/Azure-Samples/laravel-tasks/issues/6: style sheets and scripts are
    answered with the page."""
    rule = "RewriteRule ^.*$ /public/$1 [NC,L,QSA]\n"
    on_apache(lab, SITE_OF_FILES, **{".htaccess": RULES + rule, **FILES})


@healthy_apache(target=STYLE)
def htaccess_leads_each_path_to_its_file(lab: Lab) -> None:
    rule = "RewriteRule ^(.*)$ /public/$1 [NC,L,QSA]\n"
    on_apache(lab, SITE_OF_FILES, **{".htaccess": RULES + rule, **FILES})


@haproxy_scenario(
    outside=None,
    server="server.capture-empty",
    target=ITEMS,
    differs=(haproxy.CONFIG,),
    also=("server.haproxy-path-rule",),
)
def haproxy_replaces_every_path_by_one(lab: Lab) -> None:
    """https://github.com/netdata/netdata/issues/6446: replace-path takes the folder off."""
    _items(lab)
    api = BACKEND.replace(
        "backend app\n", "backend api\n    http-request replace-path /api/.* /\\1\n"
    )
    rule = "    use_backend api if { path_beg /api/ }\n    default_backend"
    text = SITE.replace("    default_backend", rule) + "\n" + api.replace("3000", "3001")
    haproxy.serve(lab, text)


def _rewritten(lab: Lab, pattern: str) -> None:
    _items(lab)
    block = (
        f"\t@api path_regexp api {pattern}\n\thandle @api {{\n"
        "\t\trewrite * /{re.api.1}\n\t\treverse_proxy 127.0.0.1:3001\n\t}\n"
    )
    text = caddy.SHOP.replace("\treverse_proxy", f"{block}\treverse_proxy")
    caddy.serve(lab, text)


@caddy_scenario(
    outside=None,
    server="server.capture-empty",
    target=ITEMS,
    differs=(caddy.CONFIG,),
)
def caddy_rewrites_every_path_to_one(lab: Lab) -> None:
    """Caddyfile, "path_regexp": the placeholder of a group that is not there is empty."""
    _rewritten(lab, "^/api/")


@healthy_caddy(target=ITEMS)
def caddy_rewrites_each_path(lab: Lab) -> None:
    _rewritten(lab, "^/api/(.*)$")

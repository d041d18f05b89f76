"""Healthy sites whose scripts, paths and logs look like a fault at first sight."""

from .. import site
from ..lab import Lab
from ..scenario import healthy
from .frameworks import PAGES
from .logged_paths import _interface as interface
from .logins_over_http import LOGIN, TOLD
from .logins_over_http import _serve as serve_login
from .nginx_other_requests_failed import visit

ROOT = "/var/www/shop"
PAGE = (
    "<!doctype html><title>Shop</title>{}<h1>Shop</h1><p>Forty kinds of tea, all in stock.</p>{}\n"
)
FILES = "    root /var/www/shop;\n    index index.html;\n"


def _files(lab: Lab, files: dict[str, str], locations: str = "") -> None:
    """A site of files, with these locations before its pages."""
    for name, text in files.items():
        lab.server.write(f"{ROOT}/{name}", text)
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    head = site.HTTPS.split("  location / {")[0]
    pages = f"  location / {{\n{FILES}    try_files $uri $uri/ =404;\n  }}\n"
    lab.configure(f"{site.MAP}\n{head}{locations}{pages}}}\n\n{site.HTTP}")


@healthy(target=f"https://{site.NAME}/app/")
def websocket_has_a_folder_of_the_settings(lab: Lab) -> None:
    """Grafana's way: host, folder and path are put together, and the folder is passed on."""
    script = 'new WebSocket("wss://"+location.host+window.boot.appSubUrl+"/api/live/ws")\n'
    boot = '<script>window.boot={appSubUrl:"/app"}</script><script src="/app/a.js"></script>'
    passed = "  location /app/api/live/ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n"
    _files(lab, {"app/index.html": PAGE.format(boot, ""), "app/a.js": script}, passed)


@healthy()
def page_shows_examples_with_addresses_of_localhost(lab: Lab) -> None:
    """Documentation: nobody's browser asks for what `pre` and `code` show."""
    example = (
        '<pre><code>new WebSocket("ws://localhost:3000/ws")\n'
        'fetch("http://localhost:3000/api")</code></pre>'
        '<a href="http://localhost:3000/">your own</a>'
    )
    _files(lab, {"index.html": PAGE.format("", example)})


@healthy()
def scripts_have_addresses_for_their_developers(lab: Lab) -> None:
    """A default that the page's settings replace, and a branch for the developer's own server."""
    script = (
        'const c=Object.assign({apiUrl:"http://localhost:5000/api"},window.settings);\n'
        'const base="http://"+location.hostname+":8080";\n'
        'if(location.port==="5173"){fetch(base+"/items")}else{fetch(c.apiUrl+"/items.json")}\n'
    )
    head = '<script>window.settings={apiUrl:"/data"}</script><script src="/a.js"></script>'
    files = {"index.html": PAGE.format(head, ""), "a.js": script, "data/items.json": "[]\n"}
    _files(lab, files)


@healthy()
def locations_have_brackets_in_their_paths(lab: Lab) -> None:
    """Pages of a wiki, and the files of a build."""
    files = {"index.html": PAGE.format("", ""), "wiki/Tea_(drink)": PAGE.format("", "")}
    locations = "".join(
        f"  location {path} {{\n{FILES}    default_type text/html;\n  }}\n"
        for path in ("= /wiki/Tea_(drink)", "/_next/static/pages/[slug]-1.js")
    )
    _files(lab, files, locations)


@healthy()
def interface_has_no_path_with_one_slash_either(lab: Lab) -> None:
    """A visitor's script asked for a thing that is not there, with two slashes."""
    interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009/api/; }", "/api/items:json")
    visit(lab, "/api//teas")


SCHEME_MAP = (
    "map $http_x_forwarded_proto $proto {\n"
    "  default $http_x_forwarded_proto;\n  ''      $scheme;\n}\n\n"
)


@healthy(target=LOGIN, args=("I cannot log in, the login page comes again",))
def login_is_told_of_https_by_a_map(lab: Lab) -> None:
    """As nginx-proxy writes it."""
    lab.edit("map $http_upgrade", f"{SCHEME_MAP}map $http_upgrade")
    serve_login(lab, TOLD.replace("$scheme", "$proto"))


#: A program that serves hooks below a folder and says "OK" at its root, played by nginx.
HOOKS = """\
server {
  listen 127.0.0.1:3009;
  default_type text/plain;
  location = / { return 200 "OK"; }
  location = /hooks/deploy { return 200 "done"; }
  location / { return 404 "404 page not found"; }
}
"""


@healthy()
def hooks_are_below_a_folder_of_their_program(lab: Lab) -> None:
    """After https://github.com/adnanh/webhook/issues/204: nginx puts /hooks/ before all paths."""
    lab.edit("map $http_upgrade", f"{HOOKS}map $http_upgrade")
    lab.change(PAGES, PAGES.replace("http://127.0.0.1:3000", "http://127.0.0.1:3009/hooks/"))

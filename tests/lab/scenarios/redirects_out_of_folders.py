"""An application in a sub-folder redirects out of it: nginx cuts the folder off by a regular
expression, the redirect names the site or the application's own address, or the site has a page for
every path where it leads.
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .page_assets import PAGE

MINE = (site.CONF,)
HOME = "<!doctype html><title>Home</title><p>The home page of the site, with some words.</p>\n"
#: "names": it redirects /subpage/ to /subpage with its own address, of Host and X-Forwarded-Proto.
#: "bare": it redirects / to the path /login.html. "elsewhere": it does so, and has no such page.
APPLICATION = """
import http.server, sys

class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        onward = {
            ("names", "/subpage/"): f"{scheme}://{self.headers['Host']}/subpage",
            ("bare", "/"): "/login.html",
            ("elsewhere", "/"): "/login.html",
        }.get((sys.argv[1], path))
        is_there = path in ("/", "/subpage") or (path, sys.argv[1]) == ("/login.html", "bare")
        body = b"<!doctype html><title>Console</title><p>Please log in to the console here.</p>"
        self.send_response(302 if onward else 200 if is_there else 404)
        if onward:
            self.send_header("Location", onward)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

http.server.ThreadingHTTPServer(("127.0.0.1", 3021), Application).serve_forever()
"""
FIELDS = "    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-Proto $scheme;\n"
BY_GROUP = "location ~ ^/console/(.*)$ {\n    proxy_pass http://127.0.0.1:3021/$1$is_args$args;\n"
BY_FOLDER = "location /console/ {\n    proxy_pass http://127.0.0.1:3021/;\n"
SUB_PAGE = f"https://{site.NAME}/console/subpage/"
FIRST = f"https://{site.NAME}/console/"


def _application(lab: Lab, kind: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, kind), 3021)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/home"))
    lab.server.write("/srv/home/index.html", HOME)


def _serve(lab: Lab, kind: str, location: str, lines: str, files: str = "") -> None:
    _application(lab, kind)
    root = f"  root /srv/home;\n  location / {{\n    index index.html;\n{files}  }}\n"
    lab.change(PAGE, f"{root}  {location}{lines}  }}\n\n")


@scenario(
    outside="http.redirect-wrong-host", server="http.redirect-wrong-host", target=SUB_PAGE,
    differs=MINE,
)  # fmt: skip
def redirect_to_the_address_behind_an_expression(lab: Lab) -> None:
    """https://github.com/zauberzeug/nicegui/issues/2977: Host alone leaves the folder lost."""
    _serve(lab, "names", BY_GROUP, "")


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder", target=SUB_PAGE,
    differs=MINE,
)  # fmt: skip
def redirect_loses_the_folder_behind_an_expression(lab: Lab) -> None:
    """The same where Host is passed on."""
    _serve(lab, "names", BY_GROUP, FIELDS)


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder", target=FIRST,
    differs=MINE,
)  # fmt: skip
def bare_redirect_loses_the_folder_behind_an_expression(lab: Lab) -> None:
    """https://github.com/NginxProxyManager/nginx-proxy-manager/issues/3008"""
    _serve(lab, "bare", BY_GROUP, FIELDS)


@scenario(
    outside=None, server="http.redirect-leaves-folder", target=FIRST, differs=MINE,
    args=("logging in leads to /login.html, the login is at /console/login.html",),
)  # fmt: skip
def redirect_leads_to_the_page_for_every_path(lab: Lab) -> None:
    """https://github.com/AdguardTeam/AdGuardHome/issues/1085, beside a single-page application."""
    _serve(lab, "bare", BY_FOLDER, FIELDS, "    try_files $uri $uri/ /index.html;\n")


@apache_scenario(
    outside="http.redirect-to-error",
    server="server.base-path-missing",
    target=FIRST,
    manual="the base path is the application's setting",
)
def apache_redirect_loses_the_folder(lab: Lab) -> None:
    """https://github.com/AdguardTeam/AdGuardHome/issues/6604"""
    _application(lab, "bare")
    lines = "    ProxyPass /console/ http://127.0.0.1:3021/\n"
    kept = "".join(line for line in apache.HTTPS.splitlines(True) if "ProxyPass" not in line)
    files = f"{lines}    DocumentRoot /srv/home\n    <Directory /srv/home>\n"
    files += "        Require all granted\n    </Directory>\n"
    kept = kept.replace("    DocumentRoot /var/www/html\n", files)
    apache.serve(lab, f"{kept}\n{apache.HTTP}")


@healthy(target=SUB_PAGE)
def redirect_keeps_the_folder_behind_an_expression(lab: Lab) -> None:
    _serve(lab, "names", BY_GROUP, f"{FIELDS}    proxy_redirect https://$host/ /console/;\n")


@healthy(target=FIRST, args=("logging in leads to the login page of the site, not of the console",))
def redirect_leads_to_the_login_of_the_whole_site(lab: Lab) -> None:
    """The site's single-page application has the login, and the application has none."""
    _serve(lab, "elsewhere", BY_FOLDER, FIELDS, "    try_files $uri $uri/ /index.html;\n")

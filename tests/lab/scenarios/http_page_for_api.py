"""Scenarios of http.page-for-api: the fallback of a single-page application answers in the place of
an interface."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
MINE = (site.CONF,)
PASS = "the laboratory's application has another interface"
ME = f"https://{site.NAME}/auth/me"
INTERFACE = "  location /auth/ {\n    proxy_pass http://127.0.0.1:3000;\n  }\n"


def single_page(lab: Lab, script: str, rules: str = "") -> None:
    """A single-page application in files, with this script."""
    shell = "<!doctype html><title>App</title><div id=app></div><script src=/app.js></script>\n"
    lab.server.write("/srv/spa/index.html", shell)
    lab.server.write("/srv/spa/app.js", script)
    lab.server.sh("chmod -R a+rX /srv/spa")
    files = "  root /srv/spa;\n  location / { try_files $uri /index.html; }\n"
    lab.change(PAGES, f"{files}{rules}\n")


@scenario(outside="http.page-for-api", manual=PASS)
def page_reads_what_no_rule_passes_on(lab: Lab) -> None:
    """fetch("/auth/me") gets index.html; the development server of Vite had a proxy for it."""
    single_page(lab, 'fetch("/auth/me").then(r=>r.json()).then(show)\n')


@scenario(outside="http.page-for-api", manual=PASS, target=ME)
def interface_that_no_rule_passes_on(lab: Lab) -> None:
    """The same, asked at the address of the interface."""
    single_page(lab, 'fetch("/auth/me").then(r=>r.json()).then(show)\n')


@healthy()
def page_reads_what_is_passed_on(lab: Lab) -> None:
    """The same page, and its interface at the application."""
    single_page(lab, 'fetch("/auth/me").then(r=>r.json()).then(show)\n', INTERFACE)


@healthy(target=f"https://{site.NAME}/auth/login")
def route_of_a_page_beside_its_interface(lab: Lab) -> None:
    """/auth/login is a page of the application itself, and its data comes from elsewhere."""
    single_page(lab, 'fetch("/v1/me").then(r=>r.json());routes={"/auth/login":Login}\n',
                INTERFACE.replace("/auth/", "/v1/"))  # fmt: skip


LAST = """\
  location / {
    proxy_pass http://127.0.0.1:3001;
  }
  location /api/ {
    rewrite ^/api/(.*)$ /$1 last;
    proxy_pass http://127.0.0.1:3000;
  }
"""
SHELL = "<!doctype html><title>App</title><div id=app></div><script src=/app.js></script>"


FRONT = f"""\
server {{
  listen 127.0.0.1:3001;
  default_type text/html;
  location / {{ return 200 '{SHELL}'; }}
  location = /app.js {{ default_type text/javascript; return 200 '1;'; }}
}}
"""


@scenario(outside="http.page-for-api", target=f"https://{site.NAME}/api/users", differs=MINE)
def rule_leads_the_interface_to_the_front_end(lab: Lab) -> None:
    """`last` in place of `break`: the front end answers every path with its page and 200."""
    lab.server.write("/etc/nginx/conf.d/front.conf", FRONT)
    lab.change(PAGES, LAST)

"""A single-page application is in a container with an nginx of its own, behind the web server that
visitors reach, and a page of it is loaded anew.

After https://github.com/saadpasta/developerFolio/pull/628 (the image has no try_files).
"""

from .. import apache, caddy, site
from ..containers import Engine
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .caddy import caddy_scenario
from .container_nginx import CONF, OUTER
from .frameworks import PAGES
from .nginx_in_container import PANEL

WORK = f"https://{site.NAME}/work"
FOUND = "upstream.container-fallback-missing"
SAME = "behind nginx the same is carried out"
FOLDER = "/usr/share/nginx/html"
APPLICATION = (
    '<!doctype html><title>Folio</title><script defer src="/js/main.js"></script>'
    '<div id="root"></div>\n'
)
DOCUMENT = "<!doctype html><title>Folio</title><h1>Folio</h1><p>Works of mine, and words.</p>\n"
ROOT = f"  location / {{\n    root {FOLDER};\n    index index.html;\n%s  }}\n"
FALLBACK = "    try_files $uri $uri/ /index.html;\n"


def _behind(lab: Lab, lines: str = ROOT % "", page: str = APPLICATION) -> None:
    engine, host = Engine(lab), lab.server
    lab.undo(lambda: host.sh("rm -rf /srv/web"))
    host.write("/srv/web/etc/nginx.conf", f"user www-data;\n{CONF}")
    host.write("/srv/web/etc/sites/default.conf", f"server {{\n  listen 80;\n{lines}}}\n")
    host.write("/srv/web/html/index.html", page)
    host.write("/srv/web/html/js/main.js", "document.title += '!';\n")
    host.sh("chmod -R a+rX /srv/web")
    folders = [("/srv/web/etc", "/etc/nginx"), ("/srv/web/html", FOLDER)]
    # The signal for a reload may go to every nginx.
    argv = ["/usr/sbin/nginx", "-g", "daemon off;"]
    engine.run("web", argv, [(8088, 80)], folders, image="folio")
    engine.nginx_starts("web")
    engine.answers(8088)


@scenario(outside=None, server=FOUND, target=WORK, not_on=PANEL)
def container_nginx_has_no_fallback(lab: Lab) -> None:
    lab.change(PAGES, OUTER)
    _behind(lab)


@scenario(outside=None, server=FOUND, target=f"https://{site.NAME}/folio/work", not_on=PANEL)
def container_nginx_below_a_prefix_has_no_fallback(lab: Lab) -> None:
    """The web server in front takes the prefix away, which the build knows."""
    outer = "  location /folio/ {\n    proxy_pass http://127.0.0.1:8088/;\n  }\n"
    lab.change(PAGES, f"{outer}{PAGES}")
    page = APPLICATION.replace("/js/", "/folio/js/")
    _behind(lab, ROOT % "    try_files $uri $uri/ =404;\n", page)


@apache_scenario(outside=None, server=FOUND, target=WORK, manual=SAME)
def container_nginx_behind_apache_has_no_fallback(lab: Lab) -> None:
    apache.serve(lab, f"{apache.HTTPS}\n{apache.HTTP}".replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab)


@caddy_scenario(outside=None, server=FOUND, target=WORK, manual=SAME)
def container_nginx_behind_caddy_has_no_fallback(lab: Lab) -> None:
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab)


@healthy(target=WORK, not_on=PANEL)
def container_nginx_falls_back(lab: Lab) -> None:
    lab.change(PAGES, OUTER)
    _behind(lab, ROOT % FALLBACK)


@healthy(target=WORK, not_on=PANEL)
def container_nginx_has_documents_only(lab: Lab) -> None:
    """The site is no application: the page is not there, and 404 is right."""
    lab.change(PAGES, OUTER)
    _behind(lab, page=DOCUMENT)


@healthy(target=f"https://{site.NAME}/js/old.js", not_on=PANEL)
def container_nginx_has_no_such_file(lab: Lab) -> None:
    """What has an ending is a file, and no address of the application."""
    lab.change(PAGES, OUTER)
    _behind(lab)

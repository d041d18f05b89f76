"""Rules of Apache and Caddy that lead every path to the page, those of its files too."""

from .. import apache, caddy
from ..apache import HTTP, HTTPS
from ..caddy import KEY, PEM
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy

FOLDER = "/srv/shop"
CHECK, SEEN = "server.fallback-hides-files", "http.page-file-type"
APP = "    ProxyPass / http://127.0.0.1:3000/\n    ProxyPassReverse / http://127.0.0.1:3000/\n"
WS = "\thandle /ws {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"


def _files(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    page = "<!doctype html><title>Shop</title><script src=/app.js></script><p>Tea\n"
    lab.server.write(f"{FOLDER}/index.html", page)
    lab.server.write(f"{FOLDER}/app.js", "start();\n")


def _apache(lab: Lab, *lines: str) -> None:
    _files(lab)
    rules = "".join(f"    {line}\n" for line in ("RewriteEngine on", *lines))
    section = f"    <Directory {FOLDER}>\n        Require all granted\n    </Directory>\n"
    text = HTTPS.replace(APP, rules + section).replace("/var/www/html", FOLDER)
    assert rules in text
    apache.serve(lab, f"{text}\n{HTTP}")


def _caddy(lab: Lab, line: str) -> None:
    _files(lab)
    files = f"\t\troot * {FOLDER}\n\t\t{line}\n\t\tfile_server\n"
    site = f"{WS}\thandle {{\n{files}\t}}\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{site}}}\n")


@apache_scenario(outside=SEEN, server=CHECK, differs=(apache.SITE,))
def apache_has_a_rule_for_every_path(lab: Lab) -> None:
    _apache(lab, "RewriteRule ^/ws$ - [L]", "RewriteRule ^ /index.html [L]")


@healthy_apache()
def apache_has_a_rule_for_what_is_no_file(lab: Lab) -> None:
    condition = "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f"
    _apache(lab, "RewriteRule ^/ws$ - [L]", condition, "RewriteRule ^ /index.html [L]")


@caddy_scenario(outside=SEEN, server=CHECK, differs=(caddy.CONFIG,))
def caddy_tries_no_file(lab: Lab) -> None:
    _caddy(lab, "try_files /index.html")


@caddy_scenario(outside=SEEN, server=CHECK, differs=(caddy.CONFIG,))
def caddy_rewrites_every_path(lab: Lab) -> None:
    _caddy(lab, "rewrite * /index.html")


@healthy_caddy()
def caddy_tries_files_first(lab: Lab) -> None:
    _caddy(lab, "try_files {path} /index.html")

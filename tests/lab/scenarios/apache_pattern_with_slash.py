"""Apache: a RewriteRule of a folder whose pattern begins with a slash."""

from .. import apache, site
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with

ROOT = "/srv/tea"
LINES = f"""\
ProxyPass /ws ws://127.0.0.1:3000/ws
DocumentRoot {ROOT}
<Directory {ROOT}>
    Require all granted
    RewriteEngine On
    RewriteRule ^/old/(.*)$ /new/$1 [L]
</Directory>
"""
OLD = f"https://{site.NAME}/old/tea.html"


def _files(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    lab.server.write(f"{ROOT}/new/tea.html", "<!doctype html><title>Tea</title><p>Green tea.\n")
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.server.sh(f"chmod -R a+rX {ROOT}")


@apache_scenario(
    outside=None, server="server.apache-pattern-with-slash", target=OLD, differs=FILES,
)  # fmt: skip
def apache_rule_of_a_folder_begins_with_a_slash(lab: Lab) -> None:
    _files(lab)
    apache.serve(lab, site_with(LINES))


@healthy_apache(target=OLD)
def apache_rule_of_a_folder_begins_without_a_slash(lab: Lab) -> None:
    _files(lab)
    apache.serve(lab, site_with(LINES.replace("^/old", "^old")))

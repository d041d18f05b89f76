"""Apache: RewriteRule [P] of a virtual host, of a folder and of its .htaccess, and WebSockets."""

from .. import apache
from ..apache import HTTP
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .apache_threads import site_with
from .server_pages import of_files

ROOT = "/var/www/viewer"
TO_HTTP = "RewriteRule ^{}(.*)$ http://localhost:3000/$1 [P]\n"
TO_WS = "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n" + TO_HTTP.replace("http:", "ws:")
ON = "RewriteEngine on\n"


def _serve(lab: Lab, htaccess: str = "", section: str = "") -> None:
    """A site of files, with these rules in its .htaccess or in the <Directory> of its folder."""
    text = of_files(ROOT, "All" if htaccess else "None")
    text = text.replace("        Options", f"{section}        Options")
    apache.install(lab, f"{text}\n{HTTP}")
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Home</title><p>Home.</p>\n")
    if htaccess:
        lab.server.write(f"{ROOT}/.htaccess", htaccess)
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    apache.start(lab)


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_passes_a_websocket_by_http_in_an_htaccess(lab: Lab) -> None:
    """https://github.com/streamlit/streamlit/issues/737: RewriteRule [P] to http:// alone."""
    _serve(lab, ON + TO_HTTP.format(""))


@healthy_apache(args=WS)
def apache_passes_a_websocket_by_ws_in_an_htaccess(lab: Lab) -> None:
    _serve(lab, ON + TO_WS.replace("{}(", "(", 1) + TO_HTTP.format(""))


@healthy_apache()
def apache_passes_one_folder_on_in_an_htaccess(lab: Lab) -> None:
    """The front page is a file, and stays one."""
    _serve(lab, ON + TO_HTTP.format("api/"))


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_passes_a_websocket_by_http_in_a_section(lab: Lab) -> None:
    """The rule stands in the <Directory> of the site's folder."""
    _serve(lab, section=f"        {ON}        {TO_HTTP.format('')}")


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_passes_a_websocket_by_http_in_a_rule(lab: Lab) -> None:
    """The rule of a virtual host has a condition of its own."""
    apache.serve(lab, site_with(f"{ON}RewriteCond %{{HTTPS}} on\n{TO_HTTP.format('/')}"))

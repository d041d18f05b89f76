"""Apache: lines that never take effect, because another line takes their paths."""

from .. import apache
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .apache_threads import site_with

REST = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"
PAGES = "<Location /app/>\n    ProxyPass http://127.0.0.1:3000/\n</Location>\n"
SOCKET = "<Location /app/ws>\n    ProxyPass ws://127.0.0.1:3000/ws\n</Location>\n"


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=("--ws", "/app/ws"),
    differs=FILES,
)
def apache_section_of_the_websocket_stands_above(lab: Lab) -> None:
    """Of <Location> sections that match, the last one decides, and not the longest path."""
    apache.serve(lab, site_with(SOCKET + PAGES + REST))


@healthy_apache(args=("--ws", "/app/ws"))
def apache_section_of_the_websocket_stands_below(lab: Lab) -> None:
    apache.serve(lab, site_with(PAGES + SOCKET + REST))


SHARED = """\
ProxyPass /pages/ http://127.0.0.1:3000/
ProxyPass /ws http://127.0.0.1:3000/ws upgrade=websocket
ProxyPass / http://127.0.0.1:3000/
"""


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_line_of_the_websocket_shares_a_worker(lab: Lab) -> None:
    """The parameter of the later line is ignored (mod_proxy, "Worker Sharing")."""
    apache.serve(lab, site_with(SHARED))


@healthy_apache(args=WS)
def apache_line_of_the_websocket_makes_the_worker(lab: Lab) -> None:
    lines = SHARED.splitlines(keepends=True)
    apache.serve(lab, site_with(lines[1] + lines[0] + lines[2]))


CONDITION = """\
RewriteEngine On
RewriteCond %{HTTP_UPGRADE} websocket [NC]
RewriteRule ^/?(.*) "ws://127.0.0.1:3000/$1" [P,L]
ProxyPass / http://127.0.0.1:3000/
"""


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-variable-unmarked",
    args=WS,
    differs=FILES,
)
def apache_condition_names_no_variable(lab: Lab) -> None:
    """%{HTTP_UPGRADE}: only a few fields have a variable of their own."""
    apache.serve(lab, site_with(CONDITION))


ONE_PAGE = "the laboratory's page is another one"
ALIAS = """\
Alias /assets /srv/assets
<Directory /srv/assets>
    Require all granted
</Directory>
ProxyPass / http://127.0.0.1:3000/
"""


def _serve_assets(lab: Lab, lines: str) -> None:
    lab.application("--mode", "one-page")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/assets"))
    lab.server.write("/srv/assets/app.js", "start();\n")
    apache.serve(lab, site_with(lines))


@apache_scenario(
    outside="http.page-file-type", server="server.apache-proxy-shadowed", manual=ONE_PAGE
)
def apache_proxies_the_paths_of_an_alias(lab: Lab) -> None:
    """The application has no /assets/app.js; the folder of the Alias has it."""
    _serve_assets(lab, ALIAS)


def _serve_asked(lab: Lab, lines: str) -> None:
    """The application answers 404 to what it does not know."""
    program = lab.server.application("paths_server", "3001", "/")
    lab.spawn(lab.server, program, 3001)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/assets"))
    lab.server.write("/srv/assets/app.js", "start();\n")
    apache.serve(lab, site_with(lines.replace("127.0.0.1:3000", "127.0.0.1:3001")))


ASKED = "https://shop.example.com/assets/app.js"


@apache_scenario(outside=None, server="server.apache-proxy-shadowed", target=ASKED, manual=ONE_PAGE)
def apache_proxies_the_asked_file_of_an_alias(lab: Lab) -> None:
    _serve_asked(lab, ALIAS)


@healthy_apache(target=f"{ASKED}.map")
def apache_alias_has_no_such_file(lab: Lab) -> None:
    _serve_asked(lab, ALIAS)


@healthy_apache()
def apache_excludes_the_paths_of_an_alias(lab: Lab) -> None:
    _serve_assets(lab, ALIAS.replace("ProxyPass /", "ProxyPass /assets !\nProxyPass /"))


# The folder of an alias is a wrong one, or closed; the page loads a script from it.

FOLDER = f"{ALIAS.replace('ProxyPass /', 'ProxyPass /assets !' + chr(10) + 'ProxyPass /')}"


@apache_scenario(
    outside="http.page-file-missing", server="server.access-not-granted", manual=ONE_PAGE
)
def apache_grants_no_folder_of_an_alias(lab: Lab) -> None:
    """AH01630 for the file, and the page itself is well."""
    start, end = FOLDER.index("<Directory"), FOLDER.index("ProxyPass")
    _serve_assets(lab, FOLDER[:start] + FOLDER[end:])


@apache_scenario(outside="http.page-file-missing", server="server.page-missing", manual=ONE_PAGE)
def apache_alias_leads_to_the_folder_beside(lab: Lab) -> None:
    """The sources lie in static, what is built of them in assets."""
    _serve_assets(lab, FOLDER.replace("/srv/assets", "/srv/shop/static"))
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/assets/app.js", "start();\n")
    lab.server.write("/srv/shop/static/keep.txt", "\n")


@apache_scenario(outside="http.page-file-missing", server="server.page-missing", manual=ONE_PAGE)
def apache_alias_leads_to_the_folder_above(lab: Lab) -> None:
    """The folder above has a script of its own."""
    _serve_assets(lab, FOLDER.replace("/srv/assets", "/srv/shop"))
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/assets/app.js", "start();\n")
    lab.server.write("/srv/shop/build.js", "build();\n")


@apache_scenario(outside="http.page-file-missing", server="server.page-missing", manual=ONE_PAGE)
def apache_alias_lacks_a_slash(lab: Lab) -> None:
    _serve_assets(lab, FOLDER.replace("Alias /assets ", "Alias /assets/ "))


# A file of the page is in the DocumentRoot, and the application takes every path.

STATIC = "/srv/shop"
GRANTED = f"<Directory {STATIC}>\n    Require all granted\n</Directory>\n"


def _serve_static(lab: Lab, lines: str) -> None:
    """The application's page loads a script from its static files, which it does not serve."""
    program = lab.server.application("paths_server", "3001", "/:/static/js/app.js")
    lab.spawn(lab.server, program, 3001)
    lab.undo(lambda: lab.server.sh(f"rm -rf {STATIC}"))
    lab.server.write(f"{STATIC}/static/js/app.js", "start();\n")
    text = site_with(
        GRANTED + lines + REST.replace("/ http://127.0.0.1:3000", "/ http://127.0.0.1:3001")
    )
    apache.serve(lab, text.replace("DocumentRoot /var/www/html", f"DocumentRoot {STATIC}"))


@apache_scenario(
    outside="http.page-file-missing", server="server.apache-proxy-shadowed", differs=(apache.SITE,)
)
def apache_proxies_static_files_of_its_folder(lab: Lab) -> None:
    _serve_static(lab, "")


@healthy_apache()
def apache_excludes_static_files_of_its_folder(lab: Lab) -> None:
    _serve_static(lab, "ProxyPass /static/ !\n")

"""nginx answers a path itself that belongs to an application.

After threads on Stack Overflow and GitHub: "socket.io.js 404 behind nginx", "nginx serves static
files, API returns index.html, Unexpected token '<'", "405 Not Allowed nginx POST React", "nginx
X-Accel-Redirect 404", "rewrite or internal redirection cycle X-Accel-Redirect".
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FALLBACK, PROXY, _build, _serve

MINE = (site.CONF,)
TIMEOUT = "  ssl_session_timeout 5m;\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOME = "https://shop.example.com"
SCRIPT = f"{HOME}/socket.io/socket.io.js"
STATIC = "  location ~* \\.(js|css|png)$ {\n    root /var/www/html;\n    expires 30d;\n  }\n"
SOCKETS = f"  location /socket.io/ {{ {PROXY} }}\n"
PERSON = "a person decides which location the path belongs to"
ANOTHER_BLOCK = {"panel": "the second block would need a file of the panel"}


def _lines(lab: Lab, lines: str) -> None:
    """These lines at the beginning of the site's block."""
    lab.change(TIMEOUT, f"{TIMEOUT}{lines}")


@scenario(outside=None, server="nginx.path-taken", target=SCRIPT, manual=PERSON)
def static_files_take_the_script_of_socket_io(lab: Lab) -> None:
    """The whole site is proxied, and a regular expression for static files comes before."""
    _lines(lab, STATIC)


@scenario(outside=None, server="nginx.path-taken", target=SCRIPT, differs=MINE)
def static_files_take_a_file_of_a_prefix(lab: Lab) -> None:
    """The prefix of the application lacks "^~"."""
    _lines(lab, STATIC + SOCKETS)


@healthy(target=SCRIPT)
def prefix_comes_before_static_files(lab: Lab) -> None:
    """The same with "^~"."""
    _lines(lab, STATIC + SOCKETS.replace("location", "location ^~"))


@scenario(outside=None, server="nginx.path-taken", target=f"{HOME}/api/users", manual=PERSON)
def rewrite_leads_an_api_to_the_page(lab: Lab) -> None:
    """200 with HTML in the place of JSON."""
    api = "  location /api/ { proxy_pass http://127.0.0.1:3001; }\n"
    rewrite = "  rewrite ^/(?!assets/|ws|index\\.html).*$ /index.html last;\n"
    data = "  default_type application/json;\n  location / { return 200 '{}'; }\n"
    block = f"server {{\n  listen 127.0.0.1:3001;\n{data}}}\n"
    lab.edit(site.MAP, f"{site.MAP}\n{block}")
    _serve(lab, FALLBACK + api + rewrite, **_build())


@scenario(
    outside=None, server="nginx.method-not-allowed", target=f"{HOME}/api/login",
    args=("--method", "POST"), manual=PERSON,
)  # fmt: skip
def post_to_the_page_of_an_application(lab: Lab) -> None:
    """No location passes the API on, and every GET gets the page."""
    _serve(lab, FALLBACK, **_build())


def _sends_files(lab: Lab, location: str) -> None:
    """The application answers with X-Accel-Redirect."""
    lab.server.sh("mkdir -p /var/www/media; echo report > /var/www/media/report.pdf")
    header = "add_header X-Accel-Redirect /protected/report.pdf;"
    inner = f"  location / {{ {header} return 200 report; }}\n"
    block = f"server {{\n  listen 127.0.0.1:3001;\n{inner}}}\n"
    lab.edit(PAGES, location + PAGES.replace("3000", "3001"))
    lab.change(site.MAP, f"{site.MAP}\n{block}")


@scenario(
    outside="http.server-error", server="upstream.internal-redirect-missing",
    target=f"{HOME}/report", manual="nobody knows the folder", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def no_location_for_the_applications_files(lab: Lab) -> None:
    """The application is asked for the file again, until nginx gives up."""
    _sends_files(lab, "")


@scenario(
    outside=None, server="upstream.internal-redirect-missing", target=f"{HOME}/report",
    manual="nobody knows the folder", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def root_in_the_place_of_alias_for_the_applications_files(lab: Lab) -> None:
    """The prefix of the location stands in the file's path."""
    _sends_files(lab, "  location /protected/ {\n    internal;\n    root /var/www/media;\n  }\n")


@healthy(target=f"{HOME}/report", not_on=ANOTHER_BLOCK)
def applications_files_are_there(lab: Lab) -> None:
    """The same with alias."""
    _sends_files(lab, "  location /protected/ {\n    internal;\n    alias /var/www/media/;\n  }\n")

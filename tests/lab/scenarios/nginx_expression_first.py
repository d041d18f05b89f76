"""Lists of endings that get the files of a folder before its own location.

After https://blog.wbw.im/nginx-location-order.html: files of Django answer 404 by their endings.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .page_assets import CSS

MINE = (site.CONF,)
FOLDER = "/srv/django/static"
FILE = "/static/css/app.css"
PASS = "proxy_pass http://127.0.0.1:3001; proxy_set_header Host $host;"


def _django(lab: Lab, *lines: str) -> None:
    """The page loads /static/css/app.css, which the application does not serve."""
    lab.undo(lambda: lab.server.sh("rm -rf /srv/django"))
    lab.server.write(f"{FOLDER}/css/app.css", CSS)
    lab.server.write(f"{FOLDER}/js/app.js", "document.title += '!';\n")
    paths = lab.server.application("paths_server", "3001", "/:/static/js/app.js", "/orders")
    lab.spawn(lab.server, paths, 3001)
    lab.change(PAGES, "".join(f"  {line}\n" for line in lines))


ALL = f"location / {{ {PASS} }}"
STATIC = f"location /static/ {{ alias {FOLDER}/; }}"
ENDINGS = f"location ~* \\.(js|css|png)$ {{ expires 30d; {PASS} }}"


@scenario(
    outside="http.page-file-missing", server="nginx.expression-first", differs=MINE
)  # fmt: skip
def list_of_endings_passes_static_files_on(lab: Lab) -> None:
    _django(lab, ALL, STATIC, ENDINGS)


@scenario(
    outside=None, server="nginx.expression-first", target=f"https://{site.NAME}{FILE}",
    differs=MINE, also=("http.page-file-missing",),
)  # fmt: skip
def static_file_itself_is_passed_on(lab: Lab) -> None:
    _django(lab, ALL, STATIC, ENDINGS)


@scenario(
    outside=None, server="nginx.expression-first", target=f"https://{site.NAME}{FILE}",
    differs=MINE,
)  # fmt: skip
def list_of_endings_looks_into_another_folder(lab: Lab) -> None:
    _django(lab, STATIC, r"location ~* \.(js|css|png)$ { expires 30d; }", "root /srv/django;")
    lab.server.write("/srv/django/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.server.sh(f"mkdir /srv/files && mv {FOLDER}/css /srv/files/")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/files"))
    lab.change(f"alias {FOLDER}/", "alias /srv/files/")


@healthy()
def list_of_endings_beside_a_prefix_that_comes_first(lab: Lab) -> None:
    _django(lab, ALL, STATIC.replace("/static/", "^~ /static/", 1), ENDINGS)


@healthy(target=f"https://{site.NAME}/static/other.css")
def list_of_endings_for_a_file_that_is_nowhere(lab: Lab) -> None:
    _django(lab, ALL, STATIC.replace("/static/", "^~ /static/", 1), ENDINGS)

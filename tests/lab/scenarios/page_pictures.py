"""The page answers, and its pictures do not."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import APP, DEPLOY, FOLDER, _serve

FILES = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ =404; }}\n"
PAGE = "<!doctype html>\n<title>Shop</title>\n<p>Forty kinds of tea.</p>\n%s"
AVATAR = PAGE % '<img src="/media/avatars/me.png" alt="me">'
DATA = "/srv/shop-data"
IMPORTS = 'import("./viewer.min.mjs")\n'


@scenario(outside="http.page-file-missing", server="nginx.page-file-forbidden")
def picture_behind_a_link_into_a_closed_folder(lab: Lab) -> None:
    """After issue 228 of seafile-docker: the avatars are a link into a folder with mode 750."""
    lab.server.sh(f"mkdir -p {DATA}/avatars {FOLDER}/media")
    lab.server.write(f"{DATA}/avatars/me.png", "PNG")
    lab.server.sh(f"chmod -R a+rX {DATA}; chmod 750 {DATA}")
    _serve(lab, FILES, **{"index.html": AVATAR})
    lab.server.sh(f"ln -s {DATA}/avatars {FOLDER}/media/avatars")


@scenario(outside="http.page-file-missing", server="nginx.page-file-not-found", manual=DEPLOY)
def picture_behind_a_link_that_is_missing(lab: Lab) -> None:
    """After issue 139 of FreeScout: public/storage was not linked."""
    _serve(lab, FILES, **{"index.html": AVATAR})


@healthy()
def pictures_that_come(lab: Lab) -> None:
    more = '<img src="/1.gif" width="1" height="1"><img src="/x.png" onerror="this.remove()">'
    _serve(lab, FILES, **{"index.html": AVATAR + more, "media/avatars/me.png": "PNG"})


VIEWER = APP.replace("<div", '<script type="module" src="/main.js"></script>\n<div')


@scenario(
    outside="http.page-file-type", server="nginx.types-missing", differs=("/etc/nginx/mime.types",),
)  # fmt: skip
def module_with_an_ending_that_nginx_does_not_know(lab: Lab) -> None:
    """After issue 3048 of ngx-extended-pdf-viewer: the script imports viewer.min.mjs."""
    _serve(lab, FILES, **{"index.html": VIEWER, "main.js": IMPORTS, "viewer.min.mjs": "export {}"})


@healthy()
def module_that_is_somewhere_else(lab: Lab) -> None:
    """What a script names need not be at that address."""
    _serve(lab, FILES, **{"index.html": VIEWER, "main.js": IMPORTS})

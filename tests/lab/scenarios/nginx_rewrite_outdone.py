"""Lists of endings that get a path before the `rewrite` of `location /` that makes it.

After mdrbx/Prestashop-Nginx issue 16: all images of products answer 404.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .page_assets import CSS

MINE = (site.CONF,)
ROOT = "/srv/prestashop"
IMAGE = f"https://{site.NAME}/42-large_default/bark-natural.jpg"
RULES = (
    r"rewrite ^/([0-9])(-[.*_a-zA-Z0-9-]*)?(-[0-9]+)?/.+\.jpg$ /img/p/$1/$1$2$3.jpg last;",
    r"rewrite ^/([0-9])([0-9])(-[.*_a-zA-Z0-9-]*)?(-[0-9]+)?/.+\.jpg$"
    " /img/p/$1/$2/$1$2$3$4.jpg last;",
)
FILES = r"location ~* \.(css|js|jpg|png)$ { expires max; log_not_found off; }"
HOME = "<!doctype html><title>Shop</title>"


def _shop(lab: Lab, *lines: str, head: str = "") -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    lab.server.write(f"{ROOT}/img/p/4/2/42-large_default.jpg", "JFIF" * 50)
    lab.server.write(f"{ROOT}/themes/app.css", CSS)
    lab.server.write(f"{ROOT}/index.html", f"{HOME}{head}<p>Tea for everybody, and cups.</p>\n")
    lab.server.sh(f"chmod -R a+rX {ROOT}")
    lab.change(
        PAGES, "".join(f"  {line}\n" for line in (f"root {ROOT};", "index index.html;", *lines))
    )


def _location(*rules: str) -> str:
    return f"location / {{ {' '.join(rules)} try_files $uri $uri/ =404; }}"


@scenario(
    outside=None, server="nginx.rewrite-outdone", target=IMAGE, differs=MINE,
)  # fmt: skip
def list_of_endings_gets_images_before_their_rewrite(lab: Lab) -> None:
    _shop(lab, _location(*RULES), FILES)


@scenario(
    outside=None, server="nginx.rewrite-outdone", target=f"https://{site.NAME}/v7/themes/app.css",
    differs=MINE,
)  # fmt: skip
def list_of_endings_gets_files_before_the_rewrite_of_every_path(lab: Lab) -> None:
    rule = r"if (!-e $request_filename) { rewrite ^/v[0-9]+/(.*)$ /$1 last; }"
    _shop(lab, _location(rule), FILES)


@scenario(
    outside="http.page-file-missing", server="nginx.rewrite-outdone", differs=MINE,
)  # fmt: skip
def list_of_endings_gets_a_style_sheet_before_its_rewrite(lab: Lab) -> None:
    rule = r"rewrite ^/(theme)/v[0-9]+/(.*)\.css$ /themes/$2.css break;"
    _shop(lab, _location(rule), FILES, head='<link rel="stylesheet" href="/theme/v2/app.css">')


@healthy(target=IMAGE)
def list_of_endings_with_the_rules_of_images(lab: Lab) -> None:
    _shop(lab, _location(*RULES), FILES.replace("expires", f"{' '.join(RULES)} expires"))


@healthy(target=f"https://{site.NAME}/77-large_default/cup.jpg")
def list_of_endings_for_an_image_that_is_nowhere(lab: Lab) -> None:
    _shop(lab, _location(*RULES), FILES)

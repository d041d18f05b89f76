"""Scenarios of nginx.alias-in-expression, after nginx's documentation of `alias`."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import CSS, SHOP, _serve

LINES = "  root /var/www/shop;\n"
FILES = {"index.html": SHOP, "assets/css/app.css": CSS}


@scenario(
    outside="http.page-file-missing", server="nginx.alias-in-expression", differs=(site.CONF,)
)
def alias_without_a_capture(lab: Lab) -> None:
    """`location ~ ^/static/ { alias …/; }`: nginx opens the folder for every file."""
    location = "  location ~ ^/static/ { alias /var/www/shop/assets/; }\n"
    _serve(lab, f"{LINES}{location}", **FILES)


@healthy()
def alias_with_a_capture(lab: Lab) -> None:
    location = "  location ~ ^/static/(.*)$ { alias /var/www/shop/assets/$1; }\n"
    _serve(lab, f"{LINES}{location}", **FILES)


@healthy(target=f"https://{site.NAME}/humans.txt")
def alias_of_one_file(lab: Lab) -> None:
    """Two paths, and one file that is meant."""
    location = "  location ~ ^/(humans|robots)\\.txt$ { alias /var/www/shop/humans.txt; }\n"
    _serve(lab, f"{LINES}{location}", **FILES, **{"humans.txt": "tea\n"})

"""Files that are asked for in other upper and lower case than their names have, as after a move
from Windows."""

from .. import apache, caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .caddy import caddy_scenario, healthy_caddy
from .nginx_threads import PAGES

ROOT = "/srv/shop"
LOGO = f"https://{site.NAME}/media/Images/Logo.PNG"
LINKS = (f"{ROOT}/Images", f"{ROOT}/images/Logo.PNG")
PAGE = "<!doctype html><title>Shop</title><p>Tea</p><img src=/Images/Logo.PNG>\n"
GRANTED = f"    <Directory {ROOT}>\n        Require all granted\n    </Directory>\n"


def _files(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    lab.server.write(f"{ROOT}/index.html", PAGE)
    lab.server.write(f"{ROOT}/images/logo.png", "picture\n")


def _nginx(lab: Lab) -> None:
    _files(lab)
    lab.change(PAGES, f"  location /media/ {{\n    alias {ROOT}/;\n  }}\n{PAGES}")


@scenario(outside=None, server="http.file-name-case", target=LOGO, differs=LINKS)
def nginx_picture_in_another_case(lab: Lab) -> None:
    _nginx(lab)


@healthy(target=LOGO.replace("Images/Logo.PNG", "images/tea.png"))
def nginx_picture_that_nobody_has(lab: Lab) -> None:
    _nginx(lab)


@apache_scenario(outside="http.page-file-missing", server="http.file-name-case", differs=LINKS)
def apache_page_names_its_picture_in_another_case(lab: Lab) -> None:
    _files(lab)
    text = apache.HTTPS.replace("/var/www/html", ROOT)
    start = text.index("    ProxyPass / ")
    end = text.index("    ProxyPassReverse / http://127.0.0.1:3000/\n")
    end += len("    ProxyPassReverse / http://127.0.0.1:3000/\n")
    apache.serve(lab, text[:start] + GRANTED + text[end:] + apache.HTTP)


def _caddy(lab: Lab) -> None:
    _files(lab)
    lines = f"\troot * {ROOT}\n\treverse_proxy /ws 127.0.0.1:3000\n\tfile_server\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {caddy.PEM} {caddy.KEY}\n{lines}}}\n")


@caddy_scenario(
    outside=None,
    server="http.file-name-case",
    target=LOGO.replace("/media", ""),
    differs=LINKS,
)
def caddy_picture_in_another_case(lab: Lab) -> None:
    _caddy(lab)


@healthy_caddy(target=f"https://{site.NAME}/images/logo.png")
def caddy_picture_by_its_name(lab: Lab) -> None:
    _caddy(lab)

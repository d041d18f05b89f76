"""A location against hidden files that takes /.well-known/ too."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

FILE = "/.well-known/apple-developer-merchantid-domain-association"
APPLE = f"https://{site.NAME}{FILE}"
CARDDAV = f"https://{site.NAME}/.well-known/carddav"
FILES = "  root /srv/shop;\n  location / { try_files $uri $uri/ =404; }\n"
DENY = "  location ~ /\\. { deny all; }\n"
SPARED = DENY.replace("\\.", "\\.(?!well-known/)")


def _shop(lab: Lab, rule: str) -> None:
    lab.server.write(f"/srv/shop{FILE}", "7B22\n")
    lab.server.write("/srv/shop/index.html", "<title>Shop</title>\n")
    lab.server.write("/srv/shop/.env", "SECRET=1\n")
    lab.change(PAGES, f"{rule}{FILES}")


@scenario(
    outside=None, server="nginx.well-known-hidden", target=APPLE, differs=(site.CONF,),
)  # fmt: skip
def file_of_apple_pay_is_hidden(lab: Lab) -> None:
    """https://github.com/shopware/docker/issues/148"""
    _shop(lab, DENY)


@healthy(target=APPLE)
def file_of_apple_pay_is_shown(lab: Lab) -> None:
    _shop(lab, SPARED)


@healthy(target=f"https://{site.NAME}/.env")
def hidden_file_stays_closed(lab: Lab) -> None:
    _shop(lab, DENY)


@healthy(target=f"https://{site.NAME}/.well-known/security.txt")
def well_known_file_that_is_not_there(lab: Lab) -> None:
    _shop(lab, DENY)


def _cloud(lab: Lab, dot: str) -> None:
    rule = f"  location ~ ^/(?:{dot}|data|config|README) {{ deny all; }}\n"
    moved = "  location / {\n    rewrite ^/.well-known/carddav /remote.php/carddav/ redirect;\n"
    lab.change(PAGES, f"{rule}{PAGES.replace('  location / {', moved.rstrip(), 1)}")


@scenario(
    outside=None, server="nginx.well-known-hidden", target=CARDDAV, differs=(site.CONF,),
)  # fmt: skip
def address_books_are_hidden(lab: Lab) -> None:
    """https://github.com/owncloud-archive/documentation/issues/435: the expression looks at the
    first name alone."""
    _cloud(lab, "\\.")


@healthy(target=CARDDAV)
def address_books_are_shown(lab: Lab) -> None:
    _cloud(lab, "\\.(?!well-known/)")

"""A redirect leads to two addresses in one."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TARGET = f"https://{site.NAME}/old"
PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;"


def _old_page(lab: Lab, address: str) -> None:
    """nginx redirects an old page to the page of this address."""
    lab.change(PAGES, f"  location = /old {{\n    return 302 {address}/start;\n  }}\n{PAGES}")


@scenario(
    outside="http.redirect-doubled",
    target=TARGET,
    manual="a person decides where the page is",
)
def redirect_of_nginx_has_two_addresses(lab: Lab) -> None:
    _old_page(lab, f"https://{site.NAME}$scheme://$host")


@healthy(target=TARGET)
def redirect_of_nginx_has_its_own_scheme(lab: Lab) -> None:
    _old_page(lab, "$scheme://$host")

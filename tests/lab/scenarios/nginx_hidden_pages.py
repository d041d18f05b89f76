"""Scenarios of nginx.visitor-denied: a rule about hidden files takes a page of the application."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

GLOVES = f"https://{site.NAME}/...garden-gloves"
TOLD = "403 when i try to open the product detail page"
HIDDEN = "  location ~ /\\. {\n    deny all;\n  }\n\n"
PLACE = "  location / {\n    proxy_pass http://127.0.0.1:3000;"


@scenario(
    outside=None, server="nginx.visitor-denied", target=GLOVES, args=(TOLD,),
    manual="what is closed may be meant", unsure=("client",),
)  # fmt: skip
def name_of_a_product_begins_with_dots(lab: Lab) -> None:
    """https://github.com/shopware/docker/issues/127."""
    lab.change(PLACE, HIDDEN + PLACE)


@healthy(target=GLOVES, args=(TOLD,))
def hidden_files_alone_are_closed(lab: Lab) -> None:
    lab.change(PLACE, HIDDEN.replace("/\\.", "/\\.(?!\\.)") + PLACE)

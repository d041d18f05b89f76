"""Scenarios of nginx.named-location-missing."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

PLACE = "  location / {\n    proxy_pass http://127.0.0.1:3000;\n"
NAMED = "  location / {\n    try_files /none @shpo;\n  }\n\n  location @shop {\n"
PASSED = "    proxy_pass http://127.0.0.1:3000;\n"


@scenario(
    outside="http.server-error",
    server="nginx.named-location-missing",
    not_on=UNLOGGED,
    differs=(site.CONF,),
)
def named_location_is_misspelt(lab: Lab) -> None:
    """try_files leads to @shpo, and the location is called @shop."""
    lab.change(PLACE, NAMED + PASSED)


ERROR_PAGE = "  error_page 403 404 @error_page;\n"
FILES = f"{ERROR_PAGE}  location / {{\n    root /srv/web;\n  }}\n\n  location /app/ {{\n{PASSED}"
ERRORS = "  location @error_page {\n    return 404 nothing;\n  }\n\n"
MISSED = f"https://{site.NAME}/adminer"


def _files(lab: Lab, errors: str) -> None:
    lab.server.write("/srv/web/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.change(PLACE, errors + FILES)


@scenario(
    outside="http.server-error", server="nginx.named-location-missing", target=MISSED,
    not_on=UNLOGGED, differs=(site.CONF,),
)  # fmt: skip
def error_page_leads_to_no_location(lab: Lab) -> None:
    """https://github.com/nginx/docker-nginx/issues/484: every 404 becomes a 500."""
    _files(lab, "")


@healthy()
def error_page_leads_to_a_location(lab: Lab) -> None:
    _files(lab, ERRORS)


@scenario(
    outside="http.server-error", server="nginx.named-location-missing", not_on=UNLOGGED,
    differs=(site.CONF,),
)  # fmt: skip
def named_location_was_not_written(lab: Lab) -> None:
    """What is no file is meant for the application, which another location knows."""
    lab.change(
        PLACE,
        f"  location / {{\n    try_files /none @application;\n  }}\n  location /app/ {{\n{PASSED}",
    )

"""Scripts of other sites' pages ask for data of the site, by the access log: the site's own page
works."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE, PAGES, PORT, start_application
from .nginx_other_requests_failed import log_of_its_own, visit

APP = "https://app.example.net"
CORS_ERROR = f"CORS error: contains multiple values '*, {APP}', but only one is allowed"
ITEMS = "  location /api/ {{\n    default_type application/json;\n    {}\n  }}\n"


def _asks(lab: Lab, path: str, *options: str) -> None:
    """A script of another site sends a request: browsers name its site and no page of it."""
    visit(lab, path, "-H", f"Origin: {APP}", *options, referer=f"{APP}/")


def _twice(lab: Lab) -> None:
    start_application(lab, "cors")
    origins = f"map $http_origin $cors {{\n  {APP} $http_origin;\n}}\n"
    lab.change(site.MAP, f"{site.MAP}\n{origins}")
    line = "add_header Access-Control-Allow-Origin $cors always;"
    log_of_its_own(lab, f"  location /api/ {{\n    {line}\n    proxy_pass http://{PORT};\n  }}\n")


@scenario(outside=None, server="http.cors-twice", differs=MINE)
def script_of_another_site_is_permitted_twice(lab: Lab) -> None:
    """https://github.com/RubaXa/nginx-cors/issues/7, asked about the site's name alone."""
    _twice(lab)
    _asks(lab, "/api/items")


@scenario(outside="http.cors-twice", target=f"https://{site.NAME}/api/items", args=(CORS_ERROR,),
          differs=MINE)  # fmt: skip
def message_names_the_site_that_asks(lab: Lab) -> None:
    """https://github.com/RubaXa/nginx-cors/issues/7: the message names the other site, which is no
    second target."""
    _twice(lab)


@scenario(outside=None, server="nginx.cors-header-lost", differs=MINE)
def error_for_a_script_of_another_site_has_no_permission(lab: Lab) -> None:
    """https://github.com/monsur/enable-cors.org/issues/14: add_header without `always`."""
    log_of_its_own(
        lab, ITEMS.format("add_header Access-Control-Allow-Origin *;\n    return 404 '{}';")
    )
    _asks(lab, "/api/users/42")


@healthy()
def script_of_another_site_is_permitted(lab: Lab) -> None:
    log_of_its_own(
        lab, ITEMS.format("add_header Access-Control-Allow-Origin * always;\n    return 404 '{}';")
    )
    _asks(lab, "/api/users/42")


@healthy()
def other_sites_show_pictures_and_link_to_pages(lab: Lab) -> None:
    """Nobody asks for a permission; and a site that is not permitted is refused rightly."""
    log_of_its_own(lab, ITEMS.format("return 200 '{}';"))
    pages = f"  add_header Access-Control-Allow-Origin https://b.example.net;\n{PAGES}"
    lab.change(PAGES, pages)
    for path in ("/logo.png", "/about", "/api/items"):
        _asks(lab, path)
    _asks(lab, "/api/orders", "-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT")

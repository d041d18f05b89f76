"""A location of nginx stands in a comment as a whole, and the page of the site answers for it."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

ROOT = "/srv/spa"
PAGE = (
    "<!doctype html><title>Shop</title><div id=app></div>"
    "<script>new WebSocket('wss://shop.example.com/ws');fetch('/api/items')</script>\n"
)
LOCATION = (
    "  location /api/ {\n    proxy_pass http://127.0.0.1:3001;\n"
    "    proxy_set_header Host $host;\n  }\n"
)
COMMENT = "".join(f"  #{line[2:]}\n" for line in LOCATION.splitlines())
URL = "https://shop.example.com/api/items"


def _serve(lab: Lab, location: str) -> None:
    """A front end's files, and an interface beside them."""
    server = lab.server
    lab.spawn(server, server.application("paths_server", "3001", "/api"), 3001)
    server.write(f"{ROOT}/index.html", PAGE)
    lab.undo(lambda: server.sh(f"rm -rf {ROOT}"))
    text = server.read(site.CONF)
    start, stop = text.index("  location / {"), text.index("  location /ws")
    files = f"  root {ROOT};\n  location / {{\n    try_files $uri /index.html;\n  }}\n"
    lab.configure(f"{text[:start]}{files}{location}{text[stop:]}")
    lab.reload()


@scenario(outside="http.page-for-api", server="http.page-for-api", target=URL, differs=(site.CONF,))
def location_of_the_interface_is_a_comment(lab: Lab) -> None:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#location: taken out of force for a
    test, and left so."""
    _serve(lab, COMMENT)


@healthy(target=URL)
def location_of_the_interface_is_there_and_in_a_comment(lab: Lab) -> None:
    """The location of before stands above, in a comment."""
    _serve(lab, COMMENT.replace("3001", "3999") + LOCATION)


@scenario(outside=None, server="nginx.own-answer", target=URL, differs=(site.CONF,))
def location_of_the_interface_is_a_comment_and_nothing_answers(lab: Lab) -> None:
    """The same with `=404` at the end of `try_files`."""
    _serve(lab, COMMENT)
    lab.change("$uri /index.html;", "$uri $uri/ =404;")


@healthy(target=URL)
def location_of_the_interface_is_there_beside_files(lab: Lab) -> None:
    _serve(lab, COMMENT.replace("3001", "3999") + LOCATION)
    lab.change("$uri /index.html;", "$uri $uri/ =404;")

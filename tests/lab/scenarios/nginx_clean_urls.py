"""Pages whose links have no ".html", after issue 29 of vitepress-nav-template: the page opens from
the menu, and a reload answers 404."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
TEXT = "<!doctype html><title>Docs</title><p>This is the page {0}, with some text on it.</p>"
START = f"https://{site.NAME}/guide/start"
MISSING = "    error_page 404 /404.html;\n"


def _serve(lab: Lab, lines: str) -> None:
    for name in ("index", "guide/start", "404"):
        lab.server.write(f"/srv/docs/{name}.html", TEXT.format(name))
    lab.change(PAGES, f"{lines}\n")


def _location(lines: str) -> str:
    return f"  root /srv/docs;\n  index index.html;\n  location / {{\n{lines}  }}\n"


@scenario(outside=None, server="nginx.target-not-found", target=START, differs=(site.CONF,))
def page_without_its_ending(lab: Lab) -> None:
    """No try_files, and a page of the site for what is missing."""
    _serve(lab, _location(MISSING))


@scenario(outside=None, server="nginx.target-not-found", target=START, differs=(site.CONF,))
def page_without_its_ending_and_try_files(lab: Lab) -> None:
    """`try_files $uri $uri/ =404`, as Debian's default has it."""
    _serve(lab, _location("    try_files $uri $uri/ =404;\n"))


@healthy(target=START)
def page_without_its_ending_is_found(lab: Lab) -> None:
    """As VitePress documents it."""
    _serve(lab, _location(f"    try_files $uri $uri.html $uri/ =404;\n{MISSING}"))

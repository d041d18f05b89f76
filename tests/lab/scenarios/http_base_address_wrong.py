"""A program that has the address of its installation, or of an earlier site, as its own."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

ROOT = "/srv/blog"
CHECK = "http.base-address-wrong"
FILES = ("wp-content/themes/kev/style.css", "wp-includes/js/jquery.js")
NO_WP = "no database is here"


def _serve(lab: Lab, base: str, generator: str = "WordPress 6.4.2") -> None:
    """The blog's page, as its program writes it, with this address before its files."""
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    for name in FILES:
        lab.server.write(f"{ROOT}/{name}", "/**/\n")
    lab.server.write(
        f"{ROOT}/index.html",
        f'<!doctype html><title>Blog</title><meta name="generator" content="{generator}">'
        f'<link rel="stylesheet" href="{base}/{FILES[0]}"><script src="{base}/{FILES[1]}"></script>'
        f'<p>Welcome.</p><a href="{base}/about/">About</a>\n',
    )
    passes = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws {")]
    lab.edit(passes, f"  location / {{\n    root {ROOT};\n  }}\n\n")
    lab.restart_nginx()


@scenario(outside=CHECK, server=CHECK, manual=NO_WP)
def wordpress_has_the_servers_bare_address(lab: Lab) -> None:
    """After https://kevwells.com/it-knowledge-base/tag/apache/: "This request was not upgraded to
    HTTPS because its URL's host is an IP address"."""
    _serve(lab, f"http://{SERVER}")


@scenario(outside=CHECK, server=CHECK, manual=NO_WP)
def wordpress_has_the_name_of_before(lab: Lab) -> None:
    _serve(lab, "http://old.example.org")


@scenario(outside=CHECK, server=CHECK, manual=NO_WP)
def ghost_has_the_servers_bare_address(lab: Lab) -> None:
    _serve(lab, f"http://{SERVER}:2368", "Ghost 5.82")


@healthy()
def wordpress_has_the_address_of_the_site(lab: Lab) -> None:
    _serve(lab, f"https://{site.NAME}")

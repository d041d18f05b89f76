"""A program in PHP on Caddy without `php_fastcgi`."""

from .. import caddy
from ..lab import HERE, Lab
from .caddy import caddy_scenario, healthy_caddy

ROOT = "/srv/www"


def _serve(lab: Lab, *files: str) -> None:
    server = lab.server
    program = str(HERE / "applications" / "stand_in.py")
    lab.spawn(server, server.python(program, "php-fpm8.2", "php", "127.0.0.1:9000"), 9000)
    for file in files:
        server.write(f"{ROOT}/{file}", "<!doctype html><title>Shop</title><h1>Shop</h1>\n")
    lab.undo(lambda: server.sh(f"rm -rf {ROOT}"))
    own = ("root * /srv/www", "reverse_proxy /ws 127.0.0.1:3000", "file_server")
    text = "".join(f"\t{line}\n" for line in own)
    caddy.serve(lab, f"shop.example.com {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


@caddy_scenario(outside=None, server="server.caddy-php-missing", differs=(caddy.CONFIG,))
def caddy_has_nobody_who_runs_php(lab: Lab) -> None:
    """https://caddyserver.com/docs/caddyfile/directives/php_fastcgi: `root` and `file_server` were
    written, and the third line was not."""
    _serve(lab, "index.php")


@healthy_caddy()
def caddy_has_a_page_beside_a_script(lab: Lab) -> None:
    """A page is shown, and a script of an older site lies beside it."""
    _serve(lab, "index.html", "index.php")

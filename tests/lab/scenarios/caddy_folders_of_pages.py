"""A program in PHP on Caddy, and a folder of plain pages beside it."""

from .. import caddy
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

ROOT = "/srv/www"
DOCS = "https://shop.example.com/docs/"
PAGE = "<!doctype html><title>Docs</title><h1>Docs</h1>\n"


def serve(lab: Lab, *lines: str) -> None:
    """The program knows its front page alone."""
    server = lab.server
    lab.spawn(server, server.application("fpm_server", "127.0.0.1:9000", "/"), 9000)
    server.write(f"{ROOT}/index.php", "<?php require 'app.php';\n")
    server.write(f"{ROOT}/docs/index.html", PAGE)
    lab.undo(lambda: server.sh(f"rm -rf {ROOT}"))
    own = ("root * /srv/www", "reverse_proxy /ws 127.0.0.1:3000", *lines)
    text = "".join(f"\t{line}\n" for line in (*own, "php_fastcgi 127.0.0.1:9000", "file_server"))
    caddy.serve(lab, f"shop.example.com {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


@caddy_scenario(
    outside=None,
    server="server.caddy-index-passed-over",
    target=DOCS,
    differs=(caddy.CONFIG,),
)
def php_takes_a_folder_of_pages(lab: Lab) -> None:
    """https://github.com/caddyserver/caddy/issues/3630: /docs/ is 404, and has an index.html."""
    serve(lab)


@healthy_caddy(target=DOCS)
def folder_of_pages_comes_before_php(lab: Lab) -> None:
    serve(lab, "rewrite /docs/ /docs/index.html")


@healthy_caddy(target="https://shop.example.com/news/")
def php_has_no_page_for_a_folder_that_is_not_there(lab: Lab) -> None:
    serve(lab)

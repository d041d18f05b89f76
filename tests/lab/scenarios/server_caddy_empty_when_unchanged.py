"""Caddy's page for what is no file is empty for a browser that has it already."""

from .. import caddy
from ..caddy import CONFIG, KEY, PEM
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

WORDS = ("blank page on the second visit",)
ERRORS = """\
	handle_errors {
		rewrite * /index.html
		file_server {
			status 200
		}
	}
"""
FIELDS = "\t\trequest_header -If-None-Match\n\t\trequest_header -If-Modified-Since\n"
SOCKETS = "\treverse_proxy /ws 127.0.0.1:3000\n"
PAGE = "<!doctype html><title>Shop</title><h1>Tea, and the pots for it</h1>\n"


def serve(lab: Lab, lines: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/spa"))
    lab.server.write("/srv/spa/index.html", PAGE)
    files = f"{SOCKETS}\troot * /srv/spa\n\tfile_server\n{lines}"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{files}}}\n")


@caddy_scenario(
    outside=None,
    server="server.caddy-empty-when-unchanged",
    target="https://shop.example.com/about",
    args=WORDS,
    differs=(CONFIG,),
)
def caddy_answers_an_empty_page_on_the_second_visit(lab: Lab) -> None:
    """https://github.com/caddyserver/caddy/issues/6422 and 7358."""
    serve(lab, ERRORS)


@healthy_caddy(target="https://shop.example.com/about", args=WORDS)
def caddy_answers_a_whole_page_on_the_second_visit(lab: Lab) -> None:
    serve(lab, ERRORS.replace("\t\tfile_server", f"{FIELDS}\t\tfile_server"))

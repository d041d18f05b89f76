"""Requests that Apache or Caddy leads to files, or to another application than the one that has
them."""

from collections.abc import Sequence

from .. import apache
from ..caddy import CONFIG
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .caddy_paths import serve

PATHS = ("/:/assets/app.js", "/assets/app.js")
STATIC = """\
	@static path *.css *.js
	handle @static {
		root * /srv/static
		file_server
	}
	reverse_proxy 127.0.0.1:3001
"""
CHAT = ("chat_server", "--port", "3002", "--path", "/cable")
LEADS = "a person leads the path there"
#: Requests of a browser that opens a WebSocket (RFC 6455 section 4.1).
HANDSHAKE = "\t@ws {\n\t\theader Connection *Upgrade*\n\t\theader Upgrade websocket\n\t}\n"


def _static(lab: Lab, paths: Sequence[str], text: str = STATIC) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/static"))
    lab.server.write("/srv/static/logo.css", "p { color: black }\n")
    serve(lab, text, *paths)


@caddy_scenario(outside="http.page-file-missing", server="server.other-application", manual=LEADS)
def caddy_looks_for_scripts_of_the_application_in_a_folder(lab: Lab) -> None:
    """A matcher for endings, as copied from guides of nginx: the application's own script is no
    file of the folder."""
    _static(lab, PATHS)


@healthy_caddy()
def caddy_has_files_before_an_application(lab: Lab) -> None:
    """The same with `file` in the matcher."""
    matcher = "@static {\n\t\tpath *.css *.js\n\t\tfile {\n\t\t\troot /srv/static\n\t\t}\n\t}"
    _static(lab, PATHS, STATIC.replace("@static path *.css *.js", matcher))


@healthy_caddy()
def caddy_has_an_application_with_a_page_for_every_path(lab: Lab) -> None:
    """It has one for a path of files as well: that tells nothing."""
    blocks = "\thandle /app/* {\n\t\treverse_proxy 127.0.0.1:3001\n\t}\n"
    blocks += "\thandle {\n\t\troot * /srv/static\n\t\tfile_server\n\t}\n"
    lab.server.write("/srv/static/index.html", "<!doctype html><title>Shop</title><p>Tea</p>\n")
    _static(lab, ("/app/", "*"), blocks)


@apache_scenario(
    outside=None,
    server="server.other-application",
    target="https://shop.example.com/api/users",
)
def apache_has_the_interface_at_another_path(lab: Lab) -> None:
    """ProxyPass /rest/ in place of /api/: the application of the pages answers 404."""
    _apache(lab, "/rest/")


@healthy_apache(target="https://shop.example.com/api/users")
def apache_has_the_interface_at_its_path(lab: Lab) -> None:
    _apache(lab, "/api/")


@caddy_scenario(
    outside=None,
    server="server.other-application",
    target="https://shop.example.com/api/users",
    differs=(CONFIG,),
)
def caddy_has_the_interface_at_another_path(lab: Lab) -> None:
    """handle /rest/* in place of /api/*: the application of the pages answers 404."""
    for port, paths in ((3001, ["/"]), (3002, ["/api/users:json"])):
        lab.spawn(lab.server, lab.server.application("paths_server", str(port), *paths), port)
    blocks = "\thandle /ws {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"
    blocks += "\thandle /rest/* {\n\t\treverse_proxy 127.0.0.1:3002\n\t}\n"
    serve(lab, blocks + "\thandle {\n\t\treverse_proxy 127.0.0.1:3001\n\t}\n", "/")


def _apache(lab: Lab, path: str) -> None:
    for port, paths in ((3001, ["/"]), (3002, ["/api/users:json"])):
        argv = lab.server.application("paths_server", str(port), *paths)
        lab.spawn(lab.server, argv, port)
    old = "    ProxyPass / http://127.0.0.1:3000/\n"
    new = (
        f"    ProxyPass {path} http://127.0.0.1:3002/api/\n    ProxyPass / http://127.0.0.1:3001/\n"
    )
    assert old in apache.HTTPS
    apache.serve(lab, f"{apache.HTTPS.replace(old, new)}\n{apache.HTTP}")


def _chat(lab: Lab, text: str) -> None:
    lab.spawn(lab.server, lab.server.application(*CHAT), 3002)
    handler = "\treverse_proxy @ws 127.0.0.1:3002\n\treverse_proxy 127.0.0.1:3001\n"
    serve(lab, text + handler, "/")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-other-application",
    args=("--ws", "/cable"),
    manual=LEADS,
)
def caddy_compares_the_fields_of_a_handshake_with_their_case(lab: Lab) -> None:
    """`header Connection upgrade`: browsers write Upgrade."""
    _chat(lab, HANDSHAKE.replace("*Upgrade*", "upgrade"))


@healthy_caddy(args=("--ws", "/cable"))
def caddy_knows_handshakes_by_their_fields(lab: Lab) -> None:
    _chat(lab, HANDSHAKE)

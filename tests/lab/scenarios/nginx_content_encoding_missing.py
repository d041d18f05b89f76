"""Scenarios of nginx.content-encoding-missing.

After https://github.com/unitycoder/UnityLauncherPro/issues/69 and
https://github.com/jeffreylanters/react-unity-webgl/issues/120: a game that Unity has built.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

WORDS = (
    "Unable to parse Build/game.framework.js.br! If using custom web server, verify that web server"
    ' is sending .br files with HTTP Response Header "Content-Encoding: br".'
)
PAGE = (
    "<!doctype html>\n<meta charset=utf-8>\n<title>Game</title>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n<canvas></canvas>\n"
)
MARKED = "".join(
    f"  location ~ \\.{name}\\.br$ {{\n    types {{ }}\n    default_type {kind};\n"
    "    add_header Content-Encoding br;\n  }\n"
    for name, kind in (("js", "application/javascript"), ("wasm", "application/wasm"))
)


def _game(lab: Lab, more: str = "") -> None:
    files = {"index.html": PAGE, "Build/game.framework.js.br": "x\n", "Build/game.wasm.br": "x\n"}
    lines = f"  root {FOLDER};\n{more}  location / {{\n    try_files $uri $uri/ =404;\n  }}\n"
    _serve(lab, lines, **files)


@scenario(
    outside=None, server="nginx.content-encoding-missing", args=(WORDS,), differs=(site.CONF,)
)
def game_is_sent_as_any_file(lab: Lab) -> None:
    _game(lab)


@healthy(args=(WORDS,))
def game_is_sent_with_its_encoding(lab: Lab) -> None:
    _game(lab, MARKED)

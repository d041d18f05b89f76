"""Scenarios of http.isolation-missing: what a browser says of a game or an editor that needs shared
memory, and the fields that isolate the page.

After https://github.com/godotengine/godot/issues/69020 and
https://github.com/ffmpegwasm/ffmpeg.wasm/issues/263.
"""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .caddy import caddy_scenario
from .fields_of_other_servers import SCRIPT, _apache, _caddy, _haproxy
from .haproxy import haproxy_scenario
from .page_policies import PICTURE, _sends

GODOT = (
    "The following features required to run Godot projects on the Web are missing: Cross Origin"
    " Isolation - Check web server configuration (send correct headers) SharedArrayBuffer"
)
FFMPEG = "Uncaught ReferenceError: SharedArrayBuffer is not defined"
CHECK = "http.isolation-missing"
OPENER, EMBEDDER = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"
EDITOR = {"app.js": "const memory = new SharedArrayBuffer(1024);\n"}


@scenario(outside=CHECK, server=CHECK, args=(GODOT,), differs=(site.CONF,))
def page_is_not_isolated(lab: Lab) -> None:
    _sends(lab, SCRIPT, **EDITOR)


@scenario(outside=CHECK, server=CHECK, args=(FFMPEG,), differs=(site.CONF,))
def page_is_isolated_by_one_field_alone(lab: Lab) -> None:
    _sends(lab, SCRIPT, f"{OPENER} same-origin", **EDITOR)


@scenario(outside=CHECK, server=CHECK, args=(FFMPEG,), differs=(site.CONF,))
def page_with_pictures_of_others_is_not_isolated(lab: Lab) -> None:
    _sends(lab, SCRIPT + PICTURE, **EDITOR)


@apache_scenario(outside=CHECK, server=CHECK, args=(FFMPEG,), differs=(apache.SITE,))
def page_of_apache_is_not_isolated(lab: Lab) -> None:
    _apache(lab, SCRIPT, **EDITOR)
    apache.start(lab)


@caddy_scenario(outside=CHECK, server=CHECK, args=(FFMPEG,), differs=(caddy.CONFIG,))
def page_of_caddy_is_not_isolated(lab: Lab) -> None:
    _caddy(lab, SCRIPT, **EDITOR)


@haproxy_scenario(outside=CHECK, server=CHECK, args=(FFMPEG,), differs=(haproxy.CONFIG,))
def page_behind_haproxy_is_not_isolated(lab: Lab) -> None:
    _haproxy(lab, SCRIPT, "# no fields", **EDITOR)


@healthy(args=(GODOT,))
def page_is_isolated_and_the_message_is_old(lab: Lab) -> None:
    _sends(lab, SCRIPT, f"{OPENER} same-origin", f"{EMBEDDER} require-corp", **EDITOR)

"""The site's own page works, and visitors met a fault at another path: the access log or the error
log has the request. A healthy twin has the same requests, and gets none more."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE
from .nginx_other_requests_failed import log_of_its_own, visit
from .taken_paths import ANOTHER_BLOCK

HOME = f"https://{site.NAME}"


def _base_path(lab: Lab, uri: str) -> None:
    """An application whose settings have the base path /bot, on port 3010."""
    page = "<link rel=stylesheet href=/bot/_next/app.css><h1>Bot</h1>"
    block = (
        "server {\n  listen 127.0.0.1:3010;\n  default_type text/html;\n"
        f"  location = /bot/ {{ return 200 '{page}'; }}\n"
        "  location = /bot/_next/app.css { default_type text/css; return 200 'p{}'; }\n"
        "  location / { return 404; }\n}\n"
    )
    log_of_its_own(lab, f"  location /bot/ {{ proxy_pass http://127.0.0.1:3010{uri}; }}\n")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/bot/", referer="")
    visit(lab, "/bot/_next/app.css", referer=f"{HOME}/bot/")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE, not_on=ANOTHER_BLOCK)
def base_path_of_an_application_is_cut_off(lab: Lab) -> None:
    """https://github.com/sourcebot-dev/sourcebot/issues/61: DOMAIN_SUB_PATH, and a slash at the end
    of proxy_pass."""
    _base_path(lab, "/")


@healthy(not_on=ANOTHER_BLOCK)
def base_path_of_an_application_is_kept(lab: Lab) -> None:
    _base_path(lab, "")

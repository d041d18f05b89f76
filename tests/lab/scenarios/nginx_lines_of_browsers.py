"""What only a browser meets, and the line of nginx that mends it.

After https://github.com/angular/angular/issues/24043 (a service worker behind the redirect to a
language), https://github.com/oauth2-proxy/oauth2-proxy/issues/735 (a login answers the preflight),
https://github.com/Aam-Digital/ndb-core/issues/4286 (a demo in the frame of another site).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

PAGE = (
    "<!doctype html>\n<meta charset=utf-8>\n<title>Shop</title>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
)
WORKER = "<script>navigator.serviceWorker.register('/sw.js');</script>\n"
FILES = {
    "index.html": PAGE + WORKER,
    "en/index.html": PAGE,
    "sw.js": "self.addEventListener('fetch', () => {});\n",
}
PORTAL = "https://portal.example.org"
ORIGIN = "https://app.example.net"
PREFLIGHT = (
    f"Access to fetch at 'https://{site.NAME}/' from origin '{ORIGIN}' has been blocked by CORS "
    "policy: Response to preflight request doesn't pass access control check: No "
    "'Access-Control-Allow-Origin' header is present on the requested resource.",
)
ASKED = "  location = /auth {\n    internal;\n    return 401;\n  }\n"


def _languages(lab: Lab, more: str = "") -> None:
    lines = (
        f"  root {FOLDER};\n{more}  location /en/ {{\n    try_files $uri /en/index.html;\n  }}\n"
        "  location = / {\n    try_files /index.html =404;\n  }\n"
        "  location / {\n    return 302 /en$request_uri;\n  }\n"
    )
    _serve(lab, lines, **FILES)


@scenario(outside="http.app-file-refused", differs=(site.CONF,))
def worker_is_behind_the_redirect_to_a_language(lab: Lab) -> None:
    _languages(lab)


@healthy()
def worker_is_out_of_the_redirect_to_a_language(lab: Lab) -> None:
    _languages(lab, "  location = /sw.js {\n    try_files $uri =404;\n  }\n")


def _framed(lab: Lab, *fields: str) -> None:
    lines = "".join(f"  add_header {field} always;\n" for field in fields)
    _serve(lab, f"  root {FOLDER};\n{lines}", **{"index.html": PAGE})


FRAME = (f"the demo shop.example.com, embedded in an iframe on our website {PORTAL}, is empty",)


FRENCH = (
    "reste vide dans l'admin, la console dit que l'affichage dans un frame est refusé, toute seule "
    "elle s'ouvre",
)


@scenario(outside="http.framing-refused", args=FRAME, differs=(site.CONF,))
def demo_is_kept_out_of_the_frame_of_the_portal(lab: Lab) -> None:
    _framed(lab, "X-Frame-Options SAMEORIGIN")


@scenario(outside="http.framing-refused", args=FRAME, differs=(site.CONF,))
def policy_keeps_the_demo_out_of_every_frame(lab: Lab) -> None:
    _framed(lab, "Content-Security-Policy \"default-src 'self'; frame-ancestors 'none'\"")


@scenario(
    outside="http.framing-refused",
    target=f"https://{site.NAME}/",
    args=FRENCH,
    differs=(site.CONF,),
)
def french_words_tell_of_a_frame(lab: Lab) -> None:
    """https://github.com/gnikyt/laravel-shopify/issues/504: no site is named."""
    _framed(lab, "X-Frame-Options SAMEORIGIN")


@healthy(target=f"https://{site.NAME}/", args=FRENCH)
def french_words_and_no_field(lab: Lab) -> None:
    """The field was taken away since."""


@healthy(args=FRAME)
def policy_names_the_portal(lab: Lab) -> None:
    policy = f"Content-Security-Policy \"frame-ancestors 'self' {PORTAL}\""
    _framed(lab, "X-Frame-Options SAMEORIGIN", policy)


@scenario(outside="http.cors-refused", args=PREFLIGHT, manual="the application answers no OPTIONS")
def login_of_a_proxy_is_asked_of_a_preflight(lab: Lab) -> None:
    proxied = (
        "  location / {\n    auth_request /auth;\n    proxy_pass http://127.0.0.1:3000;\n  }\n"
    )
    _serve(lab, f"{ASKED}{proxied}")

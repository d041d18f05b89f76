"""What a browser's console says of a site that answers 200: the line of the configuration that the
message is about.

After https://github.com/kimai/kimai/issues/1604 (a proxy rewrites the scripts whose hashes the page
demands), https://github.com/linuxfoundation/lfx-self-serve/pull/735 (the page is kept for a year,
and the files of its build are gone), https://github.com/motormetrics/motormetrics/pull/1056 (a
Permissions-Policy forbids the site's own map the position) and
https://github.com/elad/node-cluster-socket.io/issues/37 (`*` beside cookies).
"""

import base64
import hashlib

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve
from .page_policies import HEAD, TEXT, _sends

URL, APP = f"https://{site.NAME}", "https://app.example.org"
SCRIPT = "window.api = 'http://shop.example.com/api';\n"
HASH = base64.b64encode(hashlib.sha384(SCRIPT.encode()).digest()).decode()
DEMANDING = f'<script src=/js/app.js integrity="sha384-{HASH}"></script>\n'
DIGEST = (
    "Failed to find a valid digest in the 'integrity' attribute for resource "
    f"'{URL}/js/app.js' with computed SHA-384 integrity 'x6jCy'. The resource has been "
    "blocked."
)
CHUNK = f"{URL}/static/js/12.9f2c1a3b.chunk.js"
GONE = f"ChunkLoadError: Loading chunk 12 failed. (error: {CHUNK})"
POSITION = (
    f"{URL}/:1 [Violation] Geolocation access has been blocked because of a permissions policy "
    "applied to the current document."
)
WILDCARD = (
    f"Access to fetch at '{URL}/api/items' from origin '{APP}' has been blocked by CORS policy: "
    "The value of the 'Access-Control-Allow-Origin' header in the response must not be the "
    "wildcard '*' when the request's credentials mode is 'include'."
)


def _rewrites(lab: Lab, types: str) -> None:
    lines = 'sub_filter "http://shop" "https://shop";\n  sub_filter_once off;\n'
    files = {"index.html": HEAD + TEXT + DEMANDING, "static/css/app.css": "p {}\n"}
    _serve(
        lab,
        f"  root {FOLDER};\n  {lines}  sub_filter_types {types};\n",
        **files,
        **{"js/app.js": SCRIPT},
    )


@scenario(outside="http.file-integrity", args=(DIGEST,), differs=(site.CONF,))
def proxy_rewrites_a_script_with_a_hash(lab: Lab) -> None:
    _rewrites(lab, "application/javascript text/javascript")


@healthy(args=(DIGEST,))
def proxy_rewrites_other_files_than_the_script_with_a_hash(lab: Lab) -> None:
    _rewrites(lab, "text/css")


def _builds(lab: Lab, line: str) -> None:
    named = {"index.html": f"{HEAD}{TEXT}<script defer src=/js/main.8e7d6c5b.js></script>\n"}
    files = {"static/css/app.css": "p {}\n", "js/main.8e7d6c5b.js": "document.title = 'Tea';\n"}
    _serve(lab, f"  root {FOLDER};\n  {line}\n", **named, **files)


@scenario(outside="http.page-kept-too-long", target=CHUNK, args=(GONE,), differs=(site.CONF,))
def chunk_of_an_old_build_is_gone(lab: Lab) -> None:
    _builds(lab, "expires 1y;")


@healthy(target=CHUNK, args=(GONE,))
def chunk_of_an_old_build_is_gone_and_the_page_is_asked_for_again(lab: Lab) -> None:
    _builds(lab, "add_header Cache-Control no-cache;")


@scenario(outside="http.feature-forbidden", args=(POSITION,), differs=(site.CONF,))
def policy_forbids_the_position_that_a_later_script_uses(lab: Lab) -> None:
    _sends(lab, "", 'Permissions-Policy "camera=(), geolocation=()"')


@healthy(args=(POSITION,))
def policy_forbids_other_functions_than_that_of_the_message(lab: Lab) -> None:
    _sends(lab, "", 'Permissions-Policy "camera=(), geolocation=(self)"')


def _permits(lab: Lab, *lines: str) -> None:
    added = "".join(f"    add_header {line} always;\n" for line in lines)
    answer = "    default_type application/json;\n    return 200 '[]';\n"
    block = f"  location /api/ {{\n{added}{answer}  }}\n"
    files = {"index.html": HEAD + TEXT, "static/css/app.css": "p {}\n"}
    _serve(lab, f"  root {FOLDER};\n{block}", **files)


@scenario(
    outside="http.cors-refused",
    target=f"{URL}/api/items",
    args=(WILDCARD,),
    differs=(site.CONF,),
)
def every_site_is_permitted_and_cookies_are_sent(lab: Lab) -> None:
    _permits(lab, "Access-Control-Allow-Origin *")


@healthy(target=f"{URL}/api/items", args=(WILDCARD,))
def the_site_of_the_message_is_permitted_with_cookies(lab: Lab) -> None:
    _permits(lab, f"Access-Control-Allow-Origin {APP}", "Access-Control-Allow-Credentials true")

"""The script of a generated site asks localhost for files that the site itself has.

https://github.com/nuxt-community/nuxtent-module/issues/68 (api.baseURL of the built site).
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

PAGE = (
    "<!doctype html>\n<title>Blog</title>\n<h1>Blog</h1>\n<script src=/js/app.js></script>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
)
LINES = f"  root {FOLDER};\n"
APP = f"{FOLDER}/js/app.js"


def _built(lab: Lab, base: str) -> None:
    asks = f'fetch("{base}/content/all.json").then(answer => show(answer));\n'
    files = {"index.html": PAGE, "js/app.js": asks, "content/all.json": "[]\n"}
    _serve(lab, LINES, **files)


@scenario(outside="http.localhost-in-page", differs=(APP,))
def built_script_asks_localhost_for_a_file_of_the_site(lab: Lab) -> None:
    _built(lab, "http://localhost:3000")


@healthy()
def built_script_asks_the_site_for_its_file(lab: Lab) -> None:
    _built(lab, "")

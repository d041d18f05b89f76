"""The page of another site uses a font that nginx serves, and browsers refuse it: the message names
both.

After https://stackoverflow.com/questions/30744658 (fonts of a CDN of one's own).
"""

from .. import site
from ..lab import Lab
from ..scenario import scenario
from .page_assets import FOLDER, _serve
from .page_policies import TEXT

MESSAGE = (
    f"Access to font at 'https://{site.NAME}/fonts/a.woff2' from origin"
    " 'https://www.example.net' has been blocked by CORS policy: No"
    " 'Access-Control-Allow-Origin' header is present on the requested resource."
)


def _fonts(lab: Lab, lines: str) -> None:
    files = {
        "index.html": f"<!doctype html>\n<title>Files</title>\n{TEXT}",
        "fonts/a.woff2": "wOF2",
    }
    _serve(lab, f"  root {FOLDER};\n{lines}", **files)


@scenario(
    outside="http.cors-refused",
    server="http.cors-refused",
    args=(MESSAGE,),
    differs=(site.CONF,),
)
def font_of_a_location_for_another_site(lab: Lab) -> None:
    _fonts(lab, "  location /fonts/ {\n    expires 30d;\n  }\n")

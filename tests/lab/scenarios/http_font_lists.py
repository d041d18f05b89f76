"""A location permits other sites to read fonts, by a list of endings which lacks that of a font.

After https://github.com/mozilla/addons-server/issues/4595.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FONT = f"https://{site.NAME}/fonts/a.woff2"
WORDS = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    f"{FONT}. (Reason: CORS header 'Access-Control-Allow-Origin' missing).",
)
FOLDER = "/var/www/fonts"


def _serve(lab: Lab, endings: str) -> None:
    lab.server.write(f"{FOLDER}/fonts/a.woff2", "wOF2")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    location = (
        f'  location ~* \\.({endings})$ {{\n    add_header Access-Control-Allow-Origin "*";\n  }}\n'
    )
    files = f"  root {FOLDER};\n  location /fonts/ {{\n  }}\n{location}"
    lab.change("  location / {\n    proxy_pass", f"{files}  location / {{\n    proxy_pass")


@scenario(
    outside="http.cors-refused", server="http.cors-refused", target=FONT, args=WORDS,
    differs=(site.CONF,),
)  # fmt: skip
def list_of_fonts_lacks_an_ending(lab: Lab) -> None:
    _serve(lab, "eot|otf|ttf|woff")


@healthy(target=FONT, args=WORDS)
def list_of_fonts_has_every_ending(lab: Lab) -> None:
    _serve(lab, "eot|otf|ttf|woff|woff2")


@healthy(target=FONT)
def list_of_fonts_lacks_an_ending_and_nobody_asks(lab: Lab) -> None:
    _serve(lab, "eot|otf|ttf|woff")

"""Two locations match a path, and the lines of the one that does not answer are not in force."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
ROOT = "/srv/fonts"
FONT = f"https://{site.NAME}/fonts/brand.woff"
ALLOW = 'add_header Access-Control-Allow-Origin "*";'
BLOCKED = (
    f"Font from origin 'https://{site.NAME}' has been blocked from loading by Cross-Origin "
    "Resource Sharing policy: No 'Access-Control-Allow-Origin' header is present on the requested "
    "resource. Origin 'https://www.example.org' is therefore not allowed access."
)


def _fonts(lab: Lab, *locations: str) -> None:
    lab.server.write(f"{ROOT}/fonts/brand.woff", "wOFF" * 20)
    lines = "".join(f"  {location}\n" for location in (f"root {ROOT};", *locations))
    lab.change(PAGES, f"{lines}{PAGES}")


def _media(extensions: str) -> str:
    return f'location ~* \\.({extensions})$ {{ expires 1M; add_header Cache-Control "public"; }}'


@scenario(outside=None, server="nginx.cors-header-lost", target=FONT, args=(BLOCKED,), differs=MINE)
def fonts_go_to_the_expression_of_pictures(lab: Lab) -> None:
    """The first expression that matches answers. After
    https://github.com/h5bp/server-configs/issues/85."""
    _fonts(lab, _media("jpg|png|woff|mp4"), f"location ~* \\.(ttf|woff)$ {{ {ALLOW} }}")


@scenario(outside=None, server="nginx.cors-header-lost", target=FONT, args=(BLOCKED,), differs=MINE)
def fonts_go_to_an_expression_before_their_folder(lab: Lab) -> None:
    """An expression comes before a prefix without `^~`."""
    _fonts(lab, f"location /fonts/ {{ {ALLOW} }}", _media("png|woff"))


@healthy(target=FONT, args=(BLOCKED,))
def fonts_have_an_expression_of_their_own(lab: Lab) -> None:
    """What the message says was mended since."""
    _fonts(lab, _media("jpg|png|mp4"), f"location ~* \\.(ttf|woff)$ {{ {ALLOW} }}")

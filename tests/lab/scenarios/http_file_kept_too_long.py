"""Scenarios of http.file-kept-too-long. After https://hbzsbw.cn/9108.html: style sheets and scripts
are kept for a year, and their names do not change."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

TOLD = ("改完网站的样式,刷新页面却发现还是老样子",)
PAGE = (
    "<!doctype html>\n<title>Shop</title>\n<link rel=stylesheet href=/style.css{0}>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n<script src=/app.js{0}></script>\n"
)
FILES = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ =404; }}\n"
KEPT = '  location ~* \\.(js|css)$ {{\n    add_header Cache-Control "max-age={}";\n  }}\n'


def _shop(lab: Lab, lines: str, version: str = "") -> None:
    files = {"style.css": "body { color: #222 }\n", "app.js": "document.title += '!';\n"}
    _serve(lab, FILES + lines, **{"index.html": PAGE.format(version), **files})


@scenario(outside="http.file-kept-too-long", args=TOLD, differs=(site.CONF,))
def style_sheet_that_browsers_keep_for_a_year(lab: Lab) -> None:
    _shop(lab, KEPT.format(31536000))


@scenario(
    outside="http.file-kept-too-long", args=("after a deploy users still see the old css",),
    differs=(site.CONF,),
)  # fmt: skip
def style_sheet_that_expires_in_a_year(lab: Lab) -> None:
    """After the same, by `expires`."""
    _shop(lab, "  location ~* \\.(js|css)$ {\n    expires 1y;\n  }\n")


@scenario(
    outside="http.file-kept-too-long", differs=(site.CONF,),
    args=("CSSを更新してもブラウザ上で変化が確認できず、強制リロードして初めて変化が現れます",),
)  # fmt: skip
def style_sheet_that_expires_at_the_end_of_time(lab: Lab) -> None:
    """http://www.84kure.com/blog/2016/01/29/ホスティング-ブラウザのキャッシュの振る舞い/"""
    _shop(lab, "  location ~* \\.(js|css)$ {\n    expires max;\n  }\n")


@healthy(args=TOLD)
def style_sheet_with_a_version_behind_its_name(lab: Lab) -> None:
    _shop(lab, KEPT.format(31536000), "?v=20261130")


@healthy()
def style_sheet_that_is_meant_to_be_kept(lab: Lab) -> None:
    """Nobody complains."""
    _shop(lab, KEPT.format(31536000))

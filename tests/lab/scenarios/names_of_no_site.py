"""A name that no block has, over http: the first site answers it. After
https://github.com/1Panel-dev/1Panel/issues/9600."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

NAME = "demo.example.com"
WORDS = "不设置默认站点的情况下 访问未设置的二级域名甚至ip都会显示其他正常使用的网站"
PAGES = "server {\n  listen 80;\n  server_name wiki.example.com;\n  root /srv/wiki;\n}\n\n"


def _resolve(lab: Lab) -> None:
    lab.zone({NAME: {"A": [SERVER]}, site.NAME: {"A": [SERVER]}})
    lab.server.write("/srv/wiki/index.html", "<!doctype html><title>Wiki</title><p>Tea.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/wiki"))


@scenario(
    outside=None, server="nginx.no-matching-server", target=f"http://{NAME}/", args=(WORDS,),
    manual="a person decides which block has the name",
)  # fmt: skip
def unknown_name_gets_the_first_site(lab: Lab) -> None:
    _resolve(lab)
    lab.change(site.HTTP, PAGES + site.HTTP)


@healthy(target=f"http://{NAME}/", args=(WORDS,))
def the_name_has_a_block(lab: Lab) -> None:
    _resolve(lab)
    own = PAGES.replace("wiki.example.com", NAME)
    lab.change(site.HTTP, PAGES + own + site.HTTP)

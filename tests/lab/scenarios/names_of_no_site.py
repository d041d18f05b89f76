"""A name that no block has, over http: the first site answers it. After
https://github.com/1Panel-dev/1Panel/issues/9600."""

from .. import certificates, site
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


WWW = f"www.{site.NAME}"
FIRST = "server {\n  listen 443 ssl default_server;\n  server_name wiki.example.com;\n"
FIRST += (
    "  ssl_certificate /etc/nginx/ssl/wiki.pem;\n  ssl_certificate_key /etc/nginx/ssl/wiki.key;\n"
)
FIRST += "  root /srv/wiki;\n}\n\n"


def _www(lab: Lab, *names: str, server_name: str = site.NAME) -> None:
    """www leads here, the first block is another site's, and the shop's certificate has these
    names."""
    lab.zone({WWW: {"A": [SERVER]}, site.NAME: {"A": [SERVER]}})
    lab.server.write("/srv/wiki/index.html", "<!doctype html><title>Wiki</title><p>Tea.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/wiki"))
    own, wiki = certificates.leaf(*names), certificates.leaf("wiki.example.com")
    lab.install(own.chain, own.key_pem)
    lab.server.write("/etc/nginx/ssl/wiki.pem", wiki.chain)
    lab.server.write("/etc/nginx/ssl/wiki.key", wiki.key_pem, 0o600)
    lab.edit("server {\n  listen 443", f"{FIRST}server {{\n  listen 443")
    lab.edit(f"server_name {site.NAME};", f"server_name {server_name};")
    lab.restart_nginx()


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server",
    target=f"https://{WWW}/", differs=(site.CONF,),
)  # fmt: skip
def www_has_no_block_beside_a_certificate_of_both(lab: Lab) -> None:
    _www(lab, site.NAME, WWW)


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server",
    target=f"https://{WWW}/", manual="no authority issues a certificate here",
)  # fmt: skip
def www_has_no_block_and_no_certificate(lab: Lab) -> None:
    """After issue 849 of zelytra/BetterFleet."""
    _www(lab, site.NAME)


@healthy(target=f"https://{WWW}/")
def www_has_the_block_and_the_certificate(lab: Lab) -> None:
    _www(lab, site.NAME, WWW, server_name=f"{site.NAME} {WWW}")


def _both_on_port_80(lab: Lab, server_name: str) -> None:
    """Port 80 has both names and leads each to https; the certificate is for both."""
    _www(lab, site.NAME, WWW, server_name=server_name)
    lab.edit(
        f"listen 80;\n  server_name {server_name};", f"listen 80;\n  server_name {site.NAME} {WWW};"
    )
    lab.restart_nginx()


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server",
    target=f"https://{WWW}/", differs=(site.CONF,),
)  # fmt: skip
def www_has_a_block_on_port_80_alone_beside_a_certificate_of_both(lab: Lab) -> None:
    """After https://www.yelogs.com/: a copied configuration, in which one name was forgotten."""
    _both_on_port_80(lab, site.NAME)


@healthy(target=f"https://{WWW}/")
def www_has_a_block_on_both_ports(lab: Lab) -> None:
    _both_on_port_80(lab, f"{site.NAME} {WWW}")

"""Scenarios of nginx.redirect-of-other-site: the redirects of two sites, without their names
(https://github.com/digitalocean/nginxconfig.io/issues/160)."""

from .. import certificates, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

BLOG = "blog.example.org"
FIRST, FOLDER = "/etc/nginx/conf.d/00-blog.conf", "/var/www/blog"
PLAIN = f"http://{site.NAME}/"
ELSEWHERE = {"panel": "its files lie elsewhere", "nginx.org": "its own block is the first"}


def _serve(lab: Lab, named: bool) -> None:
    """The blog's blocks are read first."""
    lab.zone({name: {"A": [SERVER]} for name in (site.NAME, BLOG)})
    leaf = certificates.leaf(site.NAME, BLOG)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    lab.server.write(f"{FOLDER}/index.html", "<!doctype html><title>Blog</title>Blog\n")
    keys = f"  ssl_certificate {site.PEM};\n  ssl_certificate_key {site.KEY};\n"
    name = f"  server_name {BLOG};\n"
    lab.server.write(
        FIRST,
        f"server {{\n  listen 80;\n{name if named else ''}"
        f"  location / {{ return 301 https://{BLOG}$request_uri; }}\n}}\n"
        f"server {{\n  listen 443 ssl;\n{name}{keys}  root {FOLDER};\n}}\n",
    )
    lab.undo(lambda: lab.server.sh(f"rm -rf {FIRST} {FOLDER}"))


@scenario(
    outside=None, server="nginx.redirect-of-other-site", target=PLAIN, differs=(site.CONF,),
    not_on=ELSEWHERE,
)  # fmt: skip
def redirects_of_two_sites_without_names(lab: Lab) -> None:
    _serve(lab, False)
    lab.edit("  listen 80;\n  server_name shop.example.com;\n", "  listen 80;\n")
    lab.edit("https://$host$request_uri", f"https://{site.NAME}$request_uri")
    lab.restart_nginx()


@healthy(target=PLAIN, not_on=ELSEWHERE)
def redirects_of_two_sites_with_names(lab: Lab) -> None:
    _serve(lab, True)
    lab.restart_nginx()

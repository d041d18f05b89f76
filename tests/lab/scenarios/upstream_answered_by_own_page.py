"""Scenarios of upstream.answered-by-own-page."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

API = f"https://{site.NAME}/jeecgboot/sys/randomImage/1"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOST = "    proxy_set_header Host $host;\n"


def _single_page(lab: Lab, address: str) -> None:
    """A single-page application in files, in one block for both ports, and its interface."""
    lab.server.write("/srv/www/index.html", "<!doctype html><title>App</title><div id=app></div>\n")
    lab.server.sh("chmod -R a+rX /srv/www")
    files = "  root /srv/www;\n  location / { try_files $uri $uri/ /index.html; }\n"
    interface = f"  location /jeecgboot/ {{\n    proxy_pass {address};\n{HOST}  }}\n"
    lab.change(PAGES, f"{files}{interface}\n")


@scenario(outside=None, server="upstream.answered-by-own-page", target=API, differs=(site.CONF,))
def interface_is_passed_to_the_site_itself(lab: Lab) -> None:
    """Issue 4288 of jeecgboot/JeecgBoot: proxy_pass http://192.168.50.128/, without the port of the
    application, and the site listened on 80 as well. nginx's access log had each request twice."""
    lab.edit("  listen 443 ssl;\n", "  listen 8081;\n  listen 443 ssl;\n")
    _single_page(lab, "http://203.0.113.10:8081/")


@healthy(target=API)
def interface_is_passed_to_its_application(lab: Lab) -> None:
    """The same page, and the application's own address."""
    _single_page(lab, "http://127.0.0.1:3000/")

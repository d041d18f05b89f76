"""Scenarios of http.internal-name-in-page."""

from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
PAGE = '<!doctype html><title>Photos</title><p>Your photos</p><script src="/app.js"></script>\n'


def _page(lab: Lab, script: str) -> None:
    lab.server.write("/srv/spa/index.html", PAGE)
    lab.server.write("/srv/spa/app.js", script)
    lab.change(PAGES, "  location / {\n    root /srv/spa;\n    index index.html;\n")


@scenario(outside="http.internal-name-in-page", manual="the front end has to be built anew")
def page_asks_a_container(lab: Lab) -> None:
    """`VITE_SERVER_ENDPOINT=http://immich-proxy:2283/api`, after issue 340 of Immich."""
    _page(lab, 'const e="http://immich-proxy:2283/api";fetch(e+"/asset").then(r=>r.json());\n')


@healthy()
def page_asks_a_container_only_where_no_address_is_set(lab: Lab) -> None:
    """The address of a container stands behind the site's own."""
    _page(lab, 'const e=location.origin||"http://immich-proxy:2283/api";fetch(e+"/asset");\n')


#: What tusd answers to the POST that begins an upload, played by nginx.
UPLOADS = """\
server {
  listen 127.0.0.1:1080;
  location / {
    default_type text/html;
    return 200 "<!doctype html><title>Video</title><p>Send a video</p>";
  }
}
"""
TOLD = "OPTIONS https://server/files/b92a831ced net::ERR_NAME_NOT_RESOLVED"


def _uploads(lab: Lab, host: str) -> None:
    lab.edit("map $http_upgrade", f"{UPLOADS}map $http_upgrade")
    told = f"    proxy_set_header X-Forwarded-Host {host};\n"
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:1080") + told)


@scenario(
    outside="http.internal-name-in-page",
    args=(TOLD,),
    manual="the application makes other addresses then",
)
def application_is_told_the_name_of_the_machine(lab: Lab) -> None:
    """After https://github.com/tus/tus-js-client/issues/58."""
    _uploads(lab, "$hostname")


@healthy()
def application_is_told_the_host_of_the_visitor(lab: Lab) -> None:
    _uploads(lab, "$host")

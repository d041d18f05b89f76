"""Scenarios of http.page-file-missing: nginx puts a folder before paths that have it already."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

HEAD = "<!doctype html><html><head><title>Search</title><link rel=stylesheet href=/hydra/app.css>"
INNER = f"""
server {{
  listen 127.0.0.1:3009;
  location = /hydra/ {{
    default_type text/html;
    return 200 '{HEAD}</head><body><h1>Search</h1><p>Two buttons.</p></body></html>';
  }}
  location = /hydra/app.css {{ default_type text/css; return 200 "body{{}}"; }}
  location / {{ return 404; }}
}}
"""
PASS = "  location / {\n    proxy_pass http://127.0.0.1:3000;"


def _search(lab: Lab, place: str) -> None:
    lab.server.write("/etc/nginx/conf.d/zz-search.conf", INNER)
    lab.change(PASS, place)


@scenario(outside="http.page-file-missing", server="http.page-file-missing", differs=(site.CONF,))
def program_knows_the_folder_that_nginx_adds(lab: Lab) -> None:
    """https://github.com/theotherp/nzbhydra/issues/494: a white page with two buttons."""
    _search(lab, PASS.replace("3000;", "3009/hydra/;"))


@healthy(target=f"https://{site.NAME}/hydra/")
def folder_is_passed_on_as_it_is(lab: Lab) -> None:
    _search(lab, PASS.replace("3000;", "3009;"))

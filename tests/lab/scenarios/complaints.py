"""Complaints in people's own words, of which the site's page shows nothing: a download, other
people's content, an upload. Each has a twin that is healed, with the same message.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
FEED = f"https://{site.NAME}/feed"
DOWNLOADED = "nginx不返回数据，而是下载"
SOMEBODY = "members cannot log out, and visitors are logged in as somebody else"
PAUSED = "after a pause the upload of a large file starts over instead of going on"
UPLOAD = "mobile app: upload of large videos fails, photos work"
CACHE = "proxy_cache_path /var/cache/pages levels=1:2 keys_zone=pages:1m;\n"
KEPT = (
    "    proxy_cache pages;\n    proxy_cache_valid 200 10m;\n"
    "    proxy_ignore_headers Cache-Control Set-Cookie;\n"
)


def _feed(lab: Lab, default_type: str) -> None:
    """Data in a file without an extension: its type is `default_type`, as behind redis2_pass."""
    lab.server.write("/srv/feed/feed", '{"teas": ["assam", "oolong"]}')
    place = f"  location = /feed {{\n    root /srv/feed;\n    default_type {default_type};\n  }}\n"
    lab.change(PAGE, f"{PAGE}{place}")


@scenario(
    outside="http.page-downloaded", target=FEED, args=(DOWNLOADED,), differs=MINE,
)  # fmt: skip
def data_is_downloaded(lab: Lab) -> None:
    """After issue 39 of openresty/redis2-nginx-module."""
    _feed(lab, "application/octet-stream")


@healthy(target=FEED, args=(DOWNLOADED,))
def data_has_its_type(lab: Lab) -> None:
    _feed(lab, "application/json")


@healthy(target=FEED)
def data_is_downloaded_and_nobody_asks(lab: Lab) -> None:
    _feed(lab, "application/octet-stream")


def _cached(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}map $http_upgrade")
    lab.change(PAGE, PAGE.replace("    proxy_http", f"{KEPT}{lines}    proxy_http"))


@scenario(outside=None, server="nginx.cookies-cached", args=(SOMEBODY,), differs=(site.CONF,))
def cache_keeps_what_a_logout_sets(lab: Lab) -> None:
    """After issue 27942 of Ghost: the page sets a cookie for members alone."""
    _cached(lab, "")


@healthy(args=(SOMEBODY,))
def cache_leaves_the_cookies_out(lab: Lab) -> None:
    _cached(lab, "    proxy_hide_header Set-Cookie;\n")


@healthy()
def cache_keeps_what_a_logout_sets_and_nobody_asks(lab: Lab) -> None:
    _cached(lab, "")


@scenario(outside=None, server="nginx.request-buffered", args=(PAUSED,), differs=(site.CONF,))
def words_about_an_upload_that_begins_again(lab: Lab) -> None:
    """After https://github.com/sjqzhang/go-fastdfs/issues/80."""
    lab.change(PAGE, PAGE.replace("    proxy_http", "    client_max_body_size 0;\n    proxy_http"))


@healthy(args=(PAUSED,))
def words_about_an_upload_that_is_passed_on(lab: Lab) -> None:
    lines = "    client_max_body_size 0;\n    proxy_request_buffering off;\n    proxy_http"
    lab.change(PAGE, PAGE.replace("    proxy_http", lines))


@scenario(outside=None, server="nginx.body-limit", args=(UPLOAD,), differs=(site.CONF,))
def words_about_an_upload(lab: Lab) -> None:
    """After issue 6038 of Immich: nobody has set client_max_body_size."""


@healthy(args=(UPLOAD,))
def words_about_an_upload_that_nginx_takes(lab: Lab) -> None:
    lab.change(PAGE, PAGE.replace("    proxy_pass", "    client_max_body_size 0;\n    proxy_pass"))


ABOVE = "files above 1 MB fail"


@scenario(outside=None, server="nginx.body-limit", args=(ABOVE,), differs=(site.CONF,))
def files_above_the_default_size(lab: Lab) -> None:
    """nginx takes 1 MB where nothing is set, the size that the message tells."""


@healthy(args=(ABOVE,))
def files_above_another_size(lab: Lab) -> None:
    """nginx takes more than the told size: the limit is somebody else's."""
    lab.edit("  location / {\n", "  location / {\n    client_max_body_size 50m;\n")
    lab.reload()

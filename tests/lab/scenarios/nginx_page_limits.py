"""A limit of requests and a page that makes more of them at once than the limit permits."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .page_assets import JS, _serve

MINE = (site.CONF,)
NAMES = [f"part{number}.js" for number in range(24)]
SHOP = "<!doctype html>\n<title>Shop</title>\n<p>Forty kinds of tea.</p>\n" + "".join(
    f"<script src=/js/{name}></script>\n" for name in NAMES
)


def _visited(lab: Lab, limit: str) -> None:
    """A browser has opened the page, with all of its files at once."""
    zone = "limit_req_zone $binary_remote_addr zone=pool:10m rate=10r/s;\n"
    lab.edit("map $http_upgrade", f"{zone}map $http_upgrade")
    files = {"index.html": SHOP} | {f"js/{name}": JS for name in NAMES}
    _serve(lab, f"  root /var/www/shop;\n  limit_req {limit};\n", **files)
    urls = " ".join(f"https://{site.NAME}/js/{name}" for name in NAMES)
    lab.client.sh(f"curl -s -o /dev/null --parallel --parallel-immediate {urls}")
    lab.client.sh("sleep 1")  # until the limit lets a page through again


@scenario(outside=None, server="nginx.request-limit", differs=MINE, not_on=UNLOGGED)
def limit_below_the_files_of_the_page(lab: Lab) -> None:
    """`burst=5`, and the page loads 24 files. After
    https://github.com/decred/dcrstakepool/issues/397."""
    _visited(lab, "zone=pool burst=5 nodelay")


def _visited_images(lab: Lab, limit: str, referer: str) -> None:
    """Somebody has loaded forty images at once, which no page that is read here names."""
    zone = "limit_req_zone $binary_remote_addr zone=flood:10m rate=9r/s;\n"
    lab.edit("map $http_upgrade", f"{zone}map $http_upgrade")
    files = {"index.html": "<p>Posters</p>"} | {f"poster/{n}.jpg": "jpeg" for n in range(40)}
    _serve(lab, f"  root /var/www/shop;\n  limit_req {limit};\n", **files)
    lab.client.sh(
        f"curl -s -o /dev/null -A Mozilla/5.0 -e '{referer}' --parallel --parallel-immediate "
        f"--parallel-max 40 'https://{site.NAME}/poster/[0-39].jpg'"
    )
    lab.client.sh("sleep 2")  # until the limit lets a page through again


@scenario(outside=None, server="nginx.request-limit", differs=MINE, not_on=UNLOGGED)
def limit_below_the_images_of_a_page(lab: Lab) -> None:
    """https://github.com/mariusv/nginx-badbot-blocker/issues/181: a limit for floods, and the
    site's own page loads forty images."""
    _visited_images(lab, "zone=flood burst=10 nodelay", f"https://{site.NAME}/")


@healthy()
def limit_that_refuses_a_program(lab: Lab) -> None:
    """It asks for forty images, and no page of the site sent it."""
    _visited_images(lab, "zone=flood burst=10 nodelay", "")


@scenario(outside=None, server="nginx.request-limit", differs=MINE, not_on=UNLOGGED)
def limit_of_connections_below_the_files_of_the_page(lab: Lab) -> None:
    """`limit_conn addr 2`, and a browser loads the files of the page over six connections."""
    zone = "limit_conn_zone $binary_remote_addr zone=addr:10m;\n"
    lab.edit("map $http_upgrade", f"{zone}map $http_upgrade")
    files = {"index.html": SHOP} | {f"js/{name}": JS + " " * 60_000 for name in NAMES}
    _serve(lab, "  root /var/www/shop;\n  limit_conn addr 2;\n  limit_rate 30k;\n", **files)
    urls = " ".join(f"https://{site.NAME}/js/{name}" for name in NAMES)
    lab.client.sh(f"curl -s -o /dev/null --parallel --parallel-immediate {urls}")


@healthy()
def limit_above_the_files_of_the_page(lab: Lab) -> None:
    _visited(lab, "zone=pool burst=50 nodelay")


TAKEN = (
    "When throttling is activated nginx would serve a 503, but visitors get our maintenance page"
)
MAINTENANCE = (
    "  error_page 503 @maintenance;\n"
    "  location @maintenance {\n    return 302 https://status.example.net/;\n  }\n"
)


def _throttled(lab: Lab, more: str = "") -> None:
    """Somebody asked for a page eight times at once, and may ask for two."""
    zone = "limit_req_zone $binary_remote_addr zone=bots:10m rate=30r/m;\n"
    lab.edit("map $http_upgrade", f"{zone}map $http_upgrade")
    limit = f"  limit_req zone=bots burst=2 nodelay;\n{more}{MAINTENANCE}"
    _serve(lab, f"  root /var/www/shop;\n{limit}", **{"index.html": "<p>Forty kinds of tea.</p>"})
    lab.client.sh(f"curl -s -o /dev/null 'https://{site.NAME}/?page=[1-8]'")
    lab.client.sh("sleep 6")  # until the limit lets a page through again


@scenario(
    outside=None, server="nginx.request-limit", differs=MINE, not_on=UNLOGGED,
    args=(TAKEN,),
)  # fmt: skip
def limit_whose_refusals_are_a_maintenance(lab: Lab) -> None:
    """https://serverfault.com/questions/554682: the limit stays as it is."""
    _throttled(lab)


@healthy()
def limit_with_a_status_beside_a_maintenance(lab: Lab) -> None:
    _throttled(lab, "  limit_req_status 429;\n")

"""Scenarios of upstream.response-cut at other pages than the target's: downloads that end early.

After https://blog.csdn.net/zhangkunls/article/details/134609693 and http://www.sunaloe.cn/d/54.html:
the download of a large file fails through nginx, and the page is well.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import LOG, log_of_its_own, visit
from .page_assets import PAGE

RAW = str(HERE / "applications" / "raw_server.py")
APPLICATION = "the application has to be mended"
AT_THE_LIMIT = (
    "any file above 1.0 GB starts to download, then stops: network error 18: transfer closed"
)
FAILS = "通过 nginx 代理下载大文件失败，网络错误"


def _downloads(lab: Lab, mode: str, *paths: str) -> None:
    lab.spawn(lab.server, lab.server.python(RAW, mode, "--port", "3009"), 3009)
    log_of_its_own(lab, "  location /files/ { proxy_pass http://127.0.0.1:3009; }\n")
    for path in paths:
        visit(lab, path)


@scenario(outside=None, server="upstream.response-cut", manual=APPLICATION, not_on=UNLOGGED)
def downloads_are_cut_off(lab: Lab) -> None:
    """The same file, twice."""
    _downloads(lab, "cut", "/files/big.zip", "/files/big.zip")


@scenario(
    outside=None, server="upstream.response-cut", args=(FAILS,), manual=APPLICATION,
    not_on=UNLOGGED,
)  # fmt: skip
def message_says_that_a_download_is_cut_off(lab: Lab) -> None:
    _downloads(lab, "cut", "/files/big.zip")


@scenario(
    outside=None, server="upstream.response-cut", args=(AT_THE_LIMIT,), differs=(site.CONF,),
    not_on=UNLOGGED,
)  # fmt: skip
def message_says_that_downloads_end_at_the_size_of_the_temporary_file(lab: Lab) -> None:
    """After https://github.com/a1ex4/ownfoil/issues/33. A gigabyte is too much for the laboratory:
    the file is small, and the log's line the same."""
    _downloads(lab, "cut", "/files/big.zip")


def _logged_size(lab: Lab, path: str, sent: int) -> None:
    """Write a download of this size into the access log, as nginx does."""
    lab.server.sh(
        f"""printf '%s - - [%s] "GET {path} HTTP/1.1" 200 {sent} "-" "Mozilla/5.0"\\n' """
        f'192.0.2.7 "$(date "+%d/%b/%Y:%H:%M:%S %z")" >>{LOG}'
    )


@scenario(
    outside=None, server="upstream.response-cut", differs=(site.CONF,), not_on=UNLOGGED,
)  # fmt: skip
def download_ends_at_the_size_of_the_temporary_file(lab: Lab) -> None:
    """The same without a message: the access log has the size, the error log the reason."""
    _downloads(lab, "cut", "/files/big.zip")
    _logged_size(lab, "/files/big.zip", 1_081_587_242)


@healthy(not_on=UNLOGGED)
def file_of_that_size_is_downloaded(lab: Lab) -> None:
    """A file that has this size, and a visitor who closes another one."""
    _downloads(lab, "big", "/files/big.zip")
    _logged_size(lab, "/files/big.zip", 1_081_587_242)
    _logged_size(lab, "/files/other.zip", 734_003_200)


@healthy(args=(AT_THE_LIMIT,))
def downloads_beyond_that_size_are_whole(lab: Lab) -> None:
    _downloads(lab, "big", "/files/big.zip")


@healthy(args=(FAILS,))
def downloads_are_whole(lab: Lab) -> None:
    _downloads(lab, "big", "/files/big.zip", "/files/big.zip")


@healthy()
def stream_that_ended_with_its_application(lab: Lab) -> None:
    """Chunks without an end, as those of events whose application is restarted."""
    _downloads(lab, "cut-chunks", "/files/events", "/files/events")


def _handshakes(lab: Lab, connection: str) -> None:
    lab.spawn(lab.server, lab.server.application("handshake_server", "3009"), 3009)
    lines = (
        "  location / {\n    proxy_pass http://127.0.0.1:3009;\n    proxy_http_version 1.1;\n"
        "    proxy_set_header Upgrade $http_upgrade;\n"
        f"    proxy_set_header Connection {connection};\n  }}\n"
    )
    lab.change(PAGE, lines)


@scenario(outside="http.body-cut", server="upstream.upgrade-cuts-response", differs=(site.CONF,))
def page_is_cut_off_by_an_upgrade_that_nobody_asked_for(lab: Lab) -> None:
    """https://github.com/iv-org/invidious/issues/604."""
    _handshakes(lab, '"upgrade"')


@healthy()
def page_is_whole_with_the_visitors_own_connection(lab: Lab) -> None:
    _handshakes(lab, "$http_connection")

"""Faults that the run's own request does not meet, and a person's message tells."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

STREAM = ("the streaming response never reaches the client",)
HEADER = ("请求Header中自定义了一个x_user=12346的header，后端收不到",)
ADDRESS = ("nginx反向代理后, 后台日志打印的ip全为 127.0.0.1",)
FORWARDED = "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
MINE = (site.CONF,)
DOWNLOAD = ("nginx不返回数据，而是下载",)
DATA = f"https://{site.NAME}/get"


@scenario(outside=None, server="upstream.stream-buffered", args=STREAM, differs=MINE)
def streams_of_a_chat_are_buffered(lab: Lab) -> None:
    """https://github.com/ggml-org/llama.cpp/pull/20872: the answer to a POST."""


@healthy(args=STREAM)
def streams_of_a_chat_are_not_buffered(lab: Lab) -> None:
    lab.edit(FORWARDED, f"{FORWARDED}    proxy_buffering off;\n")
    lab.reload()


@scenario(outside=None, server="upstream.header-name-dropped", args=HEADER, differs=MINE)
def header_of_a_message_is_dropped(lab: Lab) -> None:
    """https://github.com/guanhui07/blog/issues/52: the application does not get x_user."""


@healthy(args=HEADER)
def header_of_a_message_is_accepted(lab: Lab) -> None:
    lab.edit("  ssl_session_timeout", "  underscores_in_headers on;\n  ssl_session_timeout")
    lab.reload()


@scenario(outside=None, server="nginx.visitor-address-lost", args=ADDRESS, differs=MINE)
def visitors_address_is_not_passed_on(lab: Lab) -> None:
    """https://github.com/klren0312/daliy_knowledge/issues/164: 127.0.0.1 for everybody."""
    lab.edit(FORWARDED, "")
    lab.reload()


@healthy(args=ADDRESS)
def visitors_address_is_passed_on(lab: Lab) -> None:
    """Whether the application reads it, only its log shows."""


def data(lab: Lab, setting: str = "") -> None:
    """What nginx answers itself has the type of default_type, as what memcached_pass answers."""
    answer = f"""  location = /get {{ {setting} return 200 '{{"user": "li"}}'; }}\n"""
    lab.edit("  ssl_session_timeout", f"{answer}  ssl_session_timeout")
    lab.reload()


@scenario(
    outside="http.page-downloaded", args=DOWNLOAD, target=DATA,
    manual="which type it has, a person knows",
)  # fmt: skip
def data_without_a_type_is_downloaded(lab: Lab) -> None:
    """https://github.com/openresty/redis2-nginx-module/issues/39."""
    data(lab)


@healthy(args=DOWNLOAD, target=DATA)
def data_with_a_type_is_shown(lab: Lab) -> None:
    data(lab, "default_type application/json;")

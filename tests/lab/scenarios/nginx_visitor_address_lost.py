"""Scenarios of nginx.visitor-address-lost and server.visitor-address-lost: the application's log
has one address for all visitors. Each has a twin that is healed, with the same message.
"""

from .. import haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .haproxy import ELSEWHERE
from .page_assets import PAGE

MINE = (site.CONF,)
ALL_ONE = "nginx反向代理后, 后台获取不到访客的真实IP"
LIMITED = "every user is rate limited, all visitors seem to have the same IP"
FIELD = "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
INNER = """\
limit_req_zone $binary_remote_addr zone=customer:10m rate=1r/m;
server {
  listen 127.0.0.1:8081;
  server_name %s;
  %s
  location / { proxy_pass http://127.0.0.1:3000; }
  location /customer/ { limit_req zone=customer; proxy_pass http://127.0.0.1:3000; }
}
"""
REAL = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"


@scenario(outside=None, server="nginx.visitor-address-lost", args=(ALL_ONE,), differs=MINE)
def no_field_has_the_visitors_address(lab: Lab) -> None:
    """After issue 164 of klren0312/daliy_knowledge, and issue 10893 of hmislk/hmis."""
    lab.change(PAGE, PAGE.replace(FIELD, ""))


@healthy(args=(ALL_ONE,))
def field_has_the_visitors_address(lab: Lab) -> None:
    """The application has to read it: nothing of the server's is wrong."""


@healthy()
def no_field_has_the_visitors_address_and_nobody_asks(lab: Lab) -> None:
    lab.change(PAGE, PAGE.replace(FIELD, ""))


def _limited(lab: Lab, real: str) -> None:
    lab.server.write("/etc/nginx/conf.d/inner.conf", INNER % (site.NAME, real))
    lab.change(PAGE, PAGE.replace("127.0.0.1:3000", "127.0.0.1:8081"))
    for _ in range(3):
        lab.client.run(["curl", "-sk", "-o", "/dev/null", f"https://{site.NAME}/customer/a"])


@scenario(
    outside=None, server="nginx.visitor-address-lost", manual="which addresses the proxy has",
    args=(LIMITED,),
)  # fmt: skip
def limit_counts_the_proxy_itself(lab: Lab) -> None:
    """After issue 44 of magenx/Magento-nginx-config: `limit_req` in the inner server block."""
    _limited(lab, "")


@scenario(
    outside=None, server="server.visitor-address-lost", args=(ALL_ONE,), differs=(haproxy.CONFIG,),
    needs=haproxy.needs_haproxy, not_on=ELSEWHERE,
)  # fmt: skip
def haproxy_sends_no_visitors_address(lab: Lab) -> None:
    haproxy.serve(lab, haproxy.SITE.replace("    option forwardfor\n", ""))


BEHIND = "https://shop.example.com/ 的登录日志里所有用户的IP都是127.0.0.1"
INNER_SITE = """\
server {
  listen 127.0.0.1:8081;
  server_name %s;
  %s
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }
}
"""


def _behind(lab: Lab, real: str) -> None:
    lab.server.write("/etc/nginx/conf.d/inner.conf", INNER_SITE % (site.NAME, real))
    lab.change(PAGE, PAGE.replace("127.0.0.1:3000", "127.0.0.1:8081"))


@scenario(
    outside=None, server="nginx.visitor-address-lost", args=(BEHIND,),
    differs=("/etc/nginx/conf.d/inner.conf",),
)  # fmt: skip
def block_behind_takes_the_first_for_the_visitor(lab: Lab) -> None:
    """After https://45793.com/article/J7pTBg1ldwPaOEt3su8hIA.html: nginx behind nginx."""
    _behind(lab, "")


@healthy(args=(BEHIND,))
def block_behind_takes_the_visitors_address(lab: Lab) -> None:
    _behind(lab, REAL)

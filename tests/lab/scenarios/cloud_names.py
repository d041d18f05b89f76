"""A provider, or another device on the way, reacts to the site's name."""

from tests.support.aliyun_state import INSTANCE, REGION

from .. import site
from ..lab import HERE, SERVER, Lab
from ..scenario import healthy, scenario
from . import cloud

NAME = site.NAME
FILING = "a filing with the authorities"
TLS, HTTP = 8443, 8080
ANSWER = "/run/lab/answer"

TITLE = "<title>Non-compliance ICP Filing</title>"
PAGE = f"""<html><head>{TITLE}
<script>window.onload = function () {{
  document.getElementById("mainFrame").src = "http://www.aliyun.com/beian/beian-block?id=00000000";
}}</script></head><body><iframe id="mainFrame" src=""></iframe></body></html>
"""


def answer(status: str, *fields: str, body: str = "") -> str:
    head = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*head, "", ""]) + body


BEAVER = answer("403 Forbidden", "Server: Beaver", "Content-Type: text/html", body=PAGE)
WEBBLOCK = answer("302 OK", f"Location: https://dnspod.qcloud.com/static/webblock.html?d={NAME}")


def device(lab: Lab, *options: str, tls: bool = False, http: str = "") -> None:
    """A device on the router through which the client's connections to the server go."""
    ports = {443: TLS} if tls else {}
    words = [*options, *(["--tls", str(TLS)] if tls else [])]
    if http:
        lab.router.write(ANSWER, http)
        words += ["--http", str(HTTP), "--answer", ANSWER]
        ports[80] = HTTP
    program = str(HERE / "applications" / "name_filter.py")
    lab.spawn(
        lab.router,
        lab.router.python(program, NAME, SERVER, *words),
        lambda: all(lab.router.listening(port) for port in ports.values()),
    )
    lab.undo(lambda: lab.router.sh("nft delete table ip middlebox"))
    lab.router.sh("""
        nft add table ip middlebox
        nft add chain ip middlebox in '{ type nat hook prerouting priority -100; }'
    """)
    for port, own in ports.items():
        rule = f"iifname eth0 ip daddr {SERVER} tcp dport {port} redirect to :{own}"
        lab.router.sh(f"nft add rule ip middlebox in {rule}")


@scenario(outside="tls.reset", server=None, manual=FILING)
def name_is_reset_on_the_way(lab: Lab) -> None:
    """TLS for this name is reset, for any other it is not, and nothing says who does it.

    After threads on Server Fault and V2EX ("works with the address, ERR_CONNECTION_RESET with the
    name").
    """
    device(lab, tls=True)


@scenario(outside="cloud.icp-filing-block", server=None, manual=FILING)
def name_without_a_filing_at_alibaba(lab: Lab) -> None:
    """403 by `Server: Beaver` in place of the redirect, and TLS for the name is reset.

    After many write-ups of Chinese administrators ("SSL certificate is fine on the server, and
    curl says Connection reset by peer").
    """
    device(lab, tls=True, http=BEAVER)


@scenario(outside="cloud.icp-filing-block", server=None, manual=FILING)
def name_without_a_filing_whose_tls_1_3_passes(lab: Lab) -> None:
    """The same, and TLS 1.3 gets through: browsers open the site, older programs do not."""
    device(lab, "--passes-tls-1-3", tls=True, http=BEAVER)


@scenario(outside="cloud.icp-filing-block", server=None, manual=FILING)
def name_without_a_filing_at_tencent(lab: Lab) -> None:
    """http is redirected to webblock.html, https works: HTTP-01 fails at the next renewal.

    After write-ups of administrators with Tencent Cloud ("TLS passes by SNI, plain HTTP with that
    Host is answered with 302").
    """
    device(lab, http=WEBBLOCK)


def in_region(lab: Lab, region: str) -> None:
    """The server's firmware says Alibaba Cloud, and the metadata service the region."""
    cloud.lay_firmware(lab, *cloud.ALIYUN_FIRMWARE)
    cloud.metadata(lab, {"instance-id": INSTANCE, "region-id": region, "eipv4": SERVER})


@scenario(
    outside="tls.reset",
    server=None,
    both="cloud.icp-filing-block",
    also=("http.port-closed",),
    manual=FILING,
)
def name_is_reset_in_a_mainland_region(lab: Lab) -> None:
    """Port 80 is closed, so that no page says it; the region makes a missing filing probable."""
    device(lab, tls=True)
    lab.cloud("tcp dport 80 drop")
    in_region(lab, REGION)


@scenario(outside="tls.reset", server=None, manual=FILING)
def name_is_reset_beside_a_page_over_http(lab: Lab) -> None:
    """In a mainland region too, where the site answers over http: its provider would not let it."""
    device(lab, tls=True)
    in_region(lab, REGION)


@scenario(outside="tls.reset", server=None, also=("http.port-closed",), manual=FILING)
def name_is_reset_in_hong_kong(lab: Lab) -> None:
    """The same in a region that asks for no filing: a device on the way, and nobody knows whose."""
    device(lab, tls=True)
    lab.cloud("tcp dport 80 drop")
    in_region(lab, "cn-hongkong")


@healthy()
def server_field_says_beaver(lab: Lab) -> None:
    """A redirect to the site's own https, by something that calls itself Beaver."""
    own = answer(
        "301 Moved Permanently", "Server: Beaver", f"Location: https://{NAME}{{path}}", body=TITLE
    )
    device(lab, http=own)


@healthy()
def page_about_filings(lab: Lab) -> None:
    """The site's page speaks of ICP filings in the words of the block page."""
    page = f"<!doctype html>{TITLE}<p>http://www.aliyun.com/beian/beian-block</p>"
    lab.server.write("/var/www/filing/index.html", page)
    files = "root /var/www/filing;\n    try_files $uri /index.html;\n    index index.html;"
    lab.edit(
        "location / {\n    proxy_pass",
        f"location = / {{\n    {files}\n  }}\n\n  location / {{\n    proxy_pass",
    )
    lab.reload()

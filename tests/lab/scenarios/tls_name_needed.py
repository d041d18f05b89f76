"""Callers that send no name in TLS: the site is well for visitors, and its access log has nothing
of them. Each has the question it is made after; the twins have the same message.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import BLOG, OTHER, REJECTING, another_site

CALLBACK = "支付宝异步通知收不到"
WEBHOOK = "our webhook is never called: https://shop.example.com/"
MONITOR = (
    "CRITICAL - Cannot make SSL connection. 4057FBDCB8710000:error:0A000458:SSL "
    "routines:ssl3_read_bytes:tlsv1 unrecognized name:../ssl/record/rec_layer_s3.c:1605:SSL "
    "alert number 112"
)
JAVA = (
    "javax.net.ssl.SSLPeerUnverifiedException: Certificate for <shop.example.com> doesn't match "
    "any of the subject alternative names: [blog.example.com]"
)
BROWSER = "NET::ERR_CERT_COMMON_NAME_INVALID https://shop.example.com/"
LISTEN, DEFAULT = "listen 443 ssl;", "listen 443 ssl default_server;"
CALLER = "the caller, or which site is the default, is a person's choice"


def behind_the_blog(lab: Lab) -> None:
    another_site(lab)
    lab.edit(LISTEN, DEFAULT, OTHER)
    lab.reload()


def rejecting(lab: Lab) -> None:
    lab.server.write("/etc/nginx/conf.d/default.conf", REJECTING)
    lab.reload()


@scenario(outside="tls.name-needed", args=(CALLBACK,), manual=CALLER)
def callback_without_a_name_gets_another_site(lab: Lab) -> None:
    """https://github.com/balanced/balanced-api/issues/429, https://heyaff.github.io/2020/11/30/sni"""
    behind_the_blog(lab)


@scenario(outside="tls.name-needed", args=(WEBHOOK,), manual=CALLER)
def webhook_without_a_name_is_refused(lab: Lab) -> None:
    """https://github.com/wso2/product-apim/issues/1885"""
    rejecting(lab)


@scenario(outside="tls.name-needed", args=(MONITOR,), manual=CALLER)
def monitor_without_a_name_is_refused(lab: Lab) -> None:
    """https://github.com/monitoring-plugins/monitoring-plugins/issues/2127"""
    rejecting(lab)


@scenario(outside="tls.name-needed", args=(JAVA,), manual=CALLER)
def java_without_a_name_gets_another_site(lab: Lab) -> None:
    """https://github.com/gitbucket/gitbucket/issues/1841"""
    behind_the_blog(lab)


@healthy(args=(CALLBACK,))
def callback_without_a_name_gets_the_site(lab: Lab) -> None:
    """Healed: the site is the default of the port."""
    another_site(lab)
    lab.change(LISTEN, DEFAULT)


@healthy()
def another_site_is_the_default(lab: Lab) -> None:
    """As on every shared address: nobody complains."""
    behind_the_blog(lab)


@healthy(args=(BROWSER,))
def browser_sends_the_name_to_a_shared_address(lab: Lab) -> None:
    """A browser's message is not from a client without a name."""
    behind_the_blog(lab)


@healthy(args=(WEBHOOK,))
def only_site_of_the_address(lab: Lab) -> None:
    """There is no other certificate that the caller could get."""
    assert site.NAME not in BLOG

"""A person writes that the site gives out the address at which nginx asks its application, where no
page that a stranger gets shows it.

After https://github.com/nocobase/nocobase/issues/477: the address of the program's storage.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
ATTACHED = "可以用域名正常访问，但是上传的新附件的地址还是 http://{}/开头的，图片不显示"
HOST = "    proxy_set_header Host $http_host;\n"


@scenario(
    outside=None, server="http.localhost-in-page", args=(ATTACHED.format("localhost:3000"),),
    manual="the application's own setting",
)  # fmt: skip
def application_gives_out_its_inner_address(lab: Lab) -> None:
    """nginx passes the visitor's host on."""


@scenario(
    outside=None, server="nginx.host-not-passed", args=(ATTACHED.format("127.0.0.1:3000"),),
    differs=MINE,
)  # fmt: skip
def application_gives_out_the_host_that_nginx_tells_it(lab: Lab) -> None:
    lab.application("--mode", "form")
    lab.change(HOST, "")


@healthy(args=(ATTACHED.format("localhost:9000"),))
def address_of_another_program_is_given_out(lab: Lab) -> None:
    """No program of the site has this port."""


@healthy(args=("The links are wrong in my mails. nginx has proxy_pass http://localhost:3000;",))
def line_of_the_configuration_beside_a_complaint(lab: Lab) -> None:
    """The address is the one at which nginx asks, and the words say so."""

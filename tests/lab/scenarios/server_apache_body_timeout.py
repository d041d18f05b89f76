"""Scenarios of server.apache-body-timeout."""

from .. import apache
from ..lab import Lab
from .apache import SITE, apache_scenario, healthy_apache
from .nginx_body_timeout import TOLD, stall
from .nginx_other_requests_failed import visit

LINE = "    RequestReadTimeout header=20-40,MinRate=500 body={},MinRate=500\n"


def _serve(lab: Lab, line: str, module: bool = True) -> None:
    apache.install(
        lab, f"{apache.HTTPS.replace('    ProxyPass', f'{line}    ProxyPass', 1)}\n{apache.HTTP}"
    )
    (apache.enable if module else apache.disable)(lab, "reqtimeout")
    apache.start(lab)


@apache_scenario(outside=None, server="server.apache-body-timeout", differs=SITE)
def apache_ends_an_upload_that_pauses(lab: Lab) -> None:
    """The log has it, and the sender was there afterwards."""
    _serve(lab, LINE.format(1))
    stall(lab)
    visit(lab, "/", referer="")


@apache_scenario(outside=None, server="server.apache-body-timeout", target=TOLD, differs=SITE)
def apache_ends_an_upload_by_the_limit_of_the_server(lab: Lab) -> None:
    """408 is pasted, and the site has no line of its own."""
    _serve(lab, "")


@healthy_apache(target=TOLD)
def apache_waits_long_for_an_upload(lab: Lab) -> None:
    _serve(lab, LINE.format(600))


@healthy_apache(target=TOLD)
def apache_without_the_module_waits_for_an_upload(lab: Lab) -> None:
    _serve(lab, "", module=False)


@healthy_apache()
def apache_ends_the_upload_of_a_client_that_left(lab: Lab) -> None:
    _serve(lab, LINE.format(1))
    visit(lab, "/", referer="")
    stall(lab)

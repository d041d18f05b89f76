"""The program behind nginx names its own port to visitors, after a form that nobody sends here."""

from ..lab import Lab
from ..scenario import healthy, scenario

MESSAGE = "after the login the browser goes to https://shop.example.com:{port}/index.php and fails"
LISTEN = "  listen 443 ssl;\n"


@scenario(
    outside=None, server="http.own-port-told", args=(MESSAGE.format(port=3000),),
    manual="the laboratory's application has no address of its own",
)  # fmt: skip
def login_leads_to_the_programs_port(lab: Lab) -> None:
    """After issue 12 of phpmyadmin/docker."""


@healthy(args=(MESSAGE.format(port=8443),))
def login_leads_to_a_port_that_answers(lab: Lab) -> None:
    lab.edit(LISTEN, f"{LISTEN}  listen 8443 ssl;\n")
    lab.reload()

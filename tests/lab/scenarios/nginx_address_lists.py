"""Scenarios of nginx.visitor-denied: lists that let this server in, and visitors not."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

TOLD = "403 Forbidden"
PLACE = "  location / {\n    proxy_pass http://127.0.0.1:3000;"
LIST = f"    allow 127.0.0.1;\n    allow {SERVER};\n    deny all;\n"
CLOSES = PLACE.replace("{\n", "{\n    if ($known = 0) {\n      return 444;\n    }\n")
KNOWN = f"geo $known {{\n  default 0;\n  127.0.0.0/8 1;\n  {SERVER} 1;\n}}\n"


def _listed(lab: Lab, rules: str) -> None:
    lab.change(PLACE, PLACE.replace("{\n", f"{{\n{rules}"))


@scenario(
    outside=None, server="nginx.visitor-denied", args=(TOLD,), differs=(site.CONF,),
    unsure=("client",),
)  # fmt: skip
def list_lets_this_server_in_alone(lab: Lab) -> None:
    _listed(lab, LIST)


@healthy(args=(TOLD,))
def list_lets_everybody_in(lab: Lab) -> None:
    _listed(lab, "    allow all;\n")


@scenario(
    outside="http.server-error", server="nginx.visitor-denied", args=("ERR_EMPTY_RESPONSE",),
    both="nginx.rule-refuses", differs=(site.CONF,),
)  # fmt: skip
def list_gives_visitors_no_answer(lab: Lab) -> None:
    """`return 444` closes the connection of everybody but this server."""
    lab.edit(site.MAP, site.MAP + KNOWN)
    lab.change(PLACE, CLOSES)


@healthy(args=("ERR_EMPTY_RESPONSE",))
def list_answers_visitors(lab: Lab) -> None:
    lab.edit(site.MAP, site.MAP + KNOWN.replace("default 0", "default 1"))
    lab.change(PLACE, CLOSES)


FAMILY = "    allow 198.51.100.0/24;\n    allow 192.168.0.0/16;\n{}    deny all;\n"


def _visits(lab: Lab) -> None:
    for family in ("-4", "-6"):
        lab.client.run(
            ["curl", "-sk", family, "-m", "5", "-o", "/dev/null", "https://shop.example.com/"]
        )


@scenario(
    outside="http.page-refused", server="nginx.visitor-denied", differs=(site.CONF,), ipv6=True
)
def list_has_networks_of_one_family(lab: Lab) -> None:
    """https://github.com/dappnode/DAppNode/issues/407: visitors over IPv6 get 403."""
    _listed(lab, FAMILY.format(""))
    _visits(lab)


@healthy(ipv6=True)
def list_has_networks_of_both_families(lab: Lab) -> None:
    own = f"    allow {SERVER};\n    allow 2001:db8:1::/64;\n    allow 2001:db8:2::/64;\n"
    _listed(lab, FAMILY.format(own))
    _visits(lab)


ROW = (
    '{"remote_addr":"192.0.2.66","host":"shop.example.com","request":"GET / HTTP/2.0",'
    '"status":"403","http_user_agent":"Mozilla/5.0 (iPhone)"}'
)


@scenario(
    outside=None, server="nginx.visitor-denied", args=(ROW,), differs=(site.CONF,),
)  # fmt: skip
def list_refuses_the_visitor_of_a_row(lab: Lab) -> None:
    """A row of nginx's log in JSON (`log_format … escape=json`) has a customer with 403."""
    _listed(lab, "    deny 192.0.2.0/24;\n")


@healthy(args=(ROW,))
def list_refuses_another_network_than_the_visitor_of_a_row(lab: Lab) -> None:
    _listed(lab, "    deny 192.0.2.128/25;\n")

"""A line of an access log is what a person brings: a payment system, an authority's validation
server, is refused for what it calls itself."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .forms import MINE

TIME = "198.51.100.77 - - [15/Nov/2017:10:21:44 +0000]"
AGENT = "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)"
PAYMENT = (f'{TIME} "POST / HTTP/1.1" 444 0 "-" "{AGENT}" https://{site.NAME}/',)
SPAM = "valid_referers *.semalt.com *.darodar.com *.econom.co;"


def _rules(lab: Lab, rules: str, before: str = "") -> None:
    text = lab.server.read(site.CONF)
    lab.server.write(
        site.CONF, before + text.replace("  location / {", f"{rules}  location / {{", 1)
    )
    lab.restart_nginx()


def _blocker(lab: Lab, entry: str) -> None:
    table = f"map $http_user_agent $bad_bot {{\n  default 0;\n{entry}  ~*SemrushBot 3;\n}}\n"
    _rules(lab, "  if ($bad_bot = '3') {\n    return 444;\n  }\n", table)


@scenario(outside=None, server="nginx.rule-refuses", differs=MINE, args=PAYMENT)
def blocker_closes_the_request_of_a_payment_system(lab: Lab) -> None:
    """https://github.com/mitchellkrogza/nginx-ultimate-bad-bot-blocker/issues/110"""
    _blocker(lab, '  "~*\\bMozilla/4\\b" 3;\n')


@healthy(args=PAYMENT)
def blocker_spares_the_payment_system(lab: Lab) -> None:
    _blocker(lab, "")


@scenario(outside=None, server="nginx.rule-refuses", differs=MINE)
def list_of_spammers_is_that_of_valid_referers(lab: Lab) -> None:
    """https://github.com/Stevie-Ray/referrer-spam-blocker/issues/17"""
    _rules(lab, f"  {SPAM}\n  if ($invalid_referer) {{\n    return 403;\n  }}\n")


@healthy()
def list_of_spammers_is_refused(lab: Lab) -> None:
    rule = '($http_referer ~ "(semalt\\.com|darodar\\.com)")'
    _rules(lab, f"  if {rule} {{\n    return 403;\n  }}\n")

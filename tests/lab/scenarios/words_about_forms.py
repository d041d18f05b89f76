"""Forms of the site that were refused, and the application's journal says why. Nobody pastes a
message, and the run is for the first page.

After https://github.com/MarechJ/hll_rcon_tool/issues/1190: Django's own line.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, SERVER, journal_says, start
from .nginx_other_requests_failed import log_of_its_own, visit

SETTINGS = "the application's settings are a person's"
FOREIGN = "Origin checking failed - ' + origin + ' does not match any trusted origins."
TOKEN = "CSRF token from POST incorrect."


def _refuse(lab: Lab, reason: str) -> None:
    """The shop as a service that refuses every form for this reason, and a visitor's form."""
    refusal = (
        "  const origin = request.headers.origin || '';\n"
        "  if (request.method === 'POST') {\n"
        f"    console.error('Forbidden ({reason}): ' + request.url);\n"
        "    response.statusCode = 403;\n    return response.end('<h1>Forbidden</h1>');\n  }\n"
    )
    before = "  response.setHeader("
    server = start(lab, program=SERVER.replace(before, refusal + before))
    sent = ("-d", "user=anna", "-H", f"Origin: https://{site.NAME}")
    visit(lab, "/login", *sent, referer=f"https://{site.NAME}/login")
    journal_says(server, "Forbidden (")


@scenario(outside=None, server="upstream.origin-mismatch", manual=SETTINGS, not_on=ONE_LAYOUT)
def journal_names_the_origin_of_a_refused_form(lab: Lab) -> None:
    log_of_its_own(lab)
    _refuse(lab, FOREIGN)


@healthy(not_on=ONE_LAYOUT)
def journal_names_the_token_of_a_refused_form(lab: Lab) -> None:
    """The visitor's form was old."""
    log_of_its_own(lab)
    _refuse(lab, TOKEN)

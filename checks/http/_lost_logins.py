"""Whether words about a login mean that the application takes its visitor for one without TLS. A
login is a POST, which is not sent: the page alone shows no difference."""

from checks.http._known_application import recognized_application
from diagnose.model import Evidence
from diagnose.model.pages import Page
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD


def loses_login(evidence: Evidence) -> bool:
    """Return whether somebody reports a login that fails or is not kept, at a page with a form, or
    at an application that makes its form by a script and wants to be told the scheme."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind not in {"cookie", "login"}:
        return False
    return any(page.posts for page in evidence.good(Page)) or wants_scheme(evidence)


def wants_scheme(evidence: Evidence) -> bool:
    """Return whether the documentation of the site's application asks the proxy for
    X-Forwarded-Proto."""
    known = recognized_application(evidence)
    fields = known[1].fields if known else ()
    return any(field.name.lower() == SCHEME_FIELD.lower() for field in fields)

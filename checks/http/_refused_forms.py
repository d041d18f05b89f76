"""Forms that were refused, by what a person tells and by a web server's access log. A run sends
none itself unless it is told to."""

from collections.abc import Collection, Iterator

from checks.nginx._failed_requests import current_failures
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import AcceptedForm, FailedRequests
from diagnose.model.pages import Page
from diagnose.model.program_logs import ProgramRefusal
from diagnose.parsers.origin_refusals import HIDDEN_ORIGIN, FormGuard, form_guard, names_origin
from diagnose.parsers.reported_forms import tells_refused_origin

#: How often a form is refused before that is no slip of one visitor, whose form was old.
_REPEATED = 2
#: The status of a framework that refuses a form, where it is not known which one it is.
_FORBIDDEN = 403
#: Statuses of a form whose token is missing or wrong (ASP.NET, Flask; Django, Express; Laravel;
#: Rails).
_REFUSED_TOKEN = frozenset({400, 403, 419, 422})


@frozen(eq=False)
class RefusedForm:
    """A form of the site's own page that was refused, by the log (`failure`). `guard` is that of
    the framework that made `page`, both None if it is not known. `refusal` is what the application
    wrote about it in its own log: that its origin is the reason, or its token."""

    failure: FailedRequests
    guard: FormGuard | None = None
    page: Exchange | None = None
    refusal: ProgramRefusal | None = None

    @property
    def words(self) -> str:
        """The application's own words, "" without any."""
        return self.refusal.message if self.refusal else ""

    @property
    def is_repeated(self) -> bool:
        return self.failure.times >= _REPEATED


def logged_forms(evidence: Evidence, server: str) -> Iterator[RefusedForm]:
    """Yield the forms that were refused by the log of this server: first those whose reason the
    application wrote in its own log; then those with the status of the framework that made the
    page, and those with 403 again and again where it is not known. Without such a reason none if
    the site accepts other forms: then it is about who sends this one, or what is in it."""
    refusals = [
        program_refusal
        for program_refusal in evidence.good(ProgramRefusal)
        if program_refusal.method == "POST"
    ]
    for failure in current_failures(evidence, server=server) if refusals else ():
        for refusal in refusals:
            if failure.is_from_page and (failure.method, failure.path, failure.status) == (
                refusal.method, refusal.path, refusal.status
            ) and names_origin(refusal.message):  # fmt: skip
                yield RefusedForm(failure, refusal=refusal)
    guard, page = next(_guarded_pages(evidence), (None, None))
    status = guard.status if guard else _FORBIDDEN
    for failure in current_failures(evidence, {status}, server):
        form = RefusedForm(failure, guard, page)
        is_form = failure.is_from_page and failure.method == "POST" and not failure.forms_accepted
        if is_form and (guard or form.is_repeated):
            yield form


def logged_token_forms(evidence: Evidence) -> Iterator[RefusedForm]:
    """Yield the forms that were refused with a status of frameworks that miss a token, by the log
    of any server: first those whose reason the application wrote in its own log; none for which it
    wrote that the origin is the reason, or if the site accepts other forms."""
    # Imported late: few forms are refused.
    from diagnose.parsers.form_tokens import refuses_token

    refusals = {
        (program_refusal.path, program_refusal.status): program_refusal
        for program_refusal in evidence.good(ProgramRefusal)
        # A line that has the request alone says nothing of its reason.
        if names_origin(program_refusal.message) or refuses_token(program_refusal.message)
    }
    forms = []
    for failure in evidence.good(FailedRequests):
        is_form = failure.is_from_page and failure.method == "POST" and not failure.forms_accepted
        refusal = refusals.get((failure.path, failure.status))
        if not is_form or failure.status not in _REFUSED_TOKEN:
            continue
        if refusal is None or refuses_token(refusal.message):
            forms.append(RefusedForm(failure, refusal=refusal))
    yield from sorted(forms, key=lambda form: form.refusal is None)


def reported_refusal(evidence: Evidence) -> str:
    """Return the words in which a person tells of a refused form while the page is well; "" if
    nobody does, if the browser itself hid the origin, or if this run sent a form."""
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is None or not tells_refused_origin(symptom):
        return ""
    is_refused = symptom.kind == "status" and any((page.status or 0) >= 400 for page in pages)
    is_sent = any(page.method == "POST" for page in pages)
    if is_sent or is_refused or HIDDEN_ORIGIN.search(symptom.text):
        return ""
    return symptom.shown


def are_accepted(evidence: Evidence) -> bool:
    """Return whether a form that a message or the log has as refused is accepted since, by the log,
    and none is refused: the message is older than the last change."""
    failures = evidence.good(FailedRequests)
    is_refused = any(failure.method == "POST" for failure in failures)
    return any(evidence.good(AcceptedForm)) and not is_refused


def is_guarded(evidence: Evidence, page: Page, fields: Collection[str]) -> bool:
    """Return whether the form's page is made by a framework that refuses forms of another origin,
    and knows its own by one of these fields."""
    names = {name.lower() for name in fields}
    return any(
        names & guard.fields for guard, made in _guarded_pages(evidence) if made.url == page.url
    )


def _guarded_pages(evidence: Evidence) -> Iterator[tuple[FormGuard, Exchange]]:
    """Yield the pages that visitors get and whose framework is known, each with its guard."""
    for page in evidence.good(Exchange):
        is_page = page.is_of_visit and page.status == 200
        cookies = [value for name, value in page.headers if name.lower() == "set-cookie"]
        guard = form_guard(page.body, cookies) if is_page else None
        if guard is not None:
            yield guard, page

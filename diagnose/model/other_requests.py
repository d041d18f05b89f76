"""The observations of another page of the site than the target's, which a run diagnoses too, and of
the request that a message tells of."""

from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from diagnose.model import Evidence, Observation, Target
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests
from diagnose.model.marks import Address, FilePath, ReasonPhrase, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, counted, phrase

#: Where a run learned of a request: from the access log, where it failed ("log") or did not
#: ("visit"), or no other request of the visitor came afterwards ("departure"), from a script of the
#: site's page, from the page that loads a file and does not get it ("page"), or from the message
#: that a person pasted.
RequestSource = Literal["log", "visit", "departure", "script", "page", "message"]

#: What a page asks another origin for as CORS demands it (Fetch standard): "file" is a script, a
#: style sheet or a picture with `crossorigin`.
CrossOriginUse = Literal["", "font", "module", "file", "data"]


@frozen(kw_only=True, eq=False)
class OtherRequest(Observation):
    """A request of visitors for another path of the site than the target's, and what a run of its
    own observed of it.

    `path` is without its query. By the log `file`, the visitor got `status` for it, `times` how
    often, and `written` is the time of the last as printed. If `sent` is a path, the visitor got
    the status for that, by `method`, and the page at `path` sent the request. A request that a
    script makes (`source`) has none of these. A `status` of a redirect is that of a page that led
    a visitor to itself again and again, or from which nobody came back; 200 that of an answer with
    nothing in it. `is_from_page` is True if a page of the site led to the request, or a script of
    the site had shown this page before, `by_browser` if a browser sent it, as what else it loaded
    shows, and `is_named` if the configuration has a location for this path alone. `sender` is the
    path of the page or the style sheet of the site that led to it (Referer), or loads it, "" if it
    is not known. `origin` is that
    of another site's page whose script sent it, "" for this site's own. `elsewhere` is the origin
    at which the path lies if that is another name or port of the same server, from which the site's
    page at `origin` loads a file or reads data (`use`). A preflight is sent for the method `asks`
    and the header fields `fields`; `with_cookies` is True if the script sends cookies.
    `observations` are those of a run whose target is that path. Their times count from the start of
    the whole run.
    """

    layer: ClassVar[str] = "http"

    path: UrlPath
    source: RequestSource = "log"
    file: FilePath = ""
    method: Word = "GET"
    sent: UrlPath = ""
    status: int | None = None
    times: int = 1
    written: Text = ""
    is_from_page: bool = False
    by_browser: bool = False
    is_named: bool = False
    sender: UrlPath = ""
    origin: Text = ""
    elsewhere: Url = ""
    use: CrossOriginUse = ""
    asks: Word = ""
    fields: tuple[Word, ...] = ()
    with_cookies: bool = False
    observations: tuple[Observation, ...] = ()

    @property
    def is_from_script(self) -> bool:
        return self.source == "script"

    @property
    def is_of_page(self) -> bool:
        return self.source == "page"

    @property
    def is_from_message(self) -> bool:
        return self.source == "message"

    @property
    def is_fault(self) -> bool:
        """Whether a visitor got what no site means to answer: an error of the server, redirects in
        a circle, or no way to what its own page leads to or its configuration names, or a script of
        another site got an answer that is not for it. Of a page from which nobody came back, what
        was observed tells."""
        if self.source == "departure":
            return True
        is_own = self.is_from_page or self.is_from_script or self.is_of_page
        is_expected = is_own or self.is_named or bool(self.origin)
        status = self.status or 0
        return is_expected or status >= 500 or 300 <= status < 400

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method=self.method, path=self.sent or self.path)
        if self.elsewhere:
            url = f"{self.elsewhere}{self.path}"
            subject = phrase("request {method} {path}", method=self.method, path=url)
        if self.sent:
            subject = phrase("{request} of the page {path}", request=subject, path=self.path)
        if self.origin:
            subject = phrase("{request} of the page {path}", request=subject, path=self.origin)
        if self.is_from_script:
            return subject, phrase("made by a script")
        if self.is_of_page:
            return subject, phrase("loaded by the page")
        if self.is_from_message:
            return subject, phrase("of interest after the message")
        times = counted("{count} time", "{count} times", self.times)
        status = (str(self.status),) if self.status is not None else ()
        return subject, (*status, times, self.written)

    def evidence(self, evidence: Evidence) -> Evidence:
        """Return what was observed of this request in the run with this evidence: also how often
        what this page sent failed by the log, which its own run does not read."""
        target = other_target(evidence.target, self.path, self.elsewhere)
        symptom = evidence.target.symptom
        if self.is_from_message and symptom is not None and symptom.kind == "page-files":
            # The message names a file, and is about the page that loads it.
            target = replace(target, symptom=symptom)
        # The checks read there what the page asked, and that it loads the file.
        is_told = bool(self.elsewhere) or self.is_of_page
        asked = (replace(self, observations=()),) if is_told else ()
        failures = tuple(
            failure
            for failure in evidence.of(FailedRequests)
            if (failure.method, failure.path) == (self.method, self.sent)
        )
        return replace(
            evidence, target=target, observations=(*self.observations, *failures, *asked)
        )


@frozen(kw_only=True, eq=False)
class CookielessCall(Observation):
    """The answer to a request of a script for another origin of the site's server. It permits the
    page to send cookies, and no script of the page does.

    `script` is the URL of the script, or of the page. `method` is OPTIONS if the browser asks
    before the request. `cookies` are the names of those that the answer sets, and that a browser
    does not keep.
    """

    layer: ClassVar[str] = "http"

    url: Url
    script: Url
    origin: Text
    method: Word = "GET"
    status: int
    cookies: tuple[Word, ...] = ()

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method=self.method, path=self.url)
        return subject, (str(self.status), *self.cookies)


def other_target(target: Target, path: str, elsewhere: str = "") -> Target:
    """Return the target of another path of the same site, or at another origin of its server. The
    message that a person pasted is about the target, and stays with it."""
    scheme = "https" if target.uses_tls else "http"
    if elsewhere:
        scheme, host, port = _parts(elsewhere)
        target = replace(target, host=host, port=port)
    url = replace(target, scheme=scheme, path=path, websockets=(), read_as="", symptom=None)
    return replace(url, input=url.url)


def _parts(origin: str) -> tuple[str, str, int]:
    """Return the scheme, the host and the port of an origin."""
    parts = urlsplit(origin)
    return (
        parts.scheme,
        parts.hostname or "",
        parts.port or (443 if parts.scheme == "https" else 80),
    )


#: A part of a request in which the told one differs from this program's own.
ToldPart = Literal["method", "agent", "referer", "language", "field"]


@frozen
class ToldDifference:
    """A part of a request, the header field it is in ("" for the method), and what it is there."""

    part: ToldPart
    name: Word
    value: Text


@frozen(kw_only=True, eq=False)
class ToldAnswer(Observation):
    """The answer to a request that differs from this program's own in `differences`: all that the
    message tells of, one of them, or none as a control. `status` is None if no answer came, and
    that of the page at `led_to` if the site redirects there."""

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    differences: tuple[ToldDifference, ...] = ()
    status: int | None = None
    reason: ReasonPhrase = ""
    led_to: Url = ""

    @property
    def is_error(self) -> bool:
        return self.failure is not None or (self.status or 0) >= 400

    def summary(self) -> Summary:
        values = tuple(difference.value for difference in self.differences)
        subject = phrase("told request of {url}", url=self.url)
        return subject, (*values, f"{self.status or ''} {self.reason}".strip())


def failed_answers(evidence: Evidence) -> tuple[ToldAnswer, ...]:
    """Return the errors that the request of a message got."""
    return tuple(
        answer for answer in evidence.of(ToldAnswer) if answer.differences and answer.is_error
    )


def is_answered_as_told(evidence: Evidence) -> bool:
    """Return whether the request of a message was sent with all that it tells of, and answered."""
    sent = next((each for each in evidence.of(ToldAnswer) if each.differences), None)
    return sent is not None and not sent.is_error

"""The page's Permissions-Policy forbids the page itself a function of the browser that its own
script uses: camera, microphone, position and others (W3C Permissions Policy, section 9.2). Browsers
refuse without asking the visitor: "NotAllowedError", "Permissions policy violation".

What a script uses that comes later is told by a browser's message alone. Often the policy is from a
list of security headers, which switches all of them off.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files
from checks.http._policies import shown_page
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_FIELD, _OLD_FIELD = "permissions-policy", "feature-policy"


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def feature_forbidden(evidence: Evidence) -> Iterator[Claim]:
    shown = shown_page(evidence)
    values = shown.values(_FIELD) if shown else []
    old_values = shown.values(_OLD_FIELD) if shown else []
    if shown is None or not (values or old_values):
        return
    # Imported late: few pages have such a policy.
    from checks.http._sent_fields import direct_question, sent_field
    from diagnose.parsers.permissions_policy import (
        forbidden_features,
        modern_form,
        reported_features,
    )

    name = _FIELD if values else _OLD_FIELD
    own_values = values or old_values
    values = values or [modern_form(value) for value in old_values]
    sources: tuple[Page | PageFileResponse, ...] = (
        shown.page,
        *(file for file in evidence.good(PageFileResponse) if file.page == shown.page.url),
    )
    users: dict[str, Page | PageFileResponse]
    users = {feature: source for source in reversed(sources) for feature in source.features}
    symptom = evidence.target.symptom
    reported = reported_features(values, shown.page.url, symptom.text) if symptom else ()
    features = dict.fromkeys((*reported, *reversed(users)))
    forbidden = forbidden_features(values, shown.page.url, features)
    if not forbidden:
        return
    first, sent = forbidden[0], sent_field(evidence, name, own_values)
    names = tuple(dict.fromkeys(name for item in forbidden for name in _names(item.text)))
    yield Claim(
        about=_page_files.page_subject(shown.page),
        because=(shown.answer, users.get(first.feature, shown.page)),
        confidence=Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "page": shown.page.url,
            "name": name.title(),
            "source": users[first.feature].url if first.feature in users else "",
            "feature": names[0],
            "others": names[1:],
            "entry": ", ".join(dict.fromkeys(item.text for item in forbidden))[:200],
            "corrected": ", ".join(f"{name}=(self)" for name in names),
            "place": sent.place if sent else "",
            "direct": "" if sent else direct_question(evidence, name),
        },
        fix=_fix(sent, names),
    )


def _names(text: str) -> tuple[str, ...]:
    """Return the names of the features in entries of the field."""
    return tuple(part.partition("=")[0].strip() for part in text.split(", ") if "=" in part)


def _fix(sent: "SentField | None", names: tuple[str, ...]) -> Fix:
    """Let the site's own pages use it. The visitor is still asked, and other sites get nothing."""
    manual = Fix((Manual("allow-the-page", Where.SERVER),), Applicability.MANUAL)
    value = sent.value if sent else ""
    for name in names:
        value = value.replace(f"{name}=()", f"{name}=(self)")
    if sent is None or value == sent.value:
        return manual
    return sent.with_value(value) or manual

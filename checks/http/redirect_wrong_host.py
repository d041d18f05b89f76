"""The redirect leads where no visitor can go: to what is no name, into a private network, to a
name that does not exist, or to a server that does not answer for it. To another host that works
(www, a new name) a redirect is as good as any."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, places, sockets_sent_to, works_over_https
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    together,
)
from diagnose.model.http import Exchange
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import inward, is_host, leads_to, read_url, same

#: What the facts say of the place, and the kinds of failure met there that mean it.
_KINDS = {
    "resolution": "missing",
    "refused": "silent",
    "unreachable": "silent",
    "timeout": "silent",
    "reset": "silent",
    "closed": "silent",
    "certificate": "certificate",
    "alert": "tls",
    "protocol": "tls",
}

# EAI_NONAME, EAI_NODATA (netdb.h): the name has been looked for, and is not there.
_NO_SUCH_NAME = {-2, -5}


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=["http.redirect-drops-path", "http.acme-challenge-blocked", "websocket.redirected"],
)
def redirect_wrong_host(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[str, str], list[tuple[Exchange, Exchange | None]]] = {}
    for one in evidence.good(Exchange):
        onward = leads_to(one)
        if onward is None or one.purpose not in {"target", "plain", "redirect"}:
            continue
        reason, met = _wrong(evidence, one, onward)
        if reason:
            groups.setdefault((reason, _host(onward)), []).append((one, met))
    for (reason, host), group in groups.items():
        yield _claim(evidence, reason, host, group)


def _host(onward: str) -> str:
    url = read_url(onward)
    return onward if url is None else url.host if url.usual else f"{url.host}:{url.port}"


def _wrong(evidence: Evidence, one: Exchange, onward: str) -> tuple[str, Exchange | None]:
    """What is wrong with the place, and the failure met there, if it was gone to."""
    url, target = read_url(onward), evidence.target
    if url is None or not (is_address(url.host) or is_host(url.host)):
        return "invalid", None
    if inward(url.host) and url.host != target.host and not inward(one.address):
        return "inward", None
    if (
        url.host == target.host
        and url.port in {80, 443, target.port}
        and (url.secure or url.port != 443)
        and (not url.secure or url.port != 80)
    ):
        return "", None
    for met in evidence.of(Exchange):
        if met.purpose == "redirect" and same(met.url) == onward and met.failure is not None:
            return _KINDS.get(met.failure.kind, ""), met
    return "", None


def _claim(
    evidence: Evidence, reason: str, host: str, group: list[tuple[Exchange, Exchange | None]]
) -> Claim:
    steps = [one for one, _ in group]
    failures = [met for _, met in group if met is not None]
    failure = failures[0].failure if failures else None
    certain = failure is None or reason == "tls" or failure.code in _NO_SUCH_NAME
    subjects = places(steps)
    onward = leads_to(steps[0]) or ""
    scheme = "https" if onward.startswith("https:") else "http"
    return Claim(
        about=together(subjects),
        covers=(*subjects, *sockets_sent_to(evidence, host.partition(":")[0], scheme)),
        because=(*steps, *failures),
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        facts={
            "url": steps[0].url,
            "location": steps[0].header("Location") or "",
            "host": host,
            "addresses": addresses(steps),
            "invalid": reason == "invalid",
            "inward": reason == "inward",
            "missing": reason == "missing",
            "silent": reason == "silent",
            "certificate": reason == "certificate",
            "tls": reason == "tls",
            "message": failure.message if failure else "",
        },
        fix=_fix(Nginx.of(evidence), reason, steps),
    )


def _fix(nginx: Nginx, reason: str, steps: list[Exchange]) -> Fix:
    """The name that the visitor asked for, if the site answers to it by https. A place that is
    only not there yet, or not well, may be meant."""
    changes: Changes = {}
    if any(one.url.startswith("https:") for one in steps) or not works_over_https(nginx.evidence):
        return _redirects.by_hand("name-the-host")
    found = {id(one.given): one for step in steps if (one := _redirects.made(nginx, step))}
    for one in found.values():
        rest = one.parts[2] if one.parts else ""
        kept = rest if rest.startswith(("$request_uri", "$uri")) else "$request_uri"
        _redirects.instead(nginx, one, f"https://$host{kept}", changes)
    return _redirects.fix(nginx, changes, "name-the-host", sure=reason in {"invalid", "inward"})

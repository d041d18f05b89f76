"""The site in a pasted line: its URL, or what an error message names. No I/O."""

import re
from collections.abc import Sequence
from dataclasses import replace

from diagnose.model import Symptom
from diagnose.model.addresses import is_private
from diagnose.model.frozen import frozen
from diagnose.model.symptom import FEWEST_WORDS, MESSAGE_MARKS
from diagnose.parsers.clauses import failing_name
from diagnose.parsers.error_messages import (
    is_error_message,
    named_site,
    named_urls,
    names_in_words,
    tells_of_a_site,
)
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.pasted_text import condensed
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets
from diagnose.parsers.solved_words import is_solved
from diagnose.parsers.symptoms import other_symptom, symptom_of
from diagnose.parsers.target_slips import site_and_status

#: Words and nothing else: "Connection Lost", "Please wait...". A host has a dot, an option a dash.
_PLAIN = re.compile(r"[A-Za-z']{1,30}(?:,? [A-Za-z']{1,30}){1,3}[.!?]{0,3}")

#: A word of a sentence, with the marks around it. A host has a dot, a port is a number.
_PLAIN_WORD = re.compile(r"[^\w\s]{0,3}[^\W\d_][^\W\d_'’-]{0,40}[^\w\s]{0,3}")
_OPTION = re.compile(r"--?[A-Za-z]")

#: How a line was understood: the key of a text, and its facts.
Note = tuple[str, dict[str, str]]


@frozen
class MessageSite:
    """The site that a line names, as a target, and how it was understood. `symptom` is what the
    line says is wrong, None if it says nothing."""

    target: str
    notes: tuple[Note, ...]
    symptom: Symptom | None = None


@frozen
class NoSite:
    """A line that leads to no one site: the hosts in it, and what it says is wrong. `is_message` is
    True if it looks like an error message all the same, `is_slip` if it is rather a slip in a
    command line."""

    names: tuple[str, ...] = ()
    symptom: Symptom | None = None
    is_message: bool = False
    is_slip: bool = False


_OWN_ADDRESS = re.compile(r"(?i)fully qualified domain name, using \S{1,255}")


def site_and_its_status(text: str) -> MessageSite | None:
    """Return the site in a line that has it and the status of its answer, and nothing else."""
    named = site_and_status(text)
    if named is None:
        return None
    site, status = named
    words = hide_secrets(clean(f"{site.rpartition('@')[2]} {status}", 120))
    return MessageSite(site, (("message", {}),), Symptom("status", words, status))


def site_in_message(text: str) -> MessageSite | NoSite:
    """Return the site in any other line, or what there is instead."""
    symptom = symptom_of(text) or (other_symptom(text) if tells_of_a_site(text) else None)
    site = named_site(text)
    if site is not None and site.is_url and "curl " in text:
        # Imported late: few messages have a command line.
        from diagnose.parsers.described_requests import curl_address

        address = curl_address(text, site.target)
        site = replace(site, target=address, others=()) if address else site
    if symptom is None and site is not None and site.is_url and _is_unread_message(text):
        symptom = other_symptom(text)
    if site is None:
        own = _logged_site(text) if symptom else ""
        return (
            MessageSite(own, (("message", {}),), symptom) if own else _site_in_words(text, symptom)
        )
    if symptom is not None and not site.others and _is_refused_address(symptom, site.target):
        page = _page_beside(text, site.target)
        if not page:
            return NoSite(symptom=symptom)
        return MessageSite(page, (("inside", {}),), symptom)
    notes: tuple[Note, ...] = (("inside" if site.is_url else "message", {}),)
    if site.others:
        hosts = ", ".join(clean(host, 60) for host in site.others[:3])
        notes += (("others", {"hosts": hosts}),)
    return MessageSite(_asked_site(text, symptom, site.target), notes, symptom)


def _logged_site(text: str) -> str:
    """Return the address of the request of an access log whose Referer is the request's own
    address, as an authority sends it for a challenge that it was led to; "" for another line."""
    # Imported late: few messages are lines of a log.
    from diagnose.parsers.told_requests import told_request
    from diagnose.parsers.urls import parse_url

    told = told_request(text)
    url = parse_url(told.referer) if told else None
    return told.referer if told and url and url.host and url.path == told.path else ""


#: How a browser's console begins or ends a line of a script or of a request; the code of an error.
_CONSOLE = lazy_pattern(
    r"\bnet::ERR_[A-Z_]{3,60}|\bNS_[A-Z_]{4,60}"
    r"|\bUncaught\b|\b(?:DOM|Security)?(?:Exception|Error): |^\[\w{1,16}\] "
    r"|\b(?:Failed to|Refused to|Blocked|Not allowed to|Unable to|Cannot|Can['’]t) \w"
)
#: Words with which a person asks for a look at a site, and tells nothing of it.
_ASKING = frozenset(
    """a and at bitte can check could diagnose for have hello hi is it look me my of on open our
    page please pls run see server site sur svp take test thank thanks that the this to try us visit
    website what whats wrong with work working you
    看 看看 请看 请看看 帮我看看 检查 请检查 访问""".split()  # noqa: SIM905
)
_ADDRESS = lazy_pattern(r"(?i)\b(?:https?|wss?)://\S{1,2000}")


def _is_unread_message(text: str) -> bool:
    """Return whether words beside an address say something of which nothing is known: a line of a
    browser's console, or a sentence. That the site answers is no answer to it."""
    if is_solved(condensed(text)):
        return False
    words = _ADDRESS.sub(" ", condensed(text))
    told = [word for word in words.split() if word.strip("?!.,:;'").lower() not in _ASKING]
    # Chinese and Japanese have no blanks between words.
    is_long = len(words.split()) >= FEWEST_WORDS or any(not word.isascii() for word in told)
    is_sentence = bool(told) and is_long
    return _CONSOLE.search(words) is not None or is_sentence


#: The address to which a login is to lead back, where it stands alone in a message.
_PLAIN_RETURN = re.compile(r"(?i)redirect_?ur[il][\"']?\s?[:=]\s?[\"'`]?http://([^/\s\"'`]{1,253})")


#: Chromium names first what a frame was not to load, and then the page that is shown in it.
_SHOWN_IN_FRAME = re.compile(
    r"Unsafe attempt to load URL .{1,1000}? from frame with URL (\S{1,1000})"
)


def _asked_site(text: str, symptom: Symptom | None, target: str) -> str:
    """Return the site that a message is about. A login refuses an address with http: the
    application wrote it, and visitors use https; the path is that of the way back."""
    shown = _SHOWN_IN_FRAME.search(text)
    if shown and shown[1].startswith(("http://", "https://")):
        return shown[1].rstrip(".,'\"")
    if symptom is not None and symptom.kind == "csp":
        # Imported late: few messages are about a policy.
        from diagnose.parsers.policy_messages import page_of_refusal

        page = _page_beside(text, target) if _is_refused_address(symptom, target) else ""
        return page or page_of_refusal(text, target)
    if symptom is not None and symptom.kind == "page-files":
        # Imported late: few messages are about a hash. The page has it, and not the file.
        from diagnose.parsers.integrity import tells_of_integrity
        from diagnose.parsers.urls import parse_url

        url = parse_url(target) if tells_of_integrity(text) else None
        page = _page_beside(text, target) if url else ""
        return page or (f"{url.scheme}://{url.authority}/" if url else target)
    if symptom is None or symptom.kind != "login-address":
        return target
    plain = _PLAIN_RETURN.search(text)
    return f"https://{plain[1]}/" if plain and target.startswith(f"http://{plain[1]}") else target


def _page_beside(text: str, refused: str) -> str:
    """Return the page that a message names beside what was refused, of another host first: its
    address has no name of a file, or that of a page; "" if there is none."""
    from diagnose.parsers.urls import parse_url

    own, pages = parse_url(refused), dict[str, bool]()
    for address in named_urls(text):
        url = parse_url(address)
        name = url.path.partition("?")[0].rpartition("/")[2] if url else "."
        if address != refused and ("." not in name or name.endswith((".html", ".htm", ".php"))):
            pages[address] = url is not None and own is not None and url.host == own.host
    return min(pages, key=lambda address: pages[address], default="")


def _is_refused_address(symptom: Symptom, target: str) -> bool:
    """Return whether a URL is what a browser refused by a policy: the policy is that of the page,
    which may be on another host."""
    if symptom.kind != "csp":
        return False
    # Imported late: few messages are about a policy.
    from diagnose.parsers.policy_messages import refused_host
    from diagnose.parsers.urls import parse_url

    url = parse_url(target)
    return url is not None and refused_host(symptom.text) == url.host


def reads_as_sentence(text: str) -> bool:
    """Return whether words of which nothing is known are a sentence or a message: several plain
    words, no option. Names and ports in one pair of quotes are none."""
    words = text.split()
    plain = [word for word in words if _PLAIN_WORD.fullmatch(word)]
    is_option = any(_OPTION.match(word) for word in words)
    return not is_option and len(plain) >= (FEWEST_WORDS if text.isascii() else 2)


def _without_inner_addresses(names: Sequence[str]) -> Sequence[str]:
    """Return the names without the addresses of inner networks, if a name is left: who has a site
    with a name tells such an address as that of visitors, of a proxy or of a program."""
    hosts = [name for name in names if not is_private(re.sub(r":\d{1,5}$", "", name))]
    return hosts or names


def _site_in_words(text: str, symptom: Symptom | None) -> MessageSite | NoSite:
    """Return the only host among the words of a message."""
    # Apache names the machine's own address where ServerName is missing (AH00558).
    names = _without_inner_addresses(names_in_words(_OWN_ADDRESS.sub(" ", text)))
    if symptom and len(names) > 1 and (failing := failing_name(condensed(text), names)):
        return MessageSite(failing, (("message", {}),), symptom)
    # A name and the same with "www.": who writes both has one site.
    if symptom and len({name.removeprefix("www.") for name in names}) == 1:
        return MessageSite(names[0], (("message", {}),), symptom)
    if symptom:
        return NoSite(tuple(clean(name, 60) for name in names), symptom)
    if reads_as_sentence(text):
        return NoSite(tuple(clean(name, 60) for name in names), is_message=True)
    is_short = text.isascii() and len(text.split()) < FEWEST_WORDS and not _PLAIN.fullmatch(text)
    return NoSite(
        # A sentence of a script without blanks is no slip in a command line.
        is_message=is_error_message(text) or len(text.split()) == 1,
        is_slip=bool(names or is_short) and not MESSAGE_MARKS & set(text),
    )

"""The targets that the operands name: hosts, URLs and pasted messages."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from diagnose.model import Symptom, Target
from diagnose.model.symptom import ERROR_STATUS, FEWEST_WORDS, SymptomKind
from diagnose.parsers.target import (
    PORTS,
    NamelessMessageError,
    UsageError,
    parse_target,
)
from diagnose.parsers.urls import is_internal_host

#: A status that visitors get, as a word of its own beside the site, or before other words.
_STATUS = re.compile(rf"({ERROR_STATUS})(?:\s[\w'’()-]{{1,40}}){{0,8}}")
#: A sentence in Chinese has no blanks. A name in Chinese has dots, also the full stop of a
#: sentence, and no other mark.
_SENTENCE = re.compile(
    "[\u3400-\u9fff].{0,2000}[，；！？、]|[\u3400-\u9fff]{4}.{0,2000}。.{0,2000}[\u3400-\u9fff]{4}",
    re.DOTALL,
)

#: What somebody typed into one pair of quotes by a slip: an option, a name, this machine.
_SLIP = re.compile(r"--?[A-Za-z]|localhost\b|[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}(?![^:/])")

_WEBSOCKET = re.compile(r"web[- ]?socket|\bwss?://", re.IGNORECASE)
_URL = re.compile(r"(?:https?|wss?)://[^\s\"'<>，。]{1,500}")

#: What stands before an address to which a redirect leads: a field, or words.
_LEADING = (
    r"(?:\blocation:|\bredirect\w{0,5}(?: [\w-]{1,20}){0,3} to"
    r"|重定向(?:到|至)|跳转?(?:到|至|去)|变成"
    r"|\b(?:goes|go|going|went|lands?|landed|ends? up|ended up|jumps?|sends?|sent|taken|takes"
    r"|brought|forwards?|forwarded)(?: [\w-]{1,20}){0,3}? (?:to|at|on))"
    r"\s{0,3}[\"'“‘`<]?"
)
#: Kinds that say how an address fails, and not which one.
_FAILURES: frozenset[SymptomKind] = frozenset(
    {"name", "refused", "unreachable", "timeout", "not-connected", "unusable", "other"}
)


def parse_targets(
    words: Sequence[str], websockets: tuple[str, ...], lang: str
) -> tuple[Target, ...]:
    """Return the targets of the operands. A message that names no site belongs to the only target
    beside it. Raise UsageError if a word is no target."""
    targets = _parse_targets(words, websockets, lang)
    if len(targets) != 1 or targets[0].symptom is None:
        return targets
    # Imported late: most operands are no message.
    from diagnose.cli.requested_ports import at_told_port

    return (at_told_port(targets[0], "\n".join(words)),)


def _parse_targets(
    words: Sequence[str], websockets: tuple[str, ...], lang: str
) -> tuple[Target, ...]:
    if words:
        # Imported late: a help has no operands.
        from diagnose.cli.mistaken_words import check_words
        from diagnose.cli.unquoted_words import with_joined_words

        check_words(words)
        words = with_joined_words(words)
    targets: list[Target] = []
    messages: list[tuple[str, NamelessMessageError]] = []
    for word in words:
        try:
            status = _STATUS.fullmatch(word) if len(words) > 1 else None
            if status and not _is_understood(word):
                symptom = Symptom("status", word, int(status[1]))
                messages.append((word, NamelessMessageError(f"{word} names no site.", symptom)))
            elif len(words) > 1 and _is_phrase(word):
                messages.append((word, NamelessMessageError(f"{word} names no site.", None)))
            else:
                targets.append(parse_target(word, websockets, lang))
        except NamelessMessageError as error:
            messages.append((word, error))
        except UsageError:
            # Words that were pasted beside a site need not name one that can be asked.
            if len(words) == 1 or not _is_told(word):
                raise
            messages.append((word, NamelessMessageError(f"{word} names no site.", None)))
    if messages:
        site = _with_reported_websocket(_with_message(targets, messages))
        return (_with_cut_websocket(site, messages[0][0]),)
    if len(targets) > 1:
        targets = [_with_own_words(target) for target in targets]
    if merged := _merged(targets):
        from diagnose.cli.requested_pages import at_reported_path

        index = next(i for i, target in enumerate(targets) if target.symptom is not None)
        site = at_reported_path(merged[0], targets[index], words[index])
        return (_with_cut_websocket(_with_reported_websocket(site), targets[index].input),)
    return _distinct(targets, words)


def _with_cut_websocket(site: Target, message: str) -> Target:
    """Return a WebSocket whose connection ends after a time, by a message that does not say of
    what: the address beside it does."""
    from diagnose.parsers.symptoms import symptom_of

    symptom = symptom_of(message, of_websocket=True) if site.websockets else None
    is_cut = symptom is not None and symptom.kind == "websocket-closed"
    return replace(site, symptom=symptom) if is_cut else site


def _with_reported_websocket(site: Target) -> Target:
    """Return the site with the WebSocket that is at its address, if a message tells of one."""
    if site.symptom is None or site.websockets or site.path == "/":
        return site
    kind, text = site.symptom.kind, site.symptom.text
    if not kind.startswith("websocket") and not _WEBSOCKET.search(text):
        return site
    from diagnose.parsers.websocket_addresses import websocket_path

    path = websocket_path(site.path, is_reported=True)
    return replace(site, websockets=(path,)) if path else site


def _with_own_words(target: Target) -> Target:
    """Return a sentence beside a site as a message, also one of which nothing is understood."""
    if target.symptom is not None or " " not in target.input.strip():
        return target
    from diagnose.parsers.symptoms import other_symptom

    return replace(target, symptom=other_symptom(target.input))


def _distinct(targets: Sequence[Target], words: Sequence[str]) -> tuple[Target, ...]:
    """Return the targets, each site once where a sentence may name it again. Who names a site twice
    gets two reports."""
    if not any(" " in word for word in words):
        return tuple(targets)
    sites: dict[str, Target] = {}
    for target in targets:
        sites.setdefault(target.url, target)
    return tuple(sites.values())


def _is_phrase(word: str) -> bool:
    """Return whether a word in another script is a phrase ("页面打不开"): a name has a dot,
    and a sentence more."""
    from diagnose.parsers.symptoms import symptom_of

    has_dot = any(mark in word for mark in ".。｡．:/")
    is_phrase = not has_dot or ("://" not in word and _SENTENCE.search(word) is not None)
    return not word.isascii() and is_phrase and symptom_of(word) is None


def _is_understood(word: str) -> bool:
    """Return whether words behind a status say more than it: "413 Request Entity Too Large"."""
    from diagnose.parsers.symptoms import symptom_of

    return " " in word and symptom_of(word) is not None


def _is_told(word: str) -> bool:
    """Return whether an operand is a message: what is understood of it, or words among which there
    is no other target, no port and no option ("404 - /api/items")."""
    from diagnose.parsers.symptoms import symptom_of

    words = word.split()
    if symptom_of(word) is not None or len(words) >= FEWEST_WORDS:
        return True
    return (
        len(words) > 1 and not word.replace(" ", "").isdigit() and not any(map(_SLIP.match, words))
    )


def _with_message(
    targets: Sequence[Target], messages: Sequence[tuple[str, NamelessMessageError]]
) -> Target:
    """Return the only target with the symptom of the only message, which names no site itself. Of
    one that is not understood it is said so."""
    from diagnose.cli.requested_pages import at_requested_path
    from diagnose.parsers.symptoms import other_symptom, symptom_of

    word, error = messages[0]
    if len(targets) != 1 or len(messages) != 1:
        raise error
    if named := _with_own_name(targets[0], word):
        return named
    symptom = error.symptom or symptom_of(word) or other_symptom(word)
    if outgoing := _outgoing(symptom, targets[0]):
        return replace(targets[0], symptom=outgoing)
    site = replace(targets[0], symptom=symptom)
    return at_requested_path(site, word)


def _with_own_name(site: Target, message: str) -> Target | None:
    """Return the site with a message out of whose addresses its name was taken ("wss://***/ws");
    None if nothing was taken out of it."""
    from diagnose.parsers.site_names import with_own_name

    named = with_own_name(message, site.host)
    if named == message:
        return None
    with suppress(UsageError):
        return next(iter(_merged((site, parse_target(named)))), None)
    return None


def _merged(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return one target for a site and a message about it; () if the targets are anything else.

    A message is about the site beside it, whatever else it names: the site that asks, a tool, or a
    placeholder ("when I visit mydomain.com"). Another host of the same domain is one of its own,
    and so is what refuses the site as a page's origin.
    """
    plain = [target for target in targets if target.symptom is None]
    messages = [target for target in targets if target.symptom is not None]
    if len(plain) != 1 or len(messages) != 1:
        return ()
    site, message = plain[0], messages[0]
    if message.symptom and (outgoing := _outgoing(message.symptom, site)):
        return (replace(site, symptom=outgoing),)
    if message.host == site.host:
        return (_with_named_url(site, message),)
    if named := _named_again(site, message):
        return (_with_named_url(site, named),)
    from diagnose.parsers.site_names import is_placeholder

    # A port of its own is that of another program.
    ports = {site.port, *PORTS.values()}
    if message.port in ports and is_placeholder(message.host, site.host):
        return (_with_named_url(site, replace(message, host=site.host)),)
    kind = message.symptom.kind if message.symptom else "other"
    # A page may load its files from other hosts: the page is what was asked about.
    of_a_file = kind == "mixed-content" and site.uses_tls
    if of_a_file or not _is_site_of_its_own(message, site):
        websockets = tuple(dict.fromkeys((*site.websockets, *_named_websockets(message, site))))
        return (replace(site, symptom=_own_symptom(message, site), websockets=websockets),)
    return ()


def _named_websockets(message: Target, site: Target) -> tuple[str, ...]:
    """Return the paths of the WebSocket in a message that has another name for the site: an old
    one, a placeholder, an address. A port of its own is that of another program."""
    if not message.websockets or message.port not in {site.port, *PORTS.values()}:
        return ()
    from diagnose.parsers.site_names import stands_for
    from diagnose.parsers.websocket_addresses import websocket_path

    if not stands_for(message.host, site.host):
        return ()
    return tuple(websocket_path(path) or path for path in message.websockets)


def _outgoing(symptom: Symptom, site: Target) -> Symptom | None:
    """Return a message as that of the site's program about a request of its own; None if it is
    another one. What it does not reach is no way to the site."""
    # Imported late: few name a site beside a message.
    from diagnose.parsers.outgoing_requests import FAILURES, outgoing_request

    is_told = symptom.kind in FAILURES and outgoing_request(symptom.text, site.host)
    return replace(symptom, kind="outgoing", number=None) if is_told else None


def _own_symptom(message: Target, site: Target) -> Symptom | None:
    """Return what a message says of the site beside it. That the URL of another site does not
    answer (the provider of a login, a service that is called) says nothing of the site's own
    connection."""
    # Imported late: few name a site beside a message.
    from diagnose.parsers.hostnames import is_address
    from diagnose.parsers.site_names import is_placeholder

    symptom, host = message.symptom, message.host
    is_named = any(f"://{host}" in url for url in _URL.findall(message.input.lower()))
    is_public = "." in host and not is_internal_host(host)
    is_foreign = is_named and is_public and not is_address(site.host)
    if (
        symptom is None
        or symptom.kind not in _FAILURES
        or not is_foreign
        or is_placeholder(host)
        or _names(message.input, site.host)
    ):
        return symptom
    return replace(symptom, kind="other")


def _named_again(site: Target, message: Target) -> Target | None:
    """Return what fails by a message that names the site by a URL behind another's; None if it
    names it by none."""
    from diagnose.parsers.error_messages import named_urls

    kind = message.symptom.kind if message.symptom else "other"
    # "from origin 'https://shop…'" names the page, and the other host is what refuses it.
    if kind in {"cors", "mixed-content"}:
        return None
    for url in named_urls(message.input):
        with suppress(UsageError):
            named = parse_target(url, site.websockets)
            if named.host == site.host:
                return replace(named, input=message.input, symptom=message.symptom)
    return None


def _is_site_of_its_own(message: Target, site: Target) -> bool:
    """Return whether a message is about another site than the one beside it."""
    from diagnose.parsers.cors_messages import origin_of
    from diagnose.parsers.site_names import is_placeholder
    from diagnose.parsers.target_slips import site_and_status

    kind = message.symptom.kind if message.symptom else "other"
    if kind == "cors":
        return origin_of(message.input) == site.origin
    hosts = (message.host, site.host)
    if is_placeholder(message.host):
        return False
    is_of_domain = any(a.endswith(f".{b}") for a, b in (hosts, hosts[::-1]))
    if site_and_status(message.input) is not None:
        return True
    return is_of_domain and not _names(message.input, site.host)


def _names(text: str, host: str) -> bool:
    """Return whether a text names a host, and not one below it."""
    return re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-]|\.\w)", text) is not None


def _with_named_url(site: Target, message: Target) -> Target:
    """Return the site with what a message says, asked at the URL that the message says fails: its
    WebSocket, its port, and its path where the user named no page.

    The port to which a link or a redirect leads wrongly is not that of the site, and who gives the
    address of a page asks about that page.
    """
    websockets = tuple(dict.fromkeys((*site.websockets, *message.websockets)))
    if message.symptom is not None and message.symptom.kind in {"csp", "wrong-address"}:
        # A link or a redirect leads there, and should not: nobody is meant to open it. What a
        # policy forbids was not asked for: the policy is that of the page.
        return replace(site, websockets=websockets, symptom=message.symptom)
    if message.port not in {site.port, *PORTS.values()}:
        if _is_led_to(message):
            return replace(site, websockets=websockets, symptom=_as_wrong_address(message))
        if site.path != "/" and not message.is_websocket:
            return replace(site, websockets=websockets, symptom=message.symptom)
        return replace(message, websockets=websockets)
    site = replace(site, websockets=websockets, symptom=message.symptom)
    if site.path != "/" or site.is_websocket or message.is_websocket or _is_untyped_file(message):
        return site
    return replace(site, path=message.path, read_as=message.read_as)


def _is_untyped_file(message: Target) -> bool:
    """Return whether a message names a file that a page does not take for its type: that page is to
    be asked. Where it is HTML in place of the file, the file's own address shows why."""
    kind = message.symptom.kind if message.symptom else "other"
    is_file = "." in message.path.partition("?")[0].rpartition("/")[2]
    is_untyped = "MIME type" in message.input and "text/html" not in message.input
    return kind == "mime" and is_file and is_untyped


def _as_wrong_address(message: Target) -> Symptom | None:
    """Return what a message says of a port to which the site leads: that nothing answers there is
    not what is wrong with the site."""
    symptom = message.symptom
    is_failure = symptom is not None and symptom.kind in _FAILURES
    return replace(symptom, kind="wrong-address") if symptom and is_failure else symptom


def _is_led_to(message: Target) -> bool:
    """Return whether the port that a message names is one to which a redirect or a link leads."""
    if message.symptom is not None and message.symptom.kind == "wrong-address":
        return True
    place = rf"(?:https?://)?{re.escape(message.host)}:{message.port}\b"
    return re.search(_LEADING + place, message.input, re.IGNORECASE) is not None

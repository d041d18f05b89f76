"""A sentence that was typed without quotes: its words are no targets of their own. No I/O."""

import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

from diagnose.model import Symptom
from diagnose.model.symptom import ERROR_STATUS, FEWEST_WORDS
from diagnose.parsers.target import EXAMPLE_URL, NamelessMessageError

#: What a person says of a site in a word beside its name, and what is meant. No host is called so.
_COMPLAINTS = {
    "refused": "connection refused", "reset": "connection reset", "timeout": "connection timeout",
    "down": "the site is down", "offline": "the site is down", "broken": "the site does not work",
    "hangs": "the site hangs", "blank": "the page is blank", "slow": "the site is slow",
    "expired": "the certificate expired", "unreachable": "the site is unreachable",
    "forbidden": "403 Forbidden", "unauthorized": "401 Unauthorized",
}  # fmt: skip

#: Words of grammar: no host is called so. English, German, French, Spanish, Portuguese, Italian,
#: Dutch, Polish, Turkish, Indonesian; other scripts are told by their letters.
_GRAMMAR = frozenset(
    """a an the my our your its his i we you it they this that these there here is are was were be
    been does do did has have had not no never can cannot cant can't could couldn't will won't wont
    don't doesn't didn't isn't aren't wasn't dont doesnt didnt isnt should would on in at from to
    with without for of by via over behind through after before since when while if because and but
    or so only still also too very always why how what which where who says shows gets keeps works
    ist sind nicht kein keine mein meine der die das auf mit von beim nach seit geht wird und aber
    le la les un une mon ma mes est sont ne pas plus sur avec depuis mais el los las mi es son se
    con desde pero para meu minha o os as um uma mas il lo gli mio mia non su da het mijn niet op
    nie mam moja jest bir benim tidak bisa saya di""".split()  # noqa: SIM905
)
#: Nouns and states of sites: two of them are a complaint ("certificate expired").
_OF_SITES = frozenset(
    """site website page server certificate cert ssl tls https http login upload uploads domain
    proxy connection websocket everything nothing nginx apache caddy haproxy traefik docker
    certbot error errors status code bad gateway internal expired fails failed failing fail
    redirects redirect loop many renew renewal unavailable service found start loading load
    reachable refused reset timeout timed out down offline broken hangs blank slow
    unreachable forbidden unauthorized unknown invalid wrong missing empty denied closed""".split()  # noqa: SIM905
)
_MARKS = "\"'“”‘’«»()[]<>,;:.!?…"
#: A word that names a site: a URL, a name with a dot, an address; each may have a port and a path.
_SITE = re.compile(
    r"(?:https?|wss?)://\S{1,2000}"
    r"|(?:[\w-]{1,63}\.){1,12}[\w-]{2,63}(?::\d{1,5})?(?:/\S{0,2000})?"
    r"|(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?:/\S{0,2000})?"
    r"|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?(?:/\S{0,2000})?|[A-Za-z][\w-]{0,62}:\d{1,5}(?:/\S{0,2000})?",
    re.IGNORECASE,
)
#: Kinds of which a word or two that may be hosts are told ("chat", "websocket").
_SAY_TOO_LITTLE = frozenset({"websocket", "application", "other"})


def with_joined_words(words: Sequence[str]) -> Sequence[str]:
    """Return the operands with a sentence that was typed without quotes as one of them. Names of
    one word stay targets unless they read as a sentence together. Raise NamelessMessageError for a
    status alone."""
    if len(words) == 1 and re.fullmatch(ERROR_STATUS, words[0]):
        raise NamelessMessageError(
            f"{words[0]} is a status and names no site. Give its address as well: "
            f"diagnose {EXAMPLE_URL} {words[0]}",
            Symptom("status", words[0], int(words[0])),
        )
    if len(words) == 2 and (paired := _with_complaint(words)):
        return paired
    if any(" " in word.strip() for word in words):
        return words
    sites = [word for word in words if _names_site(word)]
    sentence = [word for word in words if word not in sites]
    text = " ".join(words)
    if len(sentence) < 2 or not _is_sentence(sentence, sites, text):
        return words
    return [sites[0].strip(_MARKS), text] if len(sites) == 1 else [text]


def reads_as_sentence(words: Sequence[str]) -> bool:
    """Return whether operands are one sentence that was typed without quotes."""
    return len(words) > 1 and list(with_joined_words(words)) != list(words)


def quoted_command(words: Sequence[str]) -> str:
    """Return the command that gives a message whose words were taken for options ("nginx -t
    fails"); "" if the words are none: a sentence has two words at least that are no option and no
    site."""
    # What follows a long option may be its value.
    operands = [
        word
        for before, word in pairwise(("", *words))
        if not word.startswith("-") and not before.startswith("--")
    ]
    sites = [word for word in operands if _names_site(word)]
    told = [
        position for position, word in enumerate(words) if word in operands and word not in sites
    ]
    if len(told) < 2 or len(sites) > 1:
        return ""
    message = " ".join(word for word in words[told[0] : told[-1] + 1] if word not in sites)
    command = ["diagnose", *sites, message]
    return shlex.join(command)


def _names_site(word: str) -> bool:
    """Return whether a word names a site. One that begins with a dot is a file: ".env.local"."""
    return not word.startswith(".") and _SITE.fullmatch(word.strip(_MARKS)) is not None


def _with_complaint(words: Sequence[str]) -> Sequence[str] | None:
    """Return a site and what a single word beside it means; None if two words are anything else."""
    site, word = words if words[1].lower() in _COMPLAINTS else words[::-1]
    complaint = _COMPLAINTS.get(word.lower())
    if complaint is None or " " in site.strip() or site.lower() in _GRAMMAR | _OF_SITES:
        return None
    if not site.isascii() and not _SITE.fullmatch(site):
        return None
    return [complaint if each is word else each for each in words]


def _is_sentence(sentence: Sequence[str], sites: Sequence[str], text: str) -> bool:
    """Return whether the words beside at most one site are a sentence about it."""
    if any(word.startswith("-") for word in sentence):
        return True  # behind "--"; no host is called so
    plain = [word.strip(_MARKS).lower() for word in sentence]
    is_grammar = any(word in _GRAMMAR for word in plain)
    of_sites = sum(
        word in _OF_SITES or re.fullmatch(ERROR_STATUS, word) is not None for word in plain
    )
    if len(sites) > 1 and not is_grammar:
        return False
    from diagnose.parsers.symptoms import symptom_of

    symptom = symptom_of(text)
    if symptom is None:
        # Of a sentence of which nothing is understood its reader says so.
        return is_grammar and len(sentence) >= FEWEST_WORDS
    if (
        is_grammar
        or of_sites > 1
        or not "".join(sentence).isascii()
        or len(sentence) >= FEWEST_WORDS
    ):
        return True
    return len(sites) == 1 and symptom.kind not in _SAY_TOO_LITTLE

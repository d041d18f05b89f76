"""Which visitors a list of addresses refuses, who named them, and how one is let in."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Literal

from checks.http import _fronts, addresses
from checks.server import ServerView, manual_fix, place_text, reload_steps
from checks.server._address_list_edits import admitting_edit
from checks.server._address_refusals import AddressRefusal, address_refusals, is_listed
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Observation, Where
from diagnose.model.addresses import are_of_both_sides, family_of, is_private
from diagnose.model.dns import final_answers
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.server import server_addresses
from diagnose.model.server_rules import AddressTest
from diagnose.model.visitor import RefusedClients, visitor_address
from diagnose.parsers.address_tests import contains, network_of, versions_of
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lone_visitor import tells_lone_visitor
from diagnose.parsers.told_visitors import told_visitors

#: By what a visitor is known: the option `--from`, a message, SSH, a log, the address family.
Source = Literal["option", "words", "ssh", "log", "family"]

_FORBIDDEN = re.compile(r"\b403\b|(?i:forbidden|denied|banned|blocked|blacklist)")
FORBIDDEN = 403
_NAMES = {4: "IPv4", 6: "IPv6"}
#: What a home or an office has (RFC 6177).
_OWN_PREFIX = 64


@frozen(eq=False)
class Denial:
    """A visitor whom a list refuses. `log` are the refusals in the access log."""

    visitor: str
    source: Source
    refusal: AddressRefusal
    test: AddressTest
    log: tuple[RefusedClients, ...]

    @property
    def is_listed(self) -> bool:
        return is_listed(self.test, self.visitor)

    @property
    def is_logged(self) -> bool:
        return any(self.visitor in each.clients for each in self.log)


def denials(view: ServerView, ssh_clients: Sequence[str]) -> Iterator[Denial]:
    """Yield the visitors who are refused, at most one of each source, the surest source first."""
    evidence = view.evidence
    if _fronts.fronts(evidence, addresses(page_exchanges(evidence))):
        return  # the server sees the address of the machine in front
    refusals = address_refusals(view)
    log = tuple(
        refused_client
        for refused_client in evidence.good(RefusedClients)
        if refused_client.server == view.server.product
    )
    for source, visitors in _visitors(evidence, ssh_clients, log) if refusals else ():
        for visitor in visitors:
            denial = _denial(visitor, source, refusals, log)
            if denial is not None:
                yield denial
                return
    if refusals:
        yield from _of_one_family(evidence, refusals, log)


def _visitors(
    evidence: Evidence, ssh_clients: Sequence[str], log: Sequence[RefusedClients]
) -> Iterator[tuple[Source, Sequence[str]]]:
    """Yield the visitors whom somebody names. `--from` means that visitor alone."""
    if visitor := visitor_address(evidence):
        yield "option", (visitor,)
        return
    symptom = evidence.target.symptom
    own = {*server_addresses(evidence), *addresses(page_exchanges(evidence)), evidence.target.host}
    if symptom is not None and symptom.number in {None, FORBIDDEN, 429}:
        yield (
            "words",
            [
                told_visitor
                for told_visitor in told_visitors(symptom.text)
                if told_visitor not in own
            ],
        )
    yield "ssh", ssh_clients
    is_told = symptom is not None and (
        symptom.number == FORBIDDEN
        or bool(_FORBIDDEN.search(symptom.text))
        or tells_lone_visitor(symptom.text)
    )
    refused = tuple(dict.fromkeys(client for each in log for client in each.clients))
    strangers = [client for client in refused if client not in own]
    # Of several who are kept out most are meant to be.
    if is_told and len(strangers) == 1:
        yield "log", strangers


def _denial(
    visitor: str,
    source: Source,
    refusals: Sequence[AddressRefusal],
    log: tuple[RefusedClients, ...],
) -> Denial | None:
    for refusal in refusals:
        test = refusal.list_against(visitor)
        if test is None:
            continue
        denial = Denial(visitor, source, refusal, test, log)
        if source == "ssh" and not _is_personal(test, visitor):
            continue
        if source == "log" and not denial.is_listed:
            continue  # a list of those who may come in keeps out strangers on purpose
        return denial
    return None


def _is_personal(test: AddressTest, visitor: str) -> bool:
    """Return whether a list keeps out exactly this address."""
    return str(ip_network(visitor)) in test.networks


def _of_one_family(
    evidence: Evidence, refusals: Sequence[AddressRefusal], log: tuple[RefusedClients, ...]
) -> Iterator[Denial]:
    """Yield the last visitor whom a list of networks of one address family refuses, although the
    name has addresses of both; nothing if the list may be meant for these networks and no others:
    who looks for open doors comes over both families."""
    records = {record for answer in final_answers(evidence).values() for record in answer.records}
    if {family_of(record) for record in records if is_address(record)} != {4, 6}:
        return
    refused = [client for each in log for client in each.clients]
    refused = [client for client in refused if client not in server_addresses(evidence)]
    families = {family_of(client) for client in refused}
    if len(families) != 1 or any(map(is_private, refused)):
        return
    family = families.pop()
    for refusal in refusals:
        tests = [refusal.list_against(client) for client in refused]
        test = tests[-1]
        if test is None or any(each is not test for each in tests):
            continue
        # Several lines may be one list: those that are written, not the machine's own addresses.
        lists = [each for each in refusal.tests if each.test == "in" and each.file] or [test]
        if set(versions_of(tuple(lists))) == {10 - family} and _is_of_several_sides(
            evidence, lists
        ):
            yield Denial(refused[-1], "family", refusal, test, log)
            return


def _is_of_several_sides(evidence: Evidence, lists: Sequence[AddressTest]) -> bool:
    """Return whether lists name private networks and one that is none: it is meant for whoever is
    at home there; or a message says that a visitor gets 403."""
    symptom = evidence.target.symptom
    if symptom is not None and symptom.number == FORBIDDEN:
        return True
    words = [word for test in lists for word in test.networks]
    networks = [network for word in words if (network := network_of(word))]
    return are_of_both_sides(network for network in networks if not network.is_loopback)


def letting_in(view: ServerView, denial: Denial) -> Fix:
    """Return what lets the visitor in, and nobody else. Whom a log alone has may be a stranger whom
    the list is to keep out: a person looks at the network first, and several are no proposal."""
    symptom, admitted = view.evidence.target.symptom, denial.visitor
    is_asked = denial.source != "family" or (symptom is not None and symptom.number == FORBIDDEN)
    if not is_asked and not _is_of_one_site(denial):
        return manual_fix(view, "change-the-list")
    if denial.source == "family" and family_of(admitted) == 6:
        admitted = str(ip_network(f"{admitted}/{_OWN_PREFIX}", strict=False))
    edit = admitting_edit(view, denial.test, denial.visitor, admitted)
    if edit is None:
        return manual_fix(view, "change-the-list")
    steps: tuple[Command | Edit, ...] = (edit, *reload_steps(view.server))
    if is_asked:
        return Fix(steps, Applicability.REVIEW)
    # A person compares first, and types it then.
    return Fix((Manual("is-it-yours", Where.SERVER, commands=steps),), Applicability.MANUAL)


def _is_of_one_site(denial: Denial) -> bool:
    """Return whether all who are refused over IPv6 have the visitor's own network."""
    own = ip_network(f"{denial.visitor}/{_OWN_PREFIX}", strict=False)
    clients = [client for each in denial.log for client in each.clients]
    return own.version == 6 and all(contains((str(own),), client) for client in clients)


def denial_facts(denial: Denial) -> dict[str, object]:
    """Return the facts of the page."""
    test, family = denial.test, family_of(denial.visitor)
    list_place = place_text(test.file, test.line) if test.line else test.file
    is_family = denial.source == "family"
    logs: Sequence[Observation] = denial.log
    return {
        "visitor": denial.visitor,
        **{source: denial.source == source for source in ("option", "words", "ssh", "log")},
        "rule": denial.refusal.rule,
        "place": denial.refusal.place,
        "list": list_place if list_place != denial.refusal.place else "",
        "status": denial.refusal.status or "",
        "listed": denial.is_listed,
        "personal": _is_personal(test, denial.visitor),
        "logged": denial.log[-1].file if denial.is_logged and logs else "",
        "written": denial.log[-1].written if denial.is_logged and logs else "",
        "only": _NAMES[10 - family] if is_family else "",
        "lacking": _NAMES[family] if is_family else "",
    }

"""A cloud's rules, judged for the visitors of the target's port, and compared with the network.

Rules are judged only for an address that is the instance's own: what stands behind a load balancer
sees other sources than visitors.
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from checks.listener._inner_ports import InnerPort, inner_port
from checks.tcp import ProbedPort, probed_ports, subjects
from checks.tcp import severity as port_severity
from diagnose.cloud.address_sets import network_range
from diagnose.cloud.evaluation import (
    INTERNET4,
    INTERNET6,
    Flow,
    LayerVerdict,
    Verdict,
    evaluate,
)
from diagnose.cloud.firmware import CLOUDS
from diagnose.cloud.provider import ChangeKind, Remedy
from diagnose.cloud.registry import provider
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Effect,
    Evidence,
    Fix,
    Host,
    Manual,
    Risk,
    Severity,
    Subject,
    Vantage,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.addresses import is_private
from diagnose.model.cloud import CloudRules, LayerKind, Rule
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.syn_watch import SynWatch, own_source_addresses, syn_watch
from diagnose.model.visitor import visitor_address

#: The checks whose findings a closed port in front of the server explains.
SYMPTOMS = (
    "tcp.timeout",
    "tcp.never-arrives",
    "tcp.hairpin",
    "http.port-closed",
    "dns.dead-address",
    "dns.dead-ipv6",
)

_SHOWN = 4


@frozen
class JudgedRules:
    """The verdict of an instance's rules about the target's port at one of its addresses.

    `visitor` is the address that the flow is judged for, "" for everybody. `ports` are the attempts
    from here, () if there were none. `watch` is what the server saw of them.
    """

    observed: CloudRules
    address: str
    flow: Flow
    verdict: Verdict
    visitor: str
    ports: tuple[ProbedPort, ...]
    watch: SynWatch | None

    @property
    def keeping_out(self) -> LayerVerdict | None:
        """The layer that keeps the flow out: one that denies all of it, before one that denies a
        part."""
        layers = self.verdict.layers
        denying = (layer for layer in layers if layer.status == "deny")
        partly = (layer for layer in layers if layer.status == "partial")
        return next(denying, None) or next(partly, None)

    @property
    def denies_replies(self) -> bool:
        """Whether the packets arrive and only the replies are denied."""
        return self.keeping_out is not None and self.keeping_out.layer.direction == "out"

    @property
    def is_contradicted(self) -> bool:
        """Whether what arrives at the server contradicts the rules: packets that they deny, or
        none where they deny the replies only."""
        return self.watch is not None and self.watch.ours is not self.denies_replies

    @property
    def is_denied(self) -> bool:
        """Whether the rules keep out whoever could not connect.

        If they admit some sources and it is not known where the attempt came from, they do only if
        they admit the smaller part of the internet, and if there was an attempt: most servers keep
        some networks out on purpose.
        """
        if self.verdict.status != "partial":
            return self.verdict.status == "deny"
        is_silent = any(port.outcome == "silent" for port in self.ports)
        return is_silent and self.verdict.open_count < self.verdict.closed_count

    @property
    def confidence(self) -> Confidence:
        if self.verdict.status == "partial":
            return Confidence.POSSIBLE
        return Confidence.LIKELY if self.watch is None else Confidence.CERTAIN


def judged_rules(evidence: Evidence) -> Iterator[JudgedRules]:
    """Yield the verdict for each address of the target that is an instance's own.

    An address at which the port opens for another machine needs no verdict.
    """
    for observed in evidence.good(CloudRules):
        ports = {port.address: port for port in probed_ports(evidence)}
        for address in _own_addresses(evidence, observed, tuple(ports)):
            port = ports.get(address)
            if port is None or _may_be_closed(evidence, port):
                yield _judged(evidence, observed, address, port)


def _own_addresses(
    evidence: Evidence, observed: CloudRules, probed: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the target's addresses that are the instance's; without attempts, its public ones."""
    instance = observed.instance
    own = {*instance.public_addresses, instance.private_address} - {""}
    if not probed and not evidence.scope.outside:
        return instance.public_addresses or tuple(filter(None, (instance.private_address,)))
    return tuple(address for address in probed if _canonical(address) in map(_canonical, own))


def _canonical(address: str) -> str:
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return address


def _may_be_closed(evidence: Evidence, port: ProbedPort) -> bool:
    """Return whether visitors may be kept out: the port is silent, or nobody tried it from
    outside."""
    if port.outcome in {"silent", "hairpin"}:
        return True
    return port.outcome == "open" and is_on_server(evidence)


def is_on_server(evidence: Evidence) -> bool:
    """Return whether the server itself made the attempts: they say nothing about what stands in
    front of it."""
    own_addresses = interface_addresses(evidence.good(Interface))
    return bool(own_addresses) and any(
        host.vantage is Vantage.SERVER and host.via == "local" for host in evidence.of(Host)
    )


def _judged(
    evidence: Evidence, observed: CloudRules, address: str, port: ProbedPort | None
) -> JudgedRules:
    ports = (port,) if port else ()
    watch = syn_watch(
        evidence, (attempt for judged_port in ports for attempt in judged_port.attempts)
    )
    destination = "" if ":" in address else observed.instance.private_address
    everybody = Flow(
        evidence.target.port, INTERNET6 if ":" in address else INTERNET4, destination=destination
    )
    visitor = _same_family(visitor_address(evidence), address)
    verdict = evaluate(observed.rules, everybody)
    if not visitor and verdict.status == "partial" and not is_on_server(evidence):
        visitor = _own_public_address(evidence, address)
    if not visitor:
        return JudgedRules(observed, address, everybody, verdict, "", ports, watch)
    flow = Flow(evidence.target.port, visitor, destination=destination)
    verdict = evaluate(observed.rules, flow)
    return JudgedRules(observed, address, flow, verdict, visitor, ports, watch)


def _same_family(address: str, destination: str) -> str:
    """Return the address if it is one and of the family of the other, else ""."""
    is_same = (":" in address) == (":" in destination)
    return address if is_same and network_range(address) else ""


def _own_public_address(evidence: Evidence, address: str) -> str:
    """Return the address under which the server sees this machine, "" if it is not known: a
    private one is translated on the way."""
    candidates = sorted(own_source_addresses(evidence))
    return next(
        (
            candidate
            for candidate in candidates
            if _same_family(candidate, address) and not is_private(candidate)
        ),
        "",
    )


def denials(evidence: Evidence, kind: LayerKind) -> Iterator[tuple[JudgedRules, LayerVerdict]]:
    """Yield the verdicts in which a layer of this kind keeps the flow out, and nothing that was
    observed contradicts them."""
    for judged in judged_rules(evidence):
        layer = judged.keeping_out
        is_kind = layer is not None and layer.layer.kind == kind
        if layer and is_kind and judged.is_denied and not judged.is_contradicted:
            yield judged, layer


def is_by_rule(layer: LayerVerdict) -> bool:
    """Return whether rules keep the flow out, and not the want of one that admits it."""
    return "default" not in layer.by


def severity_of(evidence: Evidence) -> Severity:
    """Return a warning if the port opens at another address of the site, to which clients fall
    back. That it opens for the server itself says nothing."""
    return Severity.ERROR if is_on_server(evidence) else port_severity(evidence)


def denying_rules(layer: LayerVerdict) -> tuple[Rule, ...]:
    return tuple(rule for rule in layer.rules if not rule.allow)


def rule_texts(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """Return the first rules as code spans in the provider's words."""
    return tuple(f"`{rule.text or rule.id}`" for rule in rules[:_SHOWN])


def near_misses(layer: LayerVerdict, flow: Flow) -> tuple[Rule, ...]:
    """Return the rules that name the port and admit nobody of the flow: of another protocol, or
    for other sources."""
    return tuple(
        rule
        for rule in layer.layer.rules
        if rule.allow
        and rule.id not in layer.by
        and any(port.first <= flow.port <= port.last for port in rule.ports)
        and rule.ports != _ALL
        and not rule.id.startswith("inner_access:")
    )


_ALL = Rule("", True).ports


def rules_claim(
    judged: JudgedRules,
    fix: Fix,
    confidence: Confidence | None = None,
    severity: Severity | None = None,
    inner: InnerPort | None = None,
    **facts: object,
) -> Claim:
    """Make a claim about rules, with the facts that all these claims have; `inner` is the port if
    visitors do not need it."""
    observed, flow = judged.observed, judged.flow
    attempts = tuple(attempt for port in judged.ports for attempt in port.attempts)
    captures = (judged.watch.capture,) if judged.watch else ()
    claimed_subjects: tuple[Subject, ...] = subjects(judged.ports) or endpoints(
        [judged.address], flow.port
    )
    return Claim(
        about=merge_subjects(claimed_subjects),
        covers=claimed_subjects,
        because=(observed, *attempts, *captures),
        confidence=confidence or judged.confidence,
        severity=severity,
        facts={
            "title": observed.title,
            "instance": observed.instance.id,
            "region": observed.instance.region,
            "address": judged.address,
            "port": flow.port,
            "family": f"IPv{flow.family}",
            "groups": tuple(group.id for group in observed.rules.groups),
            "visitor": judged.visitor,
            "open_to": judged.verdict.open_to[:_SHOWN]
            if judged.verdict.status == "partial"
            else (),
            "absent": judged.watch is not None and not judged.watch.ours,
            **(inner.facts if inner else {}),
            **facts,
        },
        fix=fix,
    )


_STEPS: dict[ChangeKind, Risk] = {
    "open-visitor": Risk.OPENS_TO_SOME,
    "open-all": Risk.OPENS_TO_ALL,
    "remove-rule": Risk.OPENS_TO_ALL,
    "attach-group": Risk.OPENS_TO_ALL,
    "change-acl": Risk.OPENS_TO_ALL,
    "ask-owner": Risk.BY_HAND,
}


def closed_port(evidence: Evidence) -> InnerPort | None:
    """Return the target's port if visitors do not need it: it is closed on purpose."""
    return inner_port(evidence, (evidence.target.port,))


def opening_fix(judged: JudgedRules, inner: InnerPort | None) -> Fix:
    """Return the provider's own remedy; only the console if its module is not here. For a port that
    visitors do not need (`inner`), what needs no open port comes first."""
    fix = _opening_fix(judged)
    return replace(fix, steps=(inner.first_step, *fix.steps)) if inner else fix


def _opening_fix(judged: JudgedRules) -> Fix:
    observed = judged.observed
    module = provider(observed.instance.provider)
    if module is None:
        return _fix(Remedy((), _console(observed)), "console")
    remedy = module.remedy(
        judged.verdict, judged.flow, observed.rules, observed.instance, judged.visitor
    )
    return _fix(remedy, "console")


def attaching_fix(judged: JudgedRules, group_id: str) -> Fix:
    """Return what attaches a group that is there."""
    module = provider(judged.observed.instance.provider)
    if module is None:
        return _fix(Remedy((), _console(judged.observed)), "attach-group")
    return _fix(module.attachment(judged.observed.instance, group_id), "attach-group")


def _console(observed: CloudRules) -> str:
    """Return the console of the cloud that the provider's name begins with."""
    cloud = observed.instance.provider.partition("-")[0]
    return next(
        (cloud_provider.console for cloud_provider in CLOUDS if cloud_provider.name == cloud), ""
    )


def _fix(remedy: Remedy, default: str) -> Fix:
    steps = tuple(
        Manual(
            change.kind,
            Where.CLOUD_CONSOLE,
            remedy.url,
            _commands(change.argv, change.undo, _STEPS[change.kind]),
        )
        for change in remedy.changes
    )
    return Fix(steps or (Manual(default, Where.CLOUD_CONSOLE, remedy.url),), Applicability.MANUAL)


def _commands(argv: tuple[str, ...], undo: tuple[str, ...], risk: Risk) -> tuple[Command, ...]:
    if not argv:
        return ()
    return (
        Command(argv, Effect.CHANGE, where=Where.CLOUD_CONSOLE, root=False, undo=undo, risk=risk),
    )

"""What the rules of a web server ask about the visitor's address, and which of their networks
decides about one visitor. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from diagnose.model.server_rules import AddressTest, AddressTestName
from diagnose.parsers.server_request import Truth, all_of, any_of, negated

#: Maximum number of nodes of a rule, and of networks of a line.
MAX_TESTS, MAX_NETWORKS = 400, 5000

Network = IPv4Network | IPv6Network
Tests = tuple[AddressTest, ...]

TRUE, UNKNOWN = (AddressTest(0, "true"),), (AddressTest(0, "unknown"),)


def joined(test: AddressTestName, members: Sequence[Tests]) -> Tests:
    """Return the node that is about the members: all, any or none of them holds."""
    below = (replace(node, depth=node.depth + 1) for tests in members for node in tests)
    return (AddressTest(0, test), *below)


@lru_cache(maxsize=2 * MAX_NETWORKS)
def network_of(word: str) -> Network | None:
    """Return the network that an address or a network is, as it is written ("192.0.2.0/24",
    "10.1.0.0/255.255.0.0"), or the beginning of an address ("192.0.2."); None for anything else."""
    text = word.strip("\"'[]")
    if not text[:1].isalnum() and not text.startswith("::"):
        return None
    if text.endswith(".") or text.replace(".", "").isdigit():
        parts = [part for part in text.split(".") if part]
        if len(parts) < 4 and "." in text:
            text = f"{'.'.join([*parts, *['0'] * (4 - len(parts))])}/{8 * len(parts)}"
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def contains(networks: Sequence[str], address: str) -> bool:
    """Return whether one of the networks has the address."""
    return _contains(tuple(networks), address)


@lru_cache(maxsize=2 * MAX_TESTS)
def _contains(networks: tuple[str, ...], address: str) -> bool:
    own = ip_address(address)
    listed_networks = map(network_of, networks)
    return any(
        network is not None and network.version == own.version and own in network
        for network in listed_networks
    )


def holds(tests: Tests, address: str, flipped: AddressTest | None = None) -> Truth:
    """Return whether a rule is true for an address; None if more decides, or if it is too long to
    be read. `flipped` is a node whose answer is taken for the opposite."""
    if not tests or len(tests) > MAX_TESTS:
        return None
    if any(len(node.networks) > MAX_NETWORKS for node in tests):
        return None
    truth, _ = _node(tests, 0, address, flipped)
    return truth


def _node(tests: Tests, index: int, address: str, flipped: AddressTest | None) -> tuple[Truth, int]:
    """Return the truth of the node at an index, and the index behind its members."""
    node, truths = tests[index], list[Truth]()
    index += 1
    while index < len(tests) and tests[index].depth > node.depth:
        truth, index = _node(tests, index, address, flipped)
        truths.append(truth)
    own: Truth = None
    match node.test:
        case "all":
            own = all_of(truths)
        case "any":
            own = any_of(truths)
        case "none":
            own = negated(any_of(truths))
        case "in":
            own = contains(node.networks, address)
        case "true" | "false":
            own = node.test == "true"
    return (negated(own) if node is flipped else own), index


def deciding_test(tests: Tests, address: str) -> AddressTest | None:
    """Return the list of networks by which alone a rule is true for an address: the last one whose
    other answer makes it false, one that has the address before others. None if the rule is not
    true for it, or several decide together."""
    if holds(tests, address) is not True:
        return None
    own = [
        node for node in tests if node.test == "in" and holds(tests, address, flipped=node) is False
    ]
    listed = [node for node in own if contains(node.networks, address)]
    return next(reversed(listed or own), None)


def excluded(network: Network, address: str) -> tuple[str, ...]:
    """Return the networks that together are one without the address; of an IPv6 network of several
    sites without the site's own (RFC 6177: a site has a /64 or more)."""
    own = ip_network(address)
    if network.version != own.version:
        return (str(network),)
    if own.version == 6 and network.prefixlen < 64:
        own = own.supernet(new_prefix=64)
    if not own.subnet_of(network):  # type: ignore[arg-type]
        return (str(network),)
    rest: list[Network] = list(network.address_exclude(own))  # type: ignore[arg-type]
    rest.sort(key=lambda each: int(each.network_address))
    return tuple(_written(each) for each in rest)


def _written(network: Network) -> str:
    return str(network.network_address if network.prefixlen == network.max_prefixlen else network)


def versions_of(tests: Tests) -> Iterator[int]:
    """Yield the versions of IP of all networks."""
    for node in tests:
        for word in node.networks:
            network = network_of(word)
            if network is not None:
                yield network.version

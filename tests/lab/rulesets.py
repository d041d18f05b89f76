"""Rulesets such as nobody would write, for the kernel and the evaluator to agree on.

Nearly all of them are ones that nft accepts: what belongs to a family, a hook or a type of chain
is only drawn where it may stand.
"""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .kernel import CONTAINER, PORTS
from .ruleset_words import (
    APART,
    FLAGS,
    ITS,
    LAX,
    MARKS,
    NETWORKS,
    OTHERS,
    OWN,
    PORT_SETS,
    PRIORITIES,
    REJECTS,
    REST,
    STATES,
    TO,
)

one_of = st.sampled_from


@dataclass
class Where:
    """What may be said there."""

    family: str
    hook: str = ""  # "": a chain that is jumped to
    kind: str = "filter"
    to: tuple[str, ...] = ()

    @property
    def ips(self) -> tuple[str, ...]:
        return ("ip", "ip6") if self.family == "inet" else (self.family,)


@st.composite
def matches(draw: DrawFn, where: Where, ip: str) -> str:
    kind = draw(one_of(_KINDS))
    match kind:
        case "port":
            return f"tcp dport {draw(one_of(PORT_SETS))}"
        case "source":
            return f"{ip} saddr {draw(one_of(('', '', '!= ')))}{draw(_addresses(ip))}"
        case "destination":
            return f"{ip} daddr {draw(one_of(('', '!= ')))}{draw(one_of(OWN[ip]))}"
        case "state":
            return f"ct state {draw(one_of(STATES))}"
        case "flags":
            return f"tcp flags {draw(one_of(FLAGS))}"
        case "interface":
            return draw(one_of(_interfaces(where)))
        case "mark":
            return draw(one_of(MARKS))
        case "pair":
            return draw(_pairs(ip))
        case "conntrack":
            own = OWN[ip][0]
            return draw(one_of(("ct direction original", "ct direction reply", "ct status dnat",
                                "ct original proto-dst 443", "ct original proto-dst 80-500",
                                f"ct original {ip} daddr {own}", "ct protocol tcp",
                                "ct status seen-reply", "ct status assured")))  # fmt: skip
        case "protocol":
            return draw(one_of(("meta l4proto tcp", "meta l4proto { tcp, udp }", "th dport 443",
                                "ip protocol tcp" if ip == "ip" else "ip6 nexthdr tcp",
                                "meta nfproto ipv4" if where.family == "inet" else "meta mark 0",
                                "meta protocol ip" if where.family == "inet" else "meta mark 0",
                                )))  # fmt: skip
        case "mask":
            if ip == "ip":
                return draw(one_of(("ip saddr & 255.255.0.0 == 198.51.0.0",
                                    "ip saddr & 0.0.0.1 == 0.0.0.1", "tcp dport & 1 == 1",
                                    "ip saddr & 255.0.0.0 != 10.0.0.0")))  # fmt: skip
            return draw(one_of(("ip6 saddr & ffff:: == 2001::", "tcp dport & 3 == 0")))
        case "limit":
            return draw(one_of((f"limit rate {LAX}", f"limit rate over {LAX}",
                                "quota over 10000 mbytes", "quota 10000 mbytes",
                                "ct count over 100000", "limit name lax", *PICKED)))  # fmt: skip
        case "fib":
            return draw(one_of(("fib daddr type local", "fib daddr type != local",
                                "fib saddr type local", "fib saddr type { local, unicast }",
                                *_reverse(where))))  # fmt: skip
        case "sport":
            return draw(one_of(("tcp sport 1024-65535", "tcp sport 443", "tcp sport < 1024",
                                "tcp sport { 80, 443 }", "tcp sport != 8080")))  # fmt: skip
    return draw(one_of(REST))


#: Objects that a map picks: the rule ends where it has none for the packet.
PICKED = (
    'limit name tcp dport map { 80 : "lax", 5000 : "lax" }',
    'quota name tcp dport map { 443 : "much", 22 : "more" }',
    'counter name tcp dport map { 443 : "seen", 8080 : "seen" }',
    "quota name tcp dport map @shares",
)
_KINDS = (
    *["port"] * 6, *["source"] * 6, *["state"] * 4, *["destination"] * 2, *["flags"] * 2,
    *["interface"] * 2, *["pair"] * 3, "mark", "mark", "conntrack", "conntrack", "protocol", "mask",
    "limit", "fib", "sport", "other",
)  # fmt: skip


def _addresses(ip: str) -> SearchStrategy[str]:
    some = st.lists(one_of(APART[ip]), min_size=1, max_size=3, unique=True)
    listed = some.map(lambda chosen: "{ " + ", ".join(chosen) + " }")
    return st.one_of(one_of(NETWORKS[ip]), listed, st.just(f"@{ip}set"))


def _pairs(ip: str) -> SearchStrategy[str]:
    element = st.tuples(one_of(APART[ip]), one_of(("80", "443", "22-100", "5000")))
    some = st.lists(element, min_size=1, max_size=3, unique_by=lambda one: one[0])
    pairs = some.map(lambda chosen: ", ".join(f"{a} . {p}" for a, p in chosen))
    key = f"{ip} saddr . tcp dport"
    return st.one_of(
        pairs.map(lambda listed: f"{key} {{ {listed} }}"),
        pairs.map(lambda listed: f"{key} != {{ {listed} }}"),
        st.just(f"{key} @{ip}pairs"),
        st.just('meta iifname . tcp dport { "eth0" . 443, "lo" . 80 }'),
        st.just(f"tcp dport . {ip} daddr {{ 443 . {OWN[ip][0]}, 80 . {OWN[ip][1]} }}"),
    )


def _interfaces(where: Where) -> tuple[str, ...]:
    into = ('iifname "eth0"', 'iifname != "eth0"', 'iifname "lo"', 'iifname "eth*"', "iif lo",
            'iifname { "eth0", "docker0" }', "iif != lo")  # fmt: skip
    out = ('oifname "eth0"', 'oifname "docker0"', 'oifname != "eth0"', "oif lo", 'oifname "*0"')
    if where.hook in ("prerouting", "input", ""):
        return into
    return out[:4] if where.hook in ("output", "postrouting") else (*into, *out[:4])


def _reverse(where: Where) -> tuple[str, ...]:
    if where.hook in ("prerouting", "input"):
        return ("fib saddr . iif oif missing", "fib saddr . iif oif exists",
                "fib saddr . mark . iif oif 0")  # fmt: skip
    return ()


@st.composite
def statements(draw: DrawFn, where: Where, ip: str) -> str:
    kind = draw(one_of(_STATEMENTS))
    stops = where.hook != "postrouting" and where.kind == "filter" and where.hook != "user-nat"
    if kind == "reject" and not stops:
        kind = "drop"
    if kind in ("jump", "vmap") and not where.to:
        kind = "accept"
    match kind:
        case "reject":
            how = draw(one_of((*REJECTS[ip], *(REJECTS["inet"][:4] * (where.family == "inet")))))
            return draw(one_of((f"reject with {how}", f"reject with {how}", "reject",
                                "reject with tcp reset")))  # fmt: skip
        case "jump":
            return f"{draw(one_of(('jump', 'goto')))} {draw(one_of(where.to))}"
        case "vmap":
            return draw(_vmaps(where, ip))
        case "mark":
            return draw(one_of(("meta mark set 1", "meta mark set 2", "ct mark set 1",
                                "ct mark set meta mark", "meta mark set ct mark",
                                "meta mark set meta mark or 2",
                                "meta mark set tcp dport map { 80 : 1, 443 : 2 }",
                                f"add @seen{ip} {{ {ip} {ITS} }}")))  # fmt: skip
        case "untrack" if where.hook in ("prerouting", "output") and where.kind == "filter":
            return "notrack"
        case "untrack":
            return f"{ip} {ITS} @seen{ip} drop"
    return kind


_STATEMENTS = (
    *["accept"] * 6, *["drop"] * 4, *["reject"] * 4, *["jump"] * 3, *["vmap"] * 2, "return",
    "mark", "mark", "counter", "continue", "untrack",
)  # fmt: skip


def _vmaps(where: Where, ip: str) -> SearchStrategy[str]:
    verdict = one_of(
        ("accept", "drop", "continue", "return", *(f"jump {one}" for one in where.to),
         *(f"goto {one}" for one in where.to))
    )  # fmt: skip

    def of(key: str, *values: str) -> SearchStrategy[str]:
        chosen = st.lists(verdict, min_size=len(values), max_size=len(values))
        return chosen.map(
            lambda all: (
                f"{key} vmap {{ "
                + ", ".join(f"{a} : {b}" for a, b in zip(values, all, strict=True))
                + " }"
            )
        )

    return st.one_of(
        of("tcp dport", "80", "443"),
        of("tcp dport", "22-100", "443", "5000-9000"),
        of("ct state", "new", "established"),
        of("ct state", "invalid", "new", "related"),
        of(f"{ip} saddr", *APART[ip][:3]),
        of(f"{ip} saddr", *APART[ip][:2], "*"),
        of(f"{ip} saddr . tcp dport", f"{APART[ip][0]} . 443", f"{APART[ip][1]} . 80-500"),
        of("meta iifname", '"eth0"', '"lo"'),
        st.just("tcp dport vmap @fate"),
        of("tcp dport", "443", "80").map(lambda text: f"{text} drop"),
    )


@st.composite
def rules(draw: DrawFn, where: Where) -> str:
    ip = draw(one_of(where.ips))
    if draw(one_of((True, *[False] * 15))):
        return f"{draw(one_of(OTHERS[ip]))} {draw(one_of(('accept', 'drop', 'return')))}"
    many = draw(one_of((0, 1, 1, 1, 2, 2, 3)))
    words = [draw(matches(where, ip)) for _ in range(many)]
    last = draw(_nats(where, ip) if where.kind == "nat" else statements(where, ip))
    return " ".join([*words, last])


@st.composite
def _nats(draw: DrawFn, where: Where, ip: str) -> str:
    only = f"meta nfproto {'ipv4' if ip == 'ip' else 'ipv6'} " if where.family == "inet" else ""
    if where.hook == "postrouting":
        return draw(one_of((f"{only}masquerade", f"{only}snat {ip} to {BRIDGES[ip]}", "accept",
                            "return")))  # fmt: skip
    port = draw(one_of(PORTS))
    to = draw(one_of(TO[ip]))
    ported = f"[{to}]" if ip == "ip6" else to
    return draw(one_of((
        f"dnat {ip} to {to}", f"tcp dport {port} dnat {ip} to {ported}:{draw(one_of((80, 443)))}",
        f"tcp dport {port} redirect to :{draw(one_of(PORTS))}", "accept", "drop", "return",
        f"dnat {ip} to tcp dport map {{ 80 : {to}, 443 : {CONTAINER[ip == 'ip6']} }}",
        f"tcp dport {port} redirect to tcp dport map {{ 80 : 443, 443 : 8080 }}",
        f"dnat {ip} addr . port to tcp dport map {{ 443 : {to} . 80, 5000 : {to} . 8080 }}",
        f"fib daddr type local tcp dport {port} dnat {ip} to {ported}:443",
        *(f"jump {one}" for one in where.to),
    )))  # fmt: skip


BRIDGES = {"ip": "203.0.113.11", "ip6": "2001:db8:2::11"}


@st.composite
def tables(draw: DrawFn, family: str, name: str) -> str:
    users = [f"u{number}" for number in range(draw(st.integers(0, 2)))]
    lines: list[str] = []
    for at, user in enumerate(users):
        where = Where(family, "", "filter", tuple(users[:at]))
        lines += _chain(user, "", draw(st.lists(rules(where), max_size=4)))
    for number in range(draw(one_of((1, 1, 2, 3)))):
        hook = draw(one_of(("input",) * 5 + ("prerouting", "output", "forward", "postrouting")))
        priority = draw(one_of(PRIORITIES[hook]))
        policy = draw(one_of(("accept", "accept", "drop")))
        to = tuple(users) if hook != "postrouting" else ()
        inside = draw(st.lists(rules(Where(family, hook, "filter", to)), max_size=6))
        base = f"type filter hook {hook} priority {priority}; policy {policy};"
        lines += _chain(f"b{number}", base, inside)
    if draw(one_of((True, False, False, False))):
        hook = draw(one_of(("prerouting", "prerouting", "postrouting")))
        priority = draw(one_of((-100, -90, 0))) if hook == "prerouting" else 100
        inside = draw(st.lists(rules(Where(family, hook, "nat")), min_size=1, max_size=3))
        lines += _chain("nat", f"type nat hook {hook} priority {priority};", inside)
    said = "\n".join(lines)
    sets = [f"  {made}" for used, made in _sets(family).items() if used in said]
    asleep = ["  flags dormant"] if draw(one_of((True, *[False] * 24))) else []
    return "\n".join([f"table {family} {name} {{", *asleep, *sets, said, "}"])


def _chain(name: str, base: str, said: list[str]) -> list[str]:
    return [f"  chain {name} {{", *([f"    {base}"] if base else []),
            *(f"    {rule}" for rule in said), "  }"]  # fmt: skip


def _sets(family: str) -> dict[str, str]:
    found = {
        "lax": f"limit lax {{ rate {LAX}\n }}",
        '"much"': "quota much { 10000 mbytes\n }",
        '"more"': "quota more { over 10000 mbytes\n }",
        "@shares": "quota under { 10000 mbytes\n }\n  quota beyond { over 10000 mbytes\n }\n"
        "  map shares { type inet_service : quota; "
        'elements = { 80 : "under", 443 : "beyond" }\n }',
        '"seen"': "counter seen { }",
        "@ports": "set ports { type inet_service; flags interval; elements = { 80, 5000-9000 }\n }",
        "@fate": "map fate { type inet_service : verdict; "
        "elements = { 22 : drop, 443 : accept, 8080 : continue }\n }",
    }
    for ip in ("ip", "ip6") if family == "inet" else (family,):
        kind = "ipv4_addr" if ip == "ip" else "ipv6_addr"
        some, pairs = ", ".join(APART[ip][1:3]), f"{APART[ip][0]} . 443, {APART[ip][2]} . 22-443"
        interval = "flags interval; elements ="
        found |= {
            f"@{ip}set": f"set {ip}set {{ type {kind}; {interval} {{ {some} }}\n }}",
            f"@{ip}pairs": f"set {ip}pairs {{ type {kind} . inet_service; "
            f"{interval} {{ {pairs} }}\n }}",
            f"@seen{ip} ": f"set seen{ip} {{ type {kind} . inet_service . inet_service; "
            "flags dynamic,timeout; timeout 1m; }",
        }  # fmt: skip
    return found


@st.composite
def devices(draw: DrawFn) -> str:
    """Chains of the family netdev: before and after all others, without conntrack."""
    where = Where("inet", "device")
    lines = ["table netdev early {"]
    for hook in draw(st.lists(one_of(("ingress", "egress")), min_size=1, max_size=2, unique=True)):
        said = []
        for _ in range(draw(st.integers(1, 3))):
            ip = draw(one_of(where.ips))
            words = draw(st.lists(_of_device(ip), min_size=1, max_size=2))
            said.append(" ".join([*words, draw(one_of(("accept", "drop", "drop")))]))
        lines += _chain(hook, f'type filter hook {hook} device "eth0" priority 0;', said)
    return "\n".join([*lines, "}"])


def _of_device(ip: str) -> SearchStrategy[str]:
    ports = one_of(PORT_SETS[:-2]).map(lambda listed: f"tcp dport {listed}")
    sources = one_of(NETWORKS[ip]).map(lambda network: f"{ip} saddr {network}")
    to = one_of(NETWORKS[ip]).map(lambda network: f"{ip} daddr {network}")
    flags = one_of(FLAGS).map(lambda some: f"tcp flags {some}")
    return st.one_of(ports, sources, to, flags)


@st.composite
def rulesets(draw: DrawFn) -> str:
    """Up to three tables, some of them namesakes in another family."""
    kinds = [("inet", "a"), ("ip", "a"), ("ip6", "a"), ("inet", "b"), ("ip", "b")]
    chosen = draw(st.lists(one_of(kinds), min_size=1, max_size=3, unique=True))
    parts = [draw(tables(family, name)) for family, name in chosen]
    if draw(one_of((True, *[False] * 7))):
        parts.append(draw(devices()))
    return "\n".join(parts) + "\n"

"""Probes for the netfilter rules, as nft and iptables-save print them, and for their files.

One script prints everything, so that it takes one round trip over SSH. The output of nft is
enough, with two exceptions: iptables rules whose extensions nft cannot express ("xt"), which
iptables-save prints in full, and the tables of the older packet filter, whose names are in
/proc/net/ip_tables_names. The script loads nothing into the kernel: without a table name,
iptables-save prints only tables in use, and ipset runs only if its module is loaded.
"""

import re
from collections.abc import Iterator
from typing import assert_never, get_args

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.netfilter import Ruleset, RulesFile, RulesTool
from diagnose.model.packet_paths import ArpIgnore, IpsecPolicies, QueueReaders
from diagnose.model.server import Listeners
from diagnose.parsers.linux.packet_paths import arp_ignore, ipsec_policies, queue_readers
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe

#: Maximum bytes kept of a tool's output or of a file.
MAX_RULES_BYTES = 16_000_000
#: Lines of iptables-save that its reader takes (`diagnose.parsers.netfilter.iptables.MAX_RULES`).
MAX_LINES = 100_000
MAX_FILE_BYTES = 200_000

SCRIPT = read_script(__file__, "netfilter.sh")


_TOOLS: dict[str, RulesTool] = {tool: tool for tool in get_args(RulesTool)}
_PART = re.compile(r"^@@@ (\w+)(?: (\S+))?\n", re.MULTILINE)
#: A rule that sends packets to a program: of iptables, and in the JSON of nft.
_QUEUE = re.compile(r'-j NFQUEUE|"queue"')
#: A rule that redirects packets.
_REDIRECT = re.compile(r'-j DNAT|"dnat"')
_NEEDS_ROOT = re.compile(r"must be root|not permitted|[Pp]ermission denied")


@probe()
async def netfilter(ctx: ProbeContext) -> None:
    at = ctx.elapsed()
    argv = ("sh", "-c", SCRIPT, "sh", str(MAX_RULES_BYTES), str(MAX_FILE_BYTES))
    result = await ctx.machine.run(*argv)
    parts = _parts(result.out)
    took = ctx.elapsed() - at
    for tool, text in _rulesets(parts):
        excess = _excess(tool, text)
        ctx.emit(
            Ruleset(
                vantage=Vantage.SERVER,
                at=at,
                took=took,
                equivalent=_equivalent(tool),
                failure=Failure("too-large", excess) if excess else None,
                tool=tool,
                text="" if excess else text,
            )
        )
        if excess:
            emit_not_observed(ctx, f"what {_equivalent(tool)} prints", excess, at=at)
    for name, path, text in parts:
        if name == "file" and path.startswith("/"):
            command = f"cat {path}"
            ctx.emit(
                RulesFile(
                    vantage=Vantage.SERVER, at=at, equivalent=command, path=clean(path), text=text
                )
            )
    _emit_packet_paths(ctx, at, parts)
    for subject, reason, enable in _missing_rulesets(parts):
        emit_not_observed(ctx, subject, reason, enable, at=at)


@probe(after=Ruleset, needs=Listeners)
async def forwarded_elsewhere(ctx: ProbeContext, ruleset: Ruleset, listeners: Listeners) -> None:
    """Look where the target's port is redirected to, if nothing listens there."""
    is_open = listeners.failure or listeners.on(ctx.target.port)
    if is_open or not _REDIRECT.search(ruleset.text):
        return
    # Imported late: few servers redirect ports to other machines.
    from diagnose.probes.inside.forward_targets import emit_targets

    await emit_targets(ctx, ruleset.text)


def _emit_packet_paths(ctx: ProbeContext, at: float, parts: list[tuple[str, str, str]]) -> None:
    """Emit what else decides about packets, where there is any of it."""
    texts = {name: text for name, _, text in parts}
    queued = any(_QUEUE.search(text) for _, text in _rulesets(parts))
    if queued and "queues" in texts:
        numbers = queue_readers(texts["queues"])
        command = "cat /proc/net/netfilter/nfnetlink_queue"
        ctx.emit(QueueReaders(vantage=Vantage.SERVER, at=at, equivalent=command, numbers=numbers))
    if policies := ipsec_policies(texts.get("ipsec", "")):
        command = "ip xfrm policy"
        ctx.emit(
            IpsecPolicies(vantage=Vantage.SERVER, at=at, equivalent=command, policies=policies)
        )
    if settings := arp_ignore(texts.get("arp", "")):
        command = "sysctl -a | grep arp_ignore"
        ctx.emit(ArpIgnore(vantage=Vantage.SERVER, at=at, equivalent=command, settings=settings))


def _excess(tool: RulesTool, text: str) -> str:
    """Return how much more there is than is read; "" if all of it is."""
    if len(text.encode()) >= MAX_RULES_BYTES:
        return f"more than {MAX_RULES_BYTES} bytes"
    if tool.endswith(("tables", "legacy")) and text.count("\n") > MAX_LINES:
        return f"more than {MAX_LINES} lines"
    return ""


def _parts(out: str) -> list[tuple[str, str, str]]:
    """Return name, argument and text of each part, without the line end before the next part."""
    fields = _PART.split(out)
    bodies = (body.removesuffix("\n") for body in fields[3::3])
    return list(
        zip(fields[1::3], (argument or "" for argument in fields[2::3]), bodies, strict=True)
    )


def _rulesets(parts: list[tuple[str, str, str]]) -> Iterator[tuple[RulesTool, str]]:
    """Return each tool's output once, by the name of the tool.

    Since version 1.8 iptables-save states which of the kernel's packet filters it shows.
    """
    known_tools: set[str] = set()
    for name, version, text in parts:
        if name == "save":
            name = f"{version}tables" + ("" if "(nf_tables)" in text else "-legacy")
        tool = _TOOLS.get(name)
        if tool is not None and tool not in known_tools and text.strip():
            known_tools.add(tool)
            yield tool, text


def _equivalent(tool: RulesTool) -> str:
    match tool:
        case "nft":
            return "nft list ruleset"
        case "ipset":
            return "ipset save"
        case "iptables" | "ip6tables" | "iptables-legacy" | "ip6tables-legacy":
            return f"{tool}-save -c"
        case _:
            assert_never(tool)


def _missing_rulesets(parts: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Return which rules are unknown, why, and the command that would show them."""
    sections = {name: text for name, _, text in parts}
    tools = {tool for tool, _ in _rulesets(parts)}
    subject, enable = "the packet filter's rules", "sudo nft list ruleset"
    if "failed" in sections:
        reason = clean(sections["failed"]) or "nft failed"
        yield subject, "needs root" if _NEEDS_ROOT.search(reason) else reason, enable
    elif "missing" in sections and "kernel" in sections and not tools & {"iptables", "ip6tables"}:
        yield subject, "nft is not installed", enable
    for version in (version for name, version, _ in parts if name == "older"):
        tool = f"{version}tables-legacy"
        if tool not in tools and "failed" not in sections:
            yield f"the rules of {tool}", f"{tool}-save is not installed", f"sudo {tool}-save"

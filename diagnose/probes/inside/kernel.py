"""Probes for the server's kernel.

One script at the start prints settings, counters, queues and what starts at boot; a second one
runs only after a connection has failed.

Nothing is written or sent. Incoming packets are captured for a few seconds, and only if this
machine itself tries to connect in that time.
"""

from collections.abc import Mapping

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.addresses import ROOT_SERVERS, is_private
from diagnose.model.clock import Clock
from diagnose.model.kernel import (
    Arrival,
    Boot,
    Capture,
    Counters,
    HalfOpen,
    Kernel,
    Queues,
    TimeSync,
)
from diagnose.model.resources import FileSystem
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.model.vantages import VantagePoint, VantageVisit
from diagnose.model.visitor import Visitor
from diagnose.parsers.linux import kernel as kernel_parser
from diagnose.parsers.linux import service_managers as service_parser
from diagnose.parsers.linux.resources import parse_file_systems
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.port_holders import SCRIPT as HOLDERS_SCRIPT
from diagnose.probes.inside.port_holders import emit_holders

FIRST_SCRIPT = read_script(__file__, "kernel.sh")
AFTER_FAILURE_SCRIPT = read_script(__file__, "kernel_after_failure.sh")
CLOCK_SCRIPT = read_script(__file__, "clock.sh")
PACKET_WATCHER = read_script(__file__, "packet_watcher.pl")

#: Maximum number of packets captured.
MAX_PACKETS = 1500

#: Seconds of capture. A connection attempt that starts with it repeats its SYN after 1 and 3 s.
WATCH_SECONDS = 4.5

#: Seconds by which the clocks may differ before it matters which one is right.
MAX_CLOCK_SKEW = 60.0


@probe()
async def kernel(ctx: ProbeContext) -> None:
    """Emit everything at once; a healthy server pays one shell and two small programs."""
    at = ctx.elapsed()
    result = await ctx.machine.run(
        "sh", "-c", FIRST_SCRIPT, "sh", str(ctx.target.port), ROOT_SERVERS[4], ROOT_SERVERS[6]
    )
    sections = kernel_parser.split_sections(result.out)
    if "files" not in sections:
        return
    proc_files = kernel_parser.file_lines(sections["files"])
    ctx.emit(
        Kernel(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="sysctl -a | grep -e rp_filter -e nf_conntrack -e somaxconn",
            reverse_path=kernel_parser.reverse_path(proc_files),
            tracked=kernel_parser.parse_number(
                proc_files.get("/proc/sys/net/netfilter/nf_conntrack_count")
            ),
            trackable=kernel_parser.parse_number(
                proc_files.get("/proc/sys/net/netfilter/nf_conntrack_max")
            ),
            longest_queue=kernel_parser.parse_number(
                proc_files.get("/proc/sys/net/core/somaxconn")
            ),
            client=kernel_parser.ssh_client(sections.get("client", "")),
            ipv6_reverse_path=_ipv6_reverse_path(proc_files),
            ipv6_off=kernel_parser.ipv6_off(proc_files),
            ttl=kernel_parser.parse_number(proc_files.get("/proc/sys/net/ipv4/ip_default_ttl")),
            mtu_probing=kernel_parser.parse_number(
                proc_files.get("/proc/sys/net/ipv4/tcp_mtu_probing")
            ),
        )
    )
    _emit_counters(ctx, at, result.took, proc_files)
    _emit_queues(ctx, at, result.took, sections)
    _emit_file_systems(ctx, at, sections.get("disks", ""))
    _emit_route_lookups(ctx, at, sections.get("arrivals", ""))
    _emit_boot(ctx, at, result.took, sections.get("boot", ""))


def _ipv6_reverse_path(proc_files: dict[str, list[str]]) -> str:
    line = next(iter(proc_files.get("/etc/firewalld/firewalld.conf", [])), "")
    return line.partition("=")[2].strip()[:20]


def _emit_counters(
    ctx: ProbeContext, at: float, took: float, proc_files: dict[str, list[str]]
) -> None:
    ctx.emit(
        Counters(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="nstat -az; cat /proc/net/stat/nf_conntrack",
            values=kernel_parser.counters(proc_files),
            tracked=kernel_parser.parse_number(
                proc_files.get("/proc/sys/net/netfilter/nf_conntrack_count")
            ),
        )
    )


async def emit_counters_after(ctx: ProbeContext) -> None:
    """Read the counters again after an attempt that was refused: did the kernel send the reset?"""
    at = ctx.elapsed()
    result = await ctx.machine.run("grep", "-sH", ".", "/proc/net/netstat", "/proc/net/snmp")
    if proc_files := kernel_parser.file_lines(result.out):
        _emit_counters(ctx, at, result.took, proc_files)


def _emit_queues(ctx: ProbeContext, at: float, took: float, sections: dict[str, str]) -> None:
    queues = kernel_parser.queues(sections.get("queues", ""))
    ctx.emit(
        Queues(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="ss -ltn",
            queues=queues,
        )
    )
    if sections.get("holders"):
        emit_holders(ctx, at, ctx.target.port, sections["holders"])


def _emit_file_systems(ctx: ProbeContext, at: float, text: str) -> None:
    for room in parse_file_systems(text):
        ctx.emit(
            FileSystem(
                vantage=Vantage.SERVER,
                at=at,
                equivalent=f"df {room.paths[0]}; df -i {room.paths[0]}",
                paths=room.paths,
                type=room.type,
                free=room.free,
                size=room.size,
                free_files=room.free_files,
                files=room.files,
            )
        )


def _emit_route_lookups(ctx: ProbeContext, at: float, text: str) -> None:
    for lookup in kernel_parser.route_replies(text):
        return_command = f"ip -6 route get {lookup.source} from {lookup.address}"
        forward_command = f"ip route get {lookup.address} from {lookup.source} iif {lookup.device}"
        ctx.emit(
            Arrival(
                vantage=Vantage.SERVER,
                at=at,
                equivalent=return_command if ":" in lookup.address else forward_command,
                failure=Failure("unreachable", lookup.complaint) if lookup.complaint else None,
                source=lookup.source,
                address=lookup.address,
                device=lookup.device,
            )
        )


def _emit_boot(ctx: ProbeContext, at: float, took: float, text: str) -> None:
    service = service_parser.service(text)
    if service is None:
        return
    by_systemd = service.manager == "systemd"
    command = f"systemctl is-enabled {service.name}" if by_systemd else "ls /etc/rc?.d"
    ctx.emit(
        Boot(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="rc-update show" if service.manager == "openrc" else command,
            manager=service.manager,
            service=service.name,
            state=service.state,
            running=service.running,
            started=service.started,
            process=service.process,
            pulled_by=service.pulled_by,
            named_in=service.named_in,
            cluster=service.cluster,
            by_hand=service.by_hand,
            main_pid=service.main_pid,
            reloads=service.reloads,
        )
    )


# After a failure


@probe(after=Connection)
async def lost(ctx: ProbeContext, connection: Connection) -> None:
    """On the first timeout of the target's port, emit changed counters and captured SYNs.

    The second attempt to connect is already in progress by then.
    """
    failed = [
        candidate
        for candidate in ctx.observed(Connection)
        if _timed_out(candidate) and candidate.purpose == "target"
    ]
    if failed and failed[0] is connection:
        await _observe_after_failure(ctx)


@probe(after=VantageVisit)
async def vantage_silent(ctx: ProbeContext, visit: VantageVisit) -> None:
    """On the first visit of another place (`--vantage`) that does not connect, let the rules be
    judged for that place. On the first timeout, emit changed counters and captured SYNs.

    That place tries again by then. Its packets come from outside, so that they show at an interface
    of this machine too.
    """
    lost = [item for item in ctx.observed(VantageVisit) if item.is_page and not item.connected]
    silent = [item for item in lost if _timed_out(item)]
    if lost and lost[0] is visit:
        _judge_for_vantage(ctx, visit)
    own_timeouts = [item for item in ctx.observed(Connection) if _timed_out(item)]
    if silent and silent[0] is visit and not own_timeouts:
        await _observe_after_failure(ctx, from_outside=True)


def _judge_for_vantage(ctx: ProbeContext, visit: VantageVisit) -> None:
    """Let the checks judge the server's rules for the place that got no answer, if its address is
    known and not translated, and the user asked for no other visitor."""
    sources = [
        point.source
        for point in ctx.observed(VantagePoint)
        if point.place == visit.place and (":" in point.source) == (":" in visit.address)
    ]
    if not ctx.options.visitor and any(sources) and not is_private(sources[0]):
        ctx.emit(Visitor(vantage=Vantage.ELSEWHERE, at=ctx.elapsed(), address=sources[0]))


@probe(after=Handshake)
async def stalled(ctx: ProbeContext, handshake: Handshake) -> None:
    """Handle a connection that the kernel accepted but no process serves."""
    failed = [
        candidate
        for candidate in ctx.observed(Handshake)
        if _timed_out(candidate) and candidate.variant == "normal"
    ]
    silent = any(
        _timed_out(connection)
        for connection in ctx.observed(Connection)
        if connection.purpose == "target"
    )
    if failed and failed[0] is handshake and not silent:
        await _observe_after_failure(ctx, watch=False)


def _timed_out(observation: Connection | Handshake | VantageVisit) -> bool:
    return observation.failure is not None and observation.failure.kind == "timeout"


async def _observe_after_failure(
    ctx: ProbeContext, watch: bool = True, from_outside: bool = False
) -> None:
    """Run the second script. On the server itself nothing is captured, unless the packets come
    `from_outside`.

    Packets that the server sends to itself do not reach an interface.
    """
    at, port = ctx.elapsed(), str(ctx.target.port)
    watching = watch and (from_outside or ctx.machine.via != "local")
    seconds = str(WATCH_SECONDS) if watching else "0"
    arguments = (port, seconds, PACKET_WATCHER, str(MAX_PACKETS), HOLDERS_SCRIPT)
    result = await ctx.machine.run("sh", "-c", AFTER_FAILURE_SCRIPT, "sh", *arguments)
    sections = kernel_parser.split_sections(result.out)
    if "files" not in sections:
        return
    if "denied" in sections:
        emit_not_observed(
            ctx,
            "what connection tracking dropped",
            "needs root",
            "sudo cat /proc/net/stat/nf_conntrack",
            at=at,
        )
    if watching:
        _emit_capture(ctx, at, result.took, sections.get("watch", ""), sections.get("end", ""))
    _emit_syn_received(ctx, sections.get("half-open", ""))
    took = result.took - WATCH_SECONDS if watching else result.took
    _emit_counters(ctx, ctx.elapsed(), took, kernel_parser.file_lines(sections["files"]))
    _emit_queues(ctx, ctx.elapsed(), took, sections)


def _emit_syn_received(ctx: ProbeContext, text: str) -> None:
    """Emit half-open connections. Without ss there is no output: ss prints at least a heading."""
    if text.strip():
        ctx.emit(
            HalfOpen(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                equivalent=f"ss -tn state syn-recv 'sport = :{ctx.target.port}'",
                port=ctx.target.port,
                sources=kernel_parser.half_open(text),
            )
        )


def _emit_capture(ctx: ProbeContext, at: float, took: float, text: str, end: str) -> None:
    port = ctx.target.port
    command = f"tcpdump -n -i any 'tcp port {port} and tcp[13] & 6 != 0 or icmp[0] = 3'"
    if "listening on " not in text:
        output = text.partition("cannot: ")[2] or text
        messages = [line for line in output.splitlines() if not line.startswith("clock: ")]
        lines = [clean(line, 100) for line in messages if line.strip()]
        reason = lines[-1] if lines else "no answer"
        subject, enable = f"whether packets for port {port} arrive", f"sudo {command}"
        emit_not_observed(ctx, subject, reason, enable, at=at)
        return
    packets = kernel_parser.captured_packets(text, MAX_PACKETS, port)
    begun, ended = _watch_window(at, took, kernel_parser.clock(text + end))
    ctx.emit(
        Capture(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=command,
            port=port,
            sources=packets.sources,
            complete=packets.complete,
            begun=begun,
            ended=ended,
            marked=packets.marked,
            answered=packets.answered,
            reset=packets.reset,
            rejected=packets.rejected,
            control=packets.control,
        )
    )


def _watch_window(
    at: float, took: float, clock: Mapping[str, float]
) -> tuple[float | None, float | None]:
    """Return the times, by this machine's clock, between which the server surely captured.

    The script began no earlier than the request, and no later than its duration before the
    answer.
    """
    if not {"began", "awake", "ended", "end"} <= clock.keys():
        return None, None
    began = clock["began"]
    late = max(took - (clock["end"] - began), 0.0)
    return at + late + clock["awake"] - began, at + clock["ended"] - began


@probe(after=Clock)
async def clock(ctx: ProbeContext, reading: Clock) -> None:
    """If the clocks differ, emit whether the server's clock is synchronized."""
    skewed = [
        candidate for candidate in ctx.observed(Clock) if abs(candidate.ahead_s) > MAX_CLOCK_SKEW
    ]
    if not skewed or skewed[0] is not reading:
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", CLOCK_SCRIPT)
    sections = kernel_parser.split_sections(result.out)
    if "timedatectl" not in sections:
        return
    by_systemd = bool(sections["timedatectl"].strip())
    text = sections["timedatectl"] if by_systemd else sections.get("chronyc", "")
    ctx.emit(
        TimeSync(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="timedatectl" if by_systemd else "chronyc tracking",
            synchronized=kernel_parser.synchronized(text),
        )
    )

"""The server's kernel: one script at the beginning, of settings, counters, queues and of what
starts at boot; a second one only after a connection has failed.

Nothing is written and nothing is sent. What comes to the interfaces is watched for a few seconds,
and only from a machine that itself tries to connect in that time.
"""

from collections.abc import Mapping

from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.http import Clock
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
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.linux import kernel as wire
from diagnose.parsers.linux import service_managers as boots
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look, probe
from diagnose.probes.inside.scripts import CLOCK, EYE, FIRST, LATER, MOST_SYNS, WATCH
from diagnose.probes.inside.system import FAR

#: Seconds. What clocks may differ by before it matters whose is right.
SKEW = 60.0


@probe()
async def kernel(look: Look) -> None:
    """Everything at once; what it costs a healthy server is one shell and two small programs."""
    at = look.now()
    ran = await look.machine.run("sh", "-c", FIRST, "sh", str(look.target.port), FAR[4], FAR[6])
    said = wire.sections(ran.out)
    if "files" not in said:
        return
    read = wire.files(said["files"])
    look.see(
        Kernel(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent="sysctl -a | grep -e rp_filter -e nf_conntrack -e somaxconn",
            reverse_path=wire.reverse_path(read),
            tracked=wire.number(read.get("/proc/sys/net/netfilter/nf_conntrack_count")),
            trackable=wire.number(read.get("/proc/sys/net/netfilter/nf_conntrack_max")),
            longest_queue=wire.number(read.get("/proc/sys/net/core/somaxconn")),
            client=wire.far_end(said.get("client", "")),
            ipv6_reverse_path=_setting(read),
        )
    )
    _counters(look, at, ran.took, read)
    _queues(look, at, ran.took, said)
    _arrivals(look, at, said.get("arrivals", ""))
    _boot(look, at, ran.took, said.get("boot", ""))


def _setting(read: dict[str, list[str]]) -> str:
    line = next(iter(read.get("/etc/firewalld/firewalld.conf", [])), "")
    return line.partition("=")[2].strip()[:20]


def _counters(look: Look, at: float, took: float, read: dict[str, list[str]]) -> None:
    look.see(
        Counters(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="nstat -az; cat /proc/net/stat/nf_conntrack",
            values=wire.counters(read),
            tracked=wire.number(read.get("/proc/sys/net/netfilter/nf_conntrack_count")),
        )
    )


def _queues(look: Look, at: float, took: float, said: dict[str, str]) -> None:
    found = wire.queues(said.get("queues", ""))
    look.see(
        Queues(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="ss -ltn",
            queues=found,
            holders=wire.holders(said.get("holders", "")),
        )
    )


def _arrivals(look: Look, at: float, text: str) -> None:
    for one in wire.arrivals(text):
        back = f"ip -6 route get {one.source} from {one.address}"
        come = f"ip route get {one.address} from {one.source} iif {one.device}"
        look.see(
            Arrival(
                vantage=Vantage.SERVER,
                at=at,
                equivalent=back if ":" in one.address else come,
                failure=Failure("unreachable", one.complaint) if one.complaint else None,
                source=one.source,
                address=one.address,
                device=one.device,
            )
        )


def _boot(look: Look, at: float, took: float, text: str) -> None:
    found = boots.service(text)
    if found is None:
        return
    by_systemd = found.manager == "systemd"
    asked = f"systemctl is-enabled {found.name}" if by_systemd else "ls /etc/rc?.d"
    look.see(
        Boot(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent="rc-update show" if found.manager == "openrc" else asked,
            manager=found.manager,
            service=found.name,
            state=found.state,
            running=found.running,
            started=found.started,
            process=found.process,
            pulled_by=found.pulled_by,
            named_in=found.named_in,
            cluster=found.cluster,
            by_hand=found.by_hand,
            main_pid=found.main_pid,
            reloads=found.reloads,
        )
    )


# After a failure


@probe(after=Connection)
async def lost(look: Look, seen: Connection) -> None:
    """The first time that the target's port says nothing: what has moved since, and whether the
    tries arrive. The second try is under way by then."""
    failed = [one for one in look.seen(Connection) if _silent(one) and one.purpose == "target"]
    if failed and failed[0] is seen:
        await _look_again(look)


@probe(after=Handshake)
async def stalled(look: Look, seen: Handshake) -> None:
    """A connection that the kernel took and nobody serves."""
    failed = [one for one in look.seen(Handshake) if _silent(one) and one.variant == "normal"]
    silent = any(_silent(one) for one in look.seen(Connection) if one.purpose == "target")
    if failed and failed[0] is seen and not silent:
        await _look_again(look, watch=False)


def _silent(seen: Connection | Handshake) -> bool:
    return seen.failure is not None and seen.failure.kind == "timeout"


async def _look_again(look: Look, watch: bool = True) -> None:
    """From the server itself there is nothing to watch: what it sends to itself never leaves it."""
    at, port = look.now(), str(look.target.port)
    watched = watch and look.machine.via != "local"
    seconds = str(WATCH) if watched else "0"
    ran = await look.machine.run("sh", "-c", LATER, "sh", port, seconds, EYE)
    said = wire.sections(ran.out)
    if "files" not in said:
        return
    if "denied" in said:
        what, enable = "what connection tracking dropped", "sudo cat /proc/net/stat/nf_conntrack"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what=what, why="needs root", enable=enable))
    if watched:
        _capture(look, at, ran.took, said.get("watch", ""), said.get("end", ""))
    _half_open(look, said.get("half-open", ""))
    took = ran.took - WATCH if watched else ran.took
    _counters(look, look.now(), took, wire.files(said["files"]))
    _queues(look, look.now(), took, said)


def _half_open(look: Look, text: str) -> None:
    """Without ss nothing is known: it prints a heading at least."""
    if text.strip():
        look.see(
            HalfOpen(
                vantage=Vantage.SERVER,
                at=look.now(),
                equivalent=f"ss -tn state syn-recv 'sport = :{look.target.port}'",
                port=look.target.port,
                sources=wire.half_open(text),
            )
        )


def _capture(look: Look, at: float, took: float, text: str, end: str) -> None:
    port = look.target.port
    command = f"tcpdump -n -i any 'tcp dst port {port} and tcp[13] & 18 = 2'"
    if "listening on " not in text:
        said = text.partition("cannot: ")[2] or text
        told = [line for line in said.splitlines() if not line.startswith("clock: ")]
        lines = [clean(line, 100) for line in told if line.strip()]
        why = lines[-1] if lines else "no answer"
        what, enable = f"whether packets for port {port} arrive", f"sudo {command}"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what=what, why=why, enable=enable))
        return
    found = wire.caught(text, MOST_SYNS)
    begun, ended = _sure(at, took, wire.clock(text + end))
    look.see(
        Capture(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=command,
            port=port,
            sources=found.sources,
            complete=found.complete,
            begun=begun,
            ended=ended,
        )
    )


def _sure(at: float, took: float, clock: Mapping[str, float]) -> tuple[float | None, float | None]:
    """Between which times, by this machine's clock, the server surely watched. Its script began at
    the earliest when it was asked for, and at the latest so much before the answer as it took."""
    if not {"began", "awake", "ended", "end"} <= clock.keys():
        return None, None
    began = clock["began"]
    late = max(took - (clock["end"] - began), 0.0)
    return at + late + clock["awake"] - began, at + clock["ended"] - began


@probe(after=Clock)
async def clock(look: Look, seen: Clock) -> None:
    """Where the clocks differ: whether the server's follows others'."""
    apart = [one for one in look.seen(Clock) if abs(one.ahead_s) > SKEW]
    if not apart or apart[0] is not seen:
        return
    at = look.now()
    ran = await look.machine.run("sh", "-c", CLOCK)
    said = wire.sections(ran.out)
    if "timedatectl" not in said:
        return
    by_systemd = bool(said["timedatectl"].strip())
    text = said["timedatectl"] if by_systemd else said.get("chronyc", "")
    look.see(
        TimeSync(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent="timedatectl" if by_systemd else "chronyc tracking",
            synchronized=wire.synchronized(text),
        )
    )

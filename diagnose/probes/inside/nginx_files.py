"""Files around nginx, looked at once something has failed: the modules that could be loaded, who
may read a certificate or key, and what its unit's journal says of a start in vain."""

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.files import Access, NginxModules, NginxStart, Part
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxProcess, NginxState, NginxTest
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look, probe

#: Files of which it is asked who may read them, at most.
MOST = 8

#: What the service is and says that starts the program $1: it is looked for among the units' files
#: and the scripts of System V, which systemd makes units of. systemd's own lines ("Starting …")
#: tell one start from another.
START = r"""
if [ -d /run/systemd/system ]; then
  u=
  for d in /etc /run /usr/local/lib /usr/lib /lib; do
    [ -n "$u" ] || u=$(grep -lsE "^ExecStart=[-@:+!]*$1( |\$)" "$d"/systemd/system/*.service |
      sed 's|.*/||; /@/d' | sort |
      awk '!f || /^(nginx|openresty|tengine)\./ { f = $0 } END { print f }')
  done
  for n in nginx openresty tengine; do
    [ -n "$u" ] || ! grep -qsF -- "${1%/*}/" "/etc/init.d/$n" || u=$n.service
  done
  systemctl show "${u:-nginx}" -p Id -p LoadState -p User -p ActiveState -p Result -p ExecStartPre \
    -p InactiveEnterTimestamp -p PrivateTmp -p ProtectHome -p InaccessiblePaths
  [ -n "$u" ] && echo "starts $u"
  systemctl list-sockets --plain --no-legend --no-pager | awk -v p=":$2" \
    'substr($1, length($1) - length(p) + 1) == p { print "socket " $2 }' | head -n 1
  journalctl -u "${u:-nginx}" -b -n 60 -o cat --no-pager | sed 's/^/ /'
fi 2>/dev/null
s=$(cat /sys/fs/selinux/enforce 2>/dev/null) && echo "selinux $s" &&
  semanage port -l 2>/dev/null | grep '^http_port_t .*tcp' | head -n 3
:
"""

#: Of a user (by name, or as a process is) and of files: the folders on the way to each, as written
#: and as its links lead. A "+" behind the bits is an access control list (acl(5)), which they do
#: not show.
WHO = r"""
who=$1; pid=$2; shift 2
if [ -n "$pid" ]; then
  while read -r k v r; do
    case $k in Uid:) echo "uid $v" ;; Gid:) g=$v ;; Groups:) echo "gids $g $v $r" ;;
      CapEff:) echo "caps $v" ;; esac
  done < "/proc/$pid/status"
  stat -c 'name %U %G' "/proc/$pid"
elif [ -n "$who" ]; then
  echo "uid $(id -u "$who")"; echo "gids $(id -G "$who")"; echo "name $who $(id -gn "$who")"
fi
s=$(cat /sys/fs/selinux/enforce) && echo "selinux $s"
for p; do
  echo "path $p"
  for f in "$p" "$(readlink -f -- "$p")"; do
    d=$f
    while [ -n "$d" ]; do
      stat -L -c 'part %u %U %g %G %a %F|%C|%n' -- "$d"
      case $(ls -ldL -- "$d") in ??????????+*) echo "acl $d" ;; esac
      [ "$d" = / ] && break
      d=${d%/*}; [ -n "$d" ] || d=/
    done
  done
  [ "$s" = 1 ] && echo "default $(matchpathcon -n "$p")"
done 2>/dev/null; :
"""


@probe(after=NginxTest)
async def modules(look: Look, seen: NginxTest) -> None:
    """The modules that could be loaded, where nginx -t misses one."""
    fatal = seen.fatal.text if seen.fatal and not seen.passed else ""
    build = next(iter(look.seen(NginxBuild)), None)
    if build is None or not fatal.startswith(("unknown directive", "dlopen()", "module ")):
        return
    at, folder = look.now(), modules_folder(build.arguments, build.prefix)
    found = await look.machine.glob(f"{folder}/*.so")
    look.see(
        NginxModules(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=f"ls {shlex.quote(folder)}",
            folder=folder,
            names=tuple(path.rpartition("/")[2].removesuffix(".so") for path in found[:200]),
        )
    )


def modules_folder(arguments: Sequence[str], prefix: str) -> str:
    """Where a build looks for its modules (`--modules-path`)."""
    given = [one.partition("=")[2] for one in arguments if one.startswith("--modules-path=")]
    return posixpath.join(prefix, next(iter(given), "modules"))


# A start in vain


@probe(after=NginxConfig)
async def start(look: Look, config: NginxConfig) -> None:
    """What the service says, where nginx should have the port and does not run."""
    ports = server_blocks.sockets(server_blocks.servers(config.main), look.target.port)
    if _master(look) or not ports:
        return
    at = look.now()
    build = next(iter(look.seen(NginxBuild)), None)
    ran = await look.machine.run(
        "sh", "-c", START, "sh", build.binary if build else "nginx", str(look.target.port)
    )
    seen = started(ran.out)
    if seen.messages or seen.user or seen.selinux or seen.unit or seen.socket:
        look.see(replace(seen, at=at, took=ran.took))
        await _access(look, *(path for one in seen.messages for path in denied(one.text)))


def started(text: str) -> NginxStart:
    """Read what START printed."""
    said = dict(line.partition("=")[::2] for line in text.splitlines() if line[:1].isupper())
    lines = [line[1:] for line in text.splitlines() if line.startswith(" ")]
    begun = [number for number, line in enumerate(lines) if line.startswith("Starting ")]
    last = "\n".join(lines[begun[-1] :]) if begun else ""
    service = clean(said.get("Id", ""), 100).removesuffix(".service") or "nginx"
    name = clean(said.get("Id", ""), 100) if said.get("LoadState") == "loaded" else ""
    held = re.search(r"^socket (\S+\.socket)$", text, re.MULTILINE)
    enforced = re.search(r"^selinux (\d)", text, re.MULTILINE)
    ports = re.search(r"^http_port_t\s+tcp\s+(.+)$", text, re.MULTILINE)
    return NginxStart(
        vantage=Vantage.SERVER,
        equivalent=f"systemctl status {service}; journalctl -u {service} -b",
        messages=wire.messages(last) if said.get("ActiveState") in {"failed", "activating"} else (),
        source=f"journalctl -u {service}",
        user="" if said.get("User") == "root" else clean(said.get("User", "")),
        selinux={"1": "enforcing", "0": "permissive"}.get(enforced[1], "") if enforced else "",
        ports=clean(ports[1]) if ports else "",
        unit=name if re.search(r"^starts \S", text, re.MULTILINE) else "",
        state=clean(said.get("ActiveState", ""), 30) if name else "",
        result=clean(said.get("Result", ""), 30) if name else "",
        since=clean(said.get("InactiveEnterTimestamp", ""), 60) if name else "",
        line=clean(_telling(lines), 200) if name else "",
        limited=bool(name) and _is_limited(lines),
        step=clean(_failed_step(text), 200),
        hidden=_hidden(said) if name else (),
        socket=clean(held[1], 100) if held else "",
    )


#: What systemd writes of how a service ended (src/core/unit.c, service.c), the most telling first.
_ENDS = (
    r"A process of this unit has been killed by the OOM killer|.*killed by the OOM killer",
    r"Main process exited, code=(?:killed|dumped|exited), status=(?!0/)",
    r"Control process exited, code=\w+, status=(?!0/)",
    r"start(?:-pre)? operation timed out",
    r"Can't open PID file(?!.*\(yet\?\))|Failed to parse PID from file|New main PID \d+ does not",
    r"Condition check resulted in|.* was skipped because of",
    r"Deactivated successfully|Stopped ",
)


def _telling(lines: Sequence[str]) -> str:
    """The line of systemd's about the last end: after the last start that was tried at all."""
    begun = [number for number, line in enumerate(lines) if line.startswith("Starting ")]
    last = lines[begun[-1] :] if begun else lines
    for pattern in _ENDS:
        for line in reversed(last):
            if re.match(rf"(?:\S+\.service: )?(?:{pattern})", line):
                return line
    return ""


def _is_limited(lines: Sequence[str]) -> bool:
    """Whether the last starts were not even tried (systemd.unit(5), StartLimitBurst=)."""
    refused = [n for n, line in enumerate(lines) if "request repeated too quickly" in line]
    begun = [n for n, line in enumerate(lines) if line.startswith("Starting ")]
    return bool(refused) and refused[-1] > max(begun, default=-1)


def _hidden(said: Mapping[str, str]) -> tuple[str, ...]:
    """The folders in which the service sees other files than we do (systemd.exec(5))."""
    found = ["/tmp", "/var/tmp"] if said.get("PrivateTmp") in {"yes", "disconnected"} else []
    if said.get("ProtectHome") in {"yes", "tmpfs"}:
        found += ["/home", "/root", "/run/user"]
    given = [one.lstrip("-+") for one in said.get("InaccessiblePaths", "").split()]
    return tuple(clean(one, 200) for one in (*found, *given)[:20])


def _failed_step(text: str) -> str:
    """The first command of ExecStartPre= that ended badly, if it is not nginx itself."""
    for argv, status in re.findall(
        r"^ExecStartPre=.*?argv\[\]=(.*?) ; .*?status=(\S+) \}$", text, re.MULTILINE
    ):
        if status.partition("/")[0] not in {"0", "(null)"}:
            return "" if re.match(r"\S*/(?:nginx|openresty|tengine)(?: |$)", argv) else str(argv)
    return ""


# Who may read what


@probe(after=NginxConfig)
async def reading(look: Look, config: NginxConfig) -> None:
    """Whether a master that is not root may read its certificates and keys."""
    master = _master(look)
    if master is None or not master.user:
        return
    folder, every = posixpath.dirname(config.path), server_blocks.servers(config.main)
    chosen = (
        server_blocks.choose(socket, look.target.host)[0]
        for socket in server_blocks.sockets(every, look.target.port)
    )
    paths = dict.fromkeys(
        posixpath.join(folder, path)
        for server in chosen
        for name in ("ssl_certificate", "ssl_certificate_key")
        for path in server_blocks.files(server, name)
    )
    await _access(look, *paths)


@probe(after=NginxTest)
async def refused(look: Look, seen: NginxTest) -> None:
    await _access(look, *denied(seen.fatal.text if seen.fatal and not seen.passed else ""))


@probe(after=LogLine)
async def logged(look: Look, seen: LogLine) -> None:
    await _access(look, *denied(seen.text if seen.level == "emerg" else ""))


_DENIED = re.compile(
    r'(?:cannot load certificate(?: key)? "([^"$]+)": BIO_new_file\(\)'
    r'|BIO_new_file\("([^"]+)"\)) failed .*Permission denied'
)


def denied(text: str) -> tuple[str, ...]:
    """The file that a message says may not be read."""
    found = _DENIED.match(text)
    return (found[1] or found[2],) if found else ()


async def _access(look: Look, *paths: str) -> None:
    known = {one.path for one in look.seen(Access)}
    wanted = [path for path in dict.fromkeys(paths) if path not in known][:MOST]
    if not wanted:
        return
    at, master = look.now(), _master(look)
    user = next((one.user for one in look.seen(NginxStart)), "")
    pid = str(master.pid) if master and master.user else ""
    ran = await look.machine.run("sh", "-c", WHO, "sh", "" if master else user, pid, *wanted)
    for seen in accesses(ran.out):
        if seen.parts:
            look.see(replace(seen, at=at, took=ran.took))


#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)): no bits shut such a process out.
_READS_ALL = 0b110


def accesses(text: str) -> tuple[Access, ...]:
    """Read what WHO printed."""
    head, *rest = re.split(r"^path ", text, flags=re.MULTILINE)
    said = dict(line.partition(" ")[::2] for line in head.splitlines())
    uid, gids = said.get("uid", ""), said.get("gids", "").split()
    user, _, group = said.get("name", "").partition(" ")
    if int(said.get("caps") or "0", 16) & _READS_ALL:
        uid = ""
    made = []
    for block in rest:
        path, _, lines = block.partition("\n")
        default = re.search(r"^default (\S+)", lines, re.MULTILINE)
        made.append(
            Access(
                vantage=Vantage.SERVER,
                equivalent=f"namei -l {shlex.quote(path)}",
                path=path,
                parts=_parts(lines, path),
                uid=int(uid) if uid.isdigit() else None,
                user=clean(user),
                gids=tuple(int(one) for one in gids if one.isdigit()),
                group=clean(group),
                enforcing=said.get("selinux") == "1",
                default=clean(default[1]) if default else "",
            )
        )
    return tuple(made)


_PART = re.compile(r"^part (\d+) (\S+) (\d+) (\S+) ([0-7]+) ([^|]+)\|([^|]*)\|(/.*)$", re.MULTILINE)


def _parts(lines: str, path: str) -> tuple[Part, ...]:
    """From the outermost folder inwards, each once; a link to the file is not the file."""
    lists = set(re.findall(r"^acl (/.*)$", lines, re.MULTILINE))
    found = {
        name: Part(
            path=name,
            uid=int(uid),
            user=clean(user),
            gid=int(gid),
            group=clean(group),
            mode=int(mode, 8),
            label=label if ":" in label else "",
            folder=kind == "directory",
            listed=name in lists,
        )
        for uid, user, gid, group, mode, kind, label, name in _PART.findall(lines)
    }
    if len([part for part in found.values() if not part.folder]) > 1:
        found.pop(path, None)
    return tuple(sorted(found.values(), key=lambda part: (not part.folder, len(part.path))))


def _master(look: Look) -> NginxProcess | None:
    masters = (one for seen in look.seen(NginxState) for one in seen.masters)
    return next((one for one in masters if not one.foreign), None)

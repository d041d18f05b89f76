"""Who may connect to an application: the permissions of Unix sockets, and SELinux. Root may
everything, so that a connection of ours proves nothing for nginx's workers.
"""

import shlex
from dataclasses import replace

from diagnose.model import Failure, Vantage
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxState
from diagnose.model.upstream import Selinux, UpstreamSocket
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.linux import selinux as wire
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look

#: As whom nginx's workers run: by a worker of the master $1, else by the user $2. Then of each
#: socket who may use it and the folders above it, and where it is missing, which others listen
#: (proc(5), /proc/net/unix).
SOCKETS = r"""
m=$1 u=$2; shift 2
for w in $(cat "/proc/$m/task/$m/children" 2>/dev/null); do
  case $(tr '\0' ' ' < "/proc/$w/cmdline") in
  *"shutting down"*) ;;
  *"worker process"*) s=$(cat "/proc/$w/status"); u=$(ls -ld "/proc/$w" | awk '{print $3}')
    break ;;
  esac
done 2>/dev/null
if [ -n "$s" ]; then
  n=$(echo "$s" | awk '/^Uid:/ {print $3}')
  g=$(echo "$s" | awk '/^Gid:/ {print $3} /^Groups:/ {$1 = ""; print}')
else n=$(id -u "$u" 2>/dev/null); g=$(id -G "$u" 2>/dev/null)
fi
echo "user" $n $u; echo "groups" $g
for f; do
  echo "socket $f"; echo "group $(ls -ldL "$f" 2>/dev/null | awk '{print $4}')"
  [ -e "$f" ] ||
    awk '$4 == "00010000" && $8 ~ /^\// {print "listens " $8}' /proc/net/unix | head -n 50
  d=$f; while :; do
    ls -ldnL "$d" 2>&1 | head -n 1; [ "$d" = / ] || [ "$d" = . ] && break; d=$(dirname "$d")
  done
done; :
"""

#: SELinux, where there is any: selinuxfs; getenforce(8), getsebool(8), ausearch(8).
SELINUX = r"""
[ -e /sys/fs/selinux/enforce ] || exit 0
e=$(getenforce 2>/dev/null) || case $(cat /sys/fs/selinux/enforce) in
  1) e=Enforcing ;; *) e=Permissive ;; esac
echo "mode $e"; getsebool httpd_can_network_connect httpd_can_network_relay 2>/dev/null
[ -r /var/log/audit/audit.log ] && echo logged
ausearch --input-logs -m avc -c nginx -ts recent 2>/dev/null ||
  grep 'avc: *denied.*comm="nginx"' /var/log/audit/audit.log 2>/dev/null | tail -n 20; :
"""


async def sockets(look: Look, config: NginxConfig, paths: list[str]) -> None:
    """Who may use them. Root may everything, and so can only look at that."""
    if not paths:
        return
    at = look.now()
    masters = (one for state in look.seen(NginxState) for one in state.masters if not one.foreign)
    master = next((str(one.pid) for one in masters), "0")
    words = (master, _user(look, config), *paths)
    ran = await look.machine.run("sh", "-c", SOCKETS, "sh", *words)
    for seen in read_sockets(ran.out):
        look.see(replace(seen, at=at, took=ran.took))


def _user(look: Look, config: NginxConfig) -> str:
    """By the configuration, else by the build (ngx_core_module, `user`)."""
    given = [one.args[0] for one in config.main if one.name == "user" and one.args]
    built = [
        one.partition("=")[2]
        for build in look.seen(NginxBuild)
        for one in build.arguments
        if one.startswith("--user=")
    ]
    return next(iter([*given, *built]), "nobody")


def read_sockets(text: str) -> tuple[UpstreamSocket, ...]:
    """Read what SOCKETS printed."""
    head, *parts = text.split("\nsocket ")
    said = dict(line.partition(" ")[::2] for line in head.splitlines())
    number, _, name = said.get("user", "").partition(" ")
    user = int(number) if number.isdecimal() else None
    groups = tuple(int(one) for one in said.get("groups", "").split() if one.isdecimal())
    return tuple(_socket(part, user, groups, clean(name, 40)) for part in parts)


def _socket(part: str, user: int | None, groups: tuple[int, ...], name: str) -> UpstreamSocket:
    path, *lines = part.splitlines()
    group = next((one.partition(" ")[2] for one in lines if one.startswith("group ")), "")
    listening = [one.partition(" ")[2] for one in lines if one.startswith("listens ")]
    shown = [one for one in lines if not one.startswith(("group ", "listens "))]
    above, at, failure = [], path, None
    for number, line in enumerate(shown):
        if one := file_permissions.listed(at, line):
            above.append(one)
        elif not number:
            denied = "Permission denied" in line
            failure = Failure("denied" if denied else "missing", clean(line.rpartition(": ")[2]))
        at = at.rpartition("/")[0] or "/"
    return UpstreamSocket(
        vantage=Vantage.SERVER,
        equivalent=f"namei -l {shlex.quote(path)}",
        failure=failure,
        path=path,
        above=tuple(above),
        user=user,
        groups=groups,
        names=(name, clean(group, 40)),
        listening=tuple(clean(one) for one in listening),
    )


# SELinux


async def selinux(look: Look) -> None:
    """Once."""
    if look.seen(Selinux) or not look.options.wants("upstream"):
        return
    at = look.now()
    ran = await look.machine.run("sh", "-c", SELINUX)
    seen = read_selinux(ran.out)
    if seen and not look.seen(Selinux):
        look.see(replace(seen, at=at, took=ran.took))


def read_selinux(text: str) -> Selinux | None:
    """Read what SELINUX printed; None where there is none."""
    lines = text.splitlines()
    mode = next((one.partition(" ")[2] for one in lines if one.startswith("mode ")), "")
    if not mode:
        return None
    return Selinux(
        vantage=Vantage.SERVER,
        equivalent="getenforce; getsebool httpd_can_network_connect; ausearch -m avc -c nginx",
        mode=clean(mode, 20),
        booleans=wire.booleans(text),
        denials=wire.denials(text)[:20],
        logged="logged" in lines,
    )

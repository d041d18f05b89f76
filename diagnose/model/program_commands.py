"""Commands that end a program and start it again where no service of systemd has it: those of other
managers of processes, its own signal, and for a program that somebody started by hand the command
that starts it as it was (ADR 94)."""

from typing import assert_never

from diagnose.model.processes import Starter
from diagnose.model.steps import Command, Effect

#: Prints the processes that listen at $at, and finds the one whose arguments have the checksum
#: $sum: the topmost of them, `p`. proc_pid_cmdline(5), ss(8), cksum(1).
_FIND = r"""
at=$1 sum=$2; shift 2; exec 3>&2
fail() { echo "$*" >&3; exit 1; }
pids() { case $at in /*) ss -Hlxp src "$at" ;; *) ss -Hltnp "sport = :$at" ;; esac | grep -o "pid=[0-9]*" | cut -d= -f2 | sort -nu; }
up() { ps -o ppid= -p "$1" | tr -d " "; }
p=
for c in $(pids); do while [ "${c:-0}" -gt 1 ]; do
  [ "$(cksum <"/proc/$c/cmdline" | tr " " -)" = "$sum" ] && p=$c; c=$(up "$c")
done; done
"""  # noqa: E501

_SIGNAL = r"""
[ "$p" ] || fail "another program listens at $at now"
kill -s "$1" "$p"
"""

#: Writes a script that starts the program, which only root may read, ends the program, and runs
#: the script. It stays if the program ends at once: then the command runs it again. Further
#: arguments are variables for the program ("NAME=VALUE") and new values of its options
#: ("--option=VALUE"), and after "--" the words that start it in place of its own, which it has
#: written over.
_RESTART = r"""
alive() { readlink "/proc/$1/exe" >/dev/null; }
any() { for c; do alive "$c" && return; done; return 1; }
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$p/status"; }
q=$(printf "\047")
quoted() { sed -z "s/$q/$q\\\\$q$q/g; s/^/$q/; s/\$/$q/" | tr "\0" " "; }
name=$(echo "-$at" | tr / -); start=/run/diagnose-start$name
{ echo | sed -z "" && command -v setsid && command -v setpriv; } >/dev/null || fail "sed -z, setsid and setpriv are needed"
if [ "$p" ]; then
  umask 077
  cwd=$(readlink "/proc/$p/cwd"); cwd=${cwd% (deleted)}; [ -d "$cwd" ] || fail "no folder $cwd"
  out=$(readlink "/proc/$p/fd/1"); [ -f "$out" ] || [ "$out" = /dev/null ] || out=/var/log/diagnose$name.log
  err=$(readlink "/proc/$p/fd/2"); [ -f "$err" ] || err=$out
  u=$(field Uid | cut -f2) groups=$(field Groups | sed "s/ *\$//; s/ /,/g") as=
  [ "$u" = "$(id -u)" ] || as="$(command -v setpriv) --reuid=$u --regid=$(field Gid | cut -f2) ${groups:+--groups=$groups}"
  [ -z "$as" ] || [ "$groups" ] || as="$as --clear-groups"
  case $at in [0-9]|[0-9][0-9]|[0-9][0-9][0-9]) [ -z "$as" ] || as="$as --inh-caps=+net_bind_service --ambient-caps=+net_bind_service" ;; esac
  {
    sed -n "s/^Max open files *\([0-9]*\) *\([0-9]*\) .*/ulimit -Hn \2; ulimit -Sn \1/p" "/proc/$p/limits"
    printf "umask %s\ncd " "$(field Umask)"; printf "%s\0" "$cwd" | quoted; echo "|| exit"
    { cat "/proc/$p/environ"; for e; do case $e in --) break ;; esac; printf "%s\0" "$e"; done; } |
      sed -z "/^[A-Za-z_][A-Za-z0-9_]*=/!d; s/$q/$q\\\\$q$q/g; s/=/=$q/; s/^/export /; s/\$/$q/" | tr "\0" "\n"
    printf "exec %s %s " "$(command -v setsid)" "$as"; s=
    for e; do case $e in --) break ;; -*) v=$(echo "${e#*=}" | sed "s/[&|]/\\\\&/g"); o=${e%%=*}; s="$s;s|^$o=.*|$o=$v|;/^$o\$/{n;s|.*|$v|}" ;; esac; done
    while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
    if [ $# -gt 1 ]; then shift; printf "%s\0" "$@"; else sed -z "$s" "/proc/$p/cmdline"; fi | quoted
    printf "</dev/null >>"; printf "%s\0" "$out" | quoted; printf "2>>"; printf "%s\0" "$err" | quoted
  } >"$start" || fail "$start cannot be written"
  parent=$(up "$p") old=$(pids) n=0
  echo $$ >"/sys/fs/cgroup$(sed -n s/^0:://p "/proc/$p/cgroup")/cgroup.procs"
  kill "$p"
  while alive "$p"; do [ $((n += 1)) -lt 75 ] || fail "$p does not end. When it has: env -i sh $start"; sleep 0.2; done
  for c in $old; do alive "$c" && kill "$c"; done; n=0
  while any $old; do [ $((n += 1)) -lt 25 ] || fail "a child of $p does not end. When it has: env -i sh $start"; sleep 0.2; done
  n=0
  case $(tr "\0" " " <"/proc/$parent/cmdline") in
    *systemd*|*/init\ *|init\ *|*tini*|SCREEN*|*screen\ *|tmux*|sshd*|login*) n=60 ;;
    *\ *\ *) ;;
    *sh\ |"") n=60 ;;
  esac
  while [ $((n += 1)) -lt 60 ] && alive "$parent"; do
    if [ "$(pids)" ]; then rm -f "$start"; echo "process $parent has started it again"; exit; fi; sleep 0.2
  done
fi 2>/dev/null
[ -s "$start" ] || fail "another program listens at $at now, or none"
env -i "PATH=$PATH" sh "$start" 3>&- & c=$! n=0
until [ "$(pids)" ]; do alive "$c" || n=$((n + 5)); [ $((n += 1)) -lt 150 ] || break; sleep 0.2; done
[ "$(pids)" ] || alive "$c" || fail "it ended at its start, see$(sed -n "s/.*2>>//p" "$start")"
rm -f "$start"
"""  # noqa: E501


def restart_program(starter: Starter, settings: tuple[str, ...] = ()) -> Command:
    """End a program that somebody started by hand, and start it again as the same user, in the same
    folder, with the same arguments and environment, out of its terminal.

    `settings` are variables ("NAME=VALUE") that it gets besides, and new values of its options
    ("--option=VALUE"). It is not killed: one that does not end within 15 seconds makes the command
    fail. Its output goes to the file as before, that of a terminal or a pipe to
    /var/log/diagnose-PORT.log."""
    words = ("--", *starter.words) if starter.words else ()
    script = (_FIND + _RESTART).strip()
    place = (starter.endpoint, starter.digest)
    return Command(("sh", "-c", script, "sh", *place, *settings, *words), Effect.RESTART)


def signal_program(starter: Starter) -> Command:
    """Tell the master of a program to load its configuration and its source again, by its own
    signal (gunicorn, uWSGI: HUP; puma, PHP-FPM: USR2)."""
    script = (_FIND + _SIGNAL).strip()
    words = (starter.endpoint, starter.digest, starter.name)
    return Command(("sh", "-c", script, "sh", *words), Effect.RELOAD)


def restart_managed(starter: Starter) -> Command:
    """Restart a program by what manages it: pm2(1), supervisorctl(1), sv(8), s6-svc, rc-service(8)
    or monit(1)."""
    words: tuple[str, ...]
    match starter.kind:
        case "pm2":
            folder = starter.tool.rpartition("/")[0]
            path = f"PATH={folder}:/usr/local/bin:/usr/bin:/bin"
            words = ("env", path, f"PM2_HOME={starter.home}", starter.tool, "restart", starter.name)
            if starter.user not in {"", "root"}:
                words = ("runuser", "-u", starter.user, "--", *words)
        case "supervisor":
            file = ("-c", starter.home) if starter.home else ()
            words = ("supervisorctl", *file, "restart", starter.name)
        case "runit":
            words = ("sv", "restart", starter.home)
        case "s6":
            words = ("s6-svc", "-r", starter.home)
        case "openrc":
            words = ("rc-service", starter.name, "restart")
        case "monit":
            words = ("monit", "restart", starter.name)
        case "signal" | "command":
            raise ValueError(f"no manager: {starter.kind}")
        case _:
            assert_never(starter.kind)
    return Command(words, Effect.RESTART)


def restart_by(starter: Starter, settings: tuple[str, ...] = ()) -> tuple[Command, ...]:
    """Return what ends the program and starts it again; () if nothing is known that brings its new
    variables and options into force."""
    match starter.kind:
        case "command":
            return (restart_program(starter, settings),)
        case "signal":
            return () if settings else (signal_program(starter),)
        case _:
            return () if settings else (restart_managed(starter),)

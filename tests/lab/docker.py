"""A stand-in for the program `docker`, which does not run in the laboratory: it answers `ps`,
`inspect` and `logs` in docker's form, written by hand; its containers are namespaces with a root of
their own.

    docker.py run FILE     with a container's description in JSON
    docker.py start NAME   and stop, restart, pause, unpause, exec, logs
    docker.py network …    create, connect, disconnect, rm (`container_networks.py`)
    docker.py compose …    up -d, config, ps, restart, stop (`compose.py`)

The control group is like docker's, /docker/ID, the network a bridge with the rules of iptables.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import container_networks as networks
from tests.lab.container_networks import sh

HOME = Path("/run/containers")
#: The program of a container may lie here.
NEEDED = (Path(__file__).resolve(), Path(sys.prefix).resolve())
#: Builds the root of a container and becomes its program. $1 its folder, $2 its root, the rest the
#: command; binds are lines "SOURCE POINT" in the file `binds`. No image has the server's sites: the
#: file `hidden` names what lies in /srv there.
ENTER = r"""
set -e
home=$1; root=$home/root; shift
mount --make-rprivate /
mkdir -p "$root" "$home/upper" "$home/work"
mount -t overlay lab -o "lowerdir=/,upperdir=$home/upper,workdir=$home/work" "$root"
for point in hosts resolv.conf; do
  rm -f "$root/etc/$point"; touch "$root/etc/$point"
  mount --bind "$home/$point" "$root/etc/$point"
done
while read -r path; do rm -rf "$root$path"; done <"$home/hidden"
mount -t tmpfs run "$root/run"
while read -r source point; do
  if [ -d "$source" ]; then mkdir -p "$root$point"
  else mkdir -p "$root${point%/*}"; [ -e "$root$point" ] || touch "$root$point"; fi
  mount --bind "$source" "$root$point"
done <"$home/binds"
mount -t proc proc "$root/proc"
mount -t tmpfs dev "$root/dev"
for name in null zero urandom random; do
  touch "$root/dev/$name"; mount --bind /dev/$name "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"; ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir -p "$root/tmp/old"
cd "$root"; pivot_root . tmp/old; umount -l /tmp/old
exec "$@"
"""


def load(name: str) -> dict[str, Any]:
    files = [HOME / name / "config.json"] if (HOME / name).is_dir() else HOME.glob("*/config.json")
    for path in files:
        container: dict[str, Any] = json.loads(path.read_text())
        if name in {container["name"], container["id"], container["id"][:12]}:
            return container
    sys.exit(f"Error response from daemon: No such container: {name}")


def save(container: dict[str, Any]) -> None:
    folder = HOME / container["name"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(container))


def published(container: dict[str, Any]) -> list[tuple[int, int, str]]:
    """The port of the server, the port inside, and the address of the server, of each."""
    host = container.get("bind", "0.0.0.0")
    return [(entry[0], entry[1], (*entry[2:], host)[0]) for entry in container["ports"]]


def network(container: dict[str, Any], add: bool) -> None:
    """The network namespace, and the rules of iptables for each published port."""
    if container.get("network") == "host":
        return
    name, nets = container["name"], networks.nets_of(container)
    if add:
        sh(f"ip netns del {name} 2>/dev/null; ip netns add {name}")
        sh(f"ip -n {name} link set lo up")
        for number, (each, at) in enumerate(nets.items()):
            networks.plug(container, each, at, number)
    word = "-A" if add else "-D"
    first, address = next(iter(nets.items()), ("", ""))
    bridge = networks.network_of(first)["bridge"] if first else ""
    for outer, inner, host in published(container) if first else ():
        where = f"-d {host}/32" if host != "0.0.0.0" else ""
        sh(
            f"""
            iptables -t nat {word} DOCKER {where} ! -i {bridge} -p tcp --dport {outer} \
              -j DNAT --to-destination {address}:{inner}
            iptables {word} DOCKER -d {address}/32 ! -i {bridge} -o {bridge} -p tcp -m tcp \
              --dport {inner} -j ACCEPT
        """,
            check=add,
        )
    if not add:
        sh(f"ip netns del {name}", check=False)


def start(container: dict[str, Any]) -> None:
    folder = HOME / container["name"]
    for name in container.get("nets", ()):
        if name not in networks.known():
            digest = sha256(name.encode()).hexdigest()
            refusal = f"failed to set up container networking: network {digest} not found"
            save(container | {"error": refusal})
            sys.exit(f"Error response from daemon: {refusal}")
    network(container, True)
    if refusal := proxy(container):
        stop(container)
        save(container | {"state": "created", "status": "Created", "error": refusal})
        sys.exit(f"Error response from daemon: {refusal}")
    container["error"] = ""
    (folder / "hosts").write_text(container["hosts"])
    (folder / "resolv.conf").write_text(container.get("resolv", "nameserver 203.0.113.1\n"))
    sites = [
        path
        for path in Path("/srv").iterdir()
        if not any(each.is_relative_to(path) for each in NEEDED)
    ]
    (folder / "hidden").write_text("".join(f"{path}\n" for path in sites))
    # /var/run is a link to /run, which a link's reader outside of its root takes for the server's.
    points = [(a, b.replace("/var/run/", "/run/", 1)) for a, b in container["binds"]]
    (folder / "binds").write_text("".join(f"{a} {b}\n" for a, b in points))
    group = HOME / "cgroup/docker" / container["id"]
    group.mkdir(parents=True, exist_ok=True)

    def joined() -> None:
        os.setsid()
        (group / "cgroup.procs").write_text(str(os.getpid()))

    with (folder / "log").open("ab") as log:
        where = [] if container.get("network") == "host" else ["nsenter"]
        where += [f"--net=/run/netns/{container['name']}"] if where else []
        argv = [*where, "unshare", "--mount", "--pid",
                "--uts", "--ipc", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", str(folder),
                *container["argv"]]  # fmt: skip
        holder = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=joined, cwd="/"
        )
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    deadline, pid = time.monotonic() + 5, 0
    while time.monotonic() < deadline and not pid and holder.poll() is None:
        pid = next((int(word) for word in children.read_text().split()), 0)
        time.sleep(0.005)
    health = f" ({container['health']})" if "health" in container else ""
    container |= {"pid": pid, "holder": holder.pid, "state": "running"}
    container["status"] = f"Up 2 seconds{health}"
    save(container)
    networks.write_names()


def proxy(container: dict[str, Any]) -> str:
    """docker-proxy, one for each published port. As the daemon does, wait until each listens before
    the container's program is started; return the daemon's words if a port is taken (docker 28)."""
    link = HOME / "docker-proxy"
    if not link.exists():
        link.symlink_to(sys.executable)
    proxies = container.setdefault("proxies", [])
    address = next(iter(networks.nets_of(container).values()), "")
    for outer, inner, host in published(container) if address else ():
        words = [FORWARD, host, str(outer), address, str(inner)]
        process = subprocess.Popen(
            [str(link), "-c", *words],
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        proxies.append(process.pid)
        if process.stdout is not None and not process.stdout.read(1):
            return (
                "failed to set up container networking: driver failed programming external"
                f" connectivity on endpoint {container['name']} ({container['id']}): failed to bind"
                f" host port {host}:{outer}/tcp: address already in use"
            )
    return ""


FORWARD = """
import asyncio, os, sys
host, outer, address, inner = sys.argv[1:]
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    try:
        there, back = await asyncio.open_connection(address, int(inner))
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(serve, host, int(outer))
    os.write(1, b".")
    os.close(1)
    await server.serve_forever()
asyncio.run(main())
"""


def stop(container: dict[str, Any], code: int = 0) -> None:
    for pid in (container.get("holder"), *container.pop("proxies", ())):
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    network(container, False)
    container |= {"pid": 0, "state": "exited", "status": f"Exited ({code}) 3 seconds ago"}
    save(container)
    networks.write_names()


def remove(container: dict[str, Any]) -> None:
    """What is in it alone is lost, as with docker."""
    stop(container)
    shutil.rmtree(HOME / container["name"], ignore_errors=True)


def pause(container: dict[str, Any], stops: bool) -> None:
    """Its first process alone: docker freezes the control group, which is not ours to freeze."""
    os.kill(int(container["pid"]), signal.SIGSTOP if stops else signal.SIGCONT)
    status = "Up 2 minutes (Paused)" if stops else "Up 2 minutes"
    save(container | {"state": "paused" if stops else "running", "status": status})


def listed(container: dict[str, Any]) -> str:
    running = container["state"] in {"running", "paused"}
    ports = [f"{host}:{outer}->{inner}/tcp" for outer, inner, host in published(container)]
    inner_ports = {inner for _, inner, _ in published(container)}
    # docker(1) shows ports that an image or Compose exposes, too.
    ports += [f"{port}/tcp" for port in container.get("exposed", ()) if port not in inner_ports]
    return json.dumps(
        {
            "Command": json.dumps(" ".join(container["argv"])[:20] + "…"),
            "ID": container["id"],
            "Image": container["image"],
            "Labels": ",".join(f"{a}={b}" for a, b in container.get("labels", {}).items()),
            "Names": container["name"],
            "Networks": networks.shown_networks(container),
            # Docker lists the ports of running containers only.
            "Ports": ", ".join(ports) if running else "",
            "State": container["state"],
            "Status": _status(container),
        }
    )


def _status(container: dict[str, Any]) -> str:
    told = health(container)[0] if "healthcheck" in container else ""
    return f"{container['status']} ({told})" if told else str(container["status"])


def health(container: dict[str, Any]) -> tuple[str, str]:
    """The state that its engine tells ("" without a test), and the words of its test."""
    words = container.get("healthcheck")
    if not words or container["state"] != "running":
        return str(container.get("health", "")), str(container.get("health_output", ""))
    argv = ["sh", "-c", " ".join(words[1:])] if words[0] == "CMD-SHELL" else words[1:]
    enter = ["nsenter", "-t", str(container["pid"]), "-a"]
    done = subprocess.run([*enter, *argv], capture_output=True, text=True, timeout=10)
    return ("unhealthy" if done.returncode else "healthy"), done.stdout + done.stderr


def is_asked(container: dict[str, Any], words: list[str]) -> bool:
    """`--filter publish=PORT`."""
    wanted = [word.partition("=")[2] for word in words if word.startswith("publish=")]
    return not wanted or str(wanted[0]) in {str(outer) for outer, _, _ in published(container)}


def ps(words: list[str]) -> None:
    containers = [json.loads(path.read_text()) for path in sorted(HOME.glob("*/config.json"))]
    every = any(word in {"-a", "-aq"} for word in words)
    states = [word.partition("=")[2] for word in words if word.startswith("status=")]
    for container in containers:
        if (every or container["state"] in {"running", "paused"}) and (
            not states or container["state"] in states
        ):
            if not is_asked(container, words):
                continue
            if "health=unhealthy" in words and health(container)[0] != "unhealthy":
                continue
            if "{{.Names}}" in words:
                print(container["name"])
            else:
                print(container["id"] if {"-aq", "-q"} & {*words} else listed(container))


def copy(source: str, target: str) -> None:
    """`docker cp NAME:PATH PATH`, or the other way; to "-" as tar, also of one that ended."""
    if target == "-":
        name, _, inner = source.partition(":")
        own = HOME / load(name)["name"] / f"upper{inner}"
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            archive.add(own if own.exists() else inner, Path(inner).name)
        return
    paths = []
    for word in (source, target):
        name, colon, inner = word.partition(":")
        paths.append(f"/proc/{load(name)['pid']}/root{inner}" if colon else word)
    Path(paths[1]).write_bytes(Path(paths[0]).read_bytes())


def place(container: dict[str, Any]) -> None:
    """What diagnose/probes/inside/shell/program_place.sh asks for."""
    labels = container.get("labels", {})
    for source, point in container["binds"]:
        print(f"mount {point} {source}")
    for each in networks.nets_of(container):
        print(f"gateway {networks.network_of(each)['prefix']}.0.1")
    print(f"image {container['image']}")
    for word, label in (("compose", "project.config_files"), ("service", "service"),
                        ("project", "project")):  # fmt: skip
        print(f"{word} {labels.get(f'com.docker.compose.{label}', '')}")


def labelled(container: dict[str, Any]) -> str:
    """What diagnose/probes/inside/shell/container_variables.sh asks for."""
    names = ("project.config_files", "service", "project", "project.working_dir")
    words = ("compose", "service", "project", "folder")
    labels = (container.get("labels", {}).get(f"com.docker.compose.{name}", "") for name in names)
    return "\n".join(map(" ".join, zip(words, labels, strict=True)))


def user_of(container: dict[str, Any]) -> str:
    """The USER of its image: whom setpriv(1) makes of root here."""
    words = container["argv"]
    flags = [flag for flag in ("--reuid", "--regid") if flag in words]
    return ":".join(str(words[words.index(flag) + 1]) for flag in flags)


def addressed(name: str) -> None:
    """What program_place.sh asks for to find a container by its name or address."""
    container = load(name)
    service = container.get("labels", {}).get("com.docker.compose.service", "")
    names = [container["name"], service] if service else []
    nets = networks.nets_of(container) or {"host": ""}
    parts = (" ".join([network, address, *names]) for network, address in nets.items())
    print(f"/{container['name']} {service} | {' | '.join(parts)}")


def main() -> None:
    word, *words = sys.argv[1:]
    match word:
        case "ps":
            ps(words)
        case "run":
            container = json.loads(Path(words[0]).read_text())
            save(container)
            if "--created" not in words:
                start(container)
        case "start":
            for name in words:
                start(load(name))
        case "stop":
            for name in words:
                stop(load(name))
        case "restart":
            container = load(words[0])
            stop(container)
            start(container)
        case "network":
            networks.command(words, sys.modules[__name__])
        case "compose":
            from tests.lab.compose import Compose

            Compose(sys.modules[__name__], networks).run(words)
        case "kill":
            # -s SIGNAL NAME
            number = signal.Signals[f"SIG{words[1].removeprefix('SIG')}"]
            os.kill(int(load(words[-1])["pid"]), number)
        case "pause" | "unpause":
            pause(load(words[0]), word == "pause")
        case "update":
            # --restart POLICY NAME …
            for name in words[2:]:
                save(load(name) | {"restart": words[1]})
        case "ended":
            stop(load(words[0]), int(words[1]))
            save(load(words[0]) | {"oom": "OOMKilled" in words})
        case "refused":
            # It could not be started: `docker compose up` leaves it behind as created.
            stop(load(words[0]))
            save(load(words[0]) | {"state": "created", "status": "Created", "error": words[1]})
        case "inspect" if words[1].startswith("compose {{index .Config.Labels"):
            print(labelled(load(words[-1])))
        case "inspect" if words[1].endswith("{{println $n}}{{end}}"):
            print("\n".join(load(words[-1]).get("nets", ())))
        case "inspect" if words[1] == "{{.Config.Image}}":
            print(load(words[-1])["image"])
        case "inspect" if ".Config.User" in words[1]:
            known = load(words[-1])
            print(f"user {user_of(known)}\nmode \nhome /var/lib/docker/containers/{known['id']}/r")
        case "inspect" if words[1].startswith("{{index .Config.Labels"):
            label = words[1].split('"')[1]
            print(load(words[-1]).get("labels", {}).get(label, ""))
        case "inspect" if ".State.Pid" in words[1]:
            print(load(words[-1])["pid"])
        case "inspect" if ".Config.Env" in words[1]:
            print("\n".join(load(words[-1]).get("env", ())))
        case "inspect" if ".Aliases" in words[1]:
            for name in words[2:]:
                addressed(name)
        case "inspect" if ".Config.Image" in words[1]:
            place(load(words[-1]))
        case "inspect" if ".State" in words[1]:
            known = load(words[-1])
            if ".Health" in words[1]:
                print(json.dumps({"Log": [{"ExitCode": 1, "Output": health(known)[1]}]}))
                return
            print(
                json.dumps({"OOMKilled": known.get("oom", False), "Error": known.get("error", "")})
            )
            print(json.dumps({"Name": known.get("restart", "no"), "MaximumRetryCount": 0}))
        case "inspect" if ".Mounts" in words[1]:
            for source, point in load(words[-1])["binds"]:
                print(f"{source}\t{point}")
        case "inspect":
            ports = published(load(words[-1]))
            bound = {
                f"{inner}/tcp": [
                    {"HostIp": "" if host == "0.0.0.0" else host, "HostPort": f"{outer}"}
                ]
                for outer, inner, host in ports
            }
            print(json.dumps(bound))
        case "logs":
            print((HOME / load(words[-1])["name"] / "log").read_text(errors="replace"), end="")
        case "cp":
            copy(*words)
        case "exec":
            container = load(words[0])
            enter = ["nsenter", "-t", str(container["pid"]), "-a"]
            os.execvp("nsenter", [*enter, "env", *container.get("env", ()), *words[1:]])


if __name__ == "__main__":
    main()

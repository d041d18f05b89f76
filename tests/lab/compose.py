"""`docker compose` of the stand-in (`docker.py`): the part of the Compose specification that the
remedies need. What it does not know it refuses, and says whose fault that is.

    compose.py [-f FILE …] [-p NAME] up -d [--force-recreate] [SERVICE …]
    and config, ps, restart, stop

An image is what `images.json` says of it: a program.
"""

import json
import os
import re
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import yaml

HOME = Path("/run/containers")
FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
#: What it does something with, and what it may leave alone without a lie.
DONE = {
    "image", "container_name", "command", "ports", "volumes", "extra_hosts", "networks",
    "network_mode", "environment", "env_file", "depends_on", "labels", "expose", "healthcheck",
}  # fmt: skip
LEFT = {"restart", "logging", "stdin_open", "tty"}
#: What the specification has besides.
OTHERS = {
    "build", "entrypoint", "secrets", "configs", "deploy", "dns", "links", "user",
    "working_dir", "profiles", "cap_add", "cap_drop", "privileged", "tmpfs", "ulimits", "sysctls",
    "security_opt", "extends", "hostname", "init", "devices", "mem_limit", "pid", "platform",
}  # fmt: skip


def fail(words: str, code: int = 1) -> NoReturn:
    print(words, file=sys.stderr)
    sys.exit(code)


class Project:
    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        try:
            read = yaml.safe_load(path.read_text())
        except OSError:
            fail(f"open {path}: no such file or directory", 14)
        except yaml.YAMLError as error:
            fail(f"yaml: {str(error).splitlines()[0]}", 15)
        self.file: dict[str, Any] = read or {}
        folder = re.sub(r"[^a-z0-9_-]", "", path.parent.name.lower())
        self.name = name or self.file.get("name") or folder
        self.services: dict[str, dict[str, Any]] = self.file.get("services") or {}
        self.check()

    def check(self) -> None:
        for word in self.file:
            if word not in {"services", "networks", "volumes", "version", "name"}:
                fail(f"validating {self.path}: additional properties '{word}' not allowed", 15)
        if not self.services:
            fail("empty compose file", 14)
        for name, service in self.services.items():
            for word in service or fail(f"services.{name} must be a mapping", 15):
                if word in OTHERS:
                    fail(f"the stand-in does not know '{word}' of services.{name}", 99)
                if word not in DONE | LEFT:
                    fail(f"validating {self.path}: services.{name} additional properties"
                         f" '{word}' not allowed", 15)  # fmt: skip
            if service.get("network_mode") and service.get("networks"):
                fail(f"service {name} declares mutually exclusive `network_mode` and `networks`:"
                     " invalid compose project", 15)  # fmt: skip
            for key in self.keys(service):
                if key != "default" and key not in (self.file.get("networks") or {}):
                    fail(f'service "{name}" refers to undefined network {key}:'
                         " invalid compose project", 15)  # fmt: skip

    def keys(self, service: dict[str, Any]) -> list[str]:
        if service.get("network_mode"):
            return []
        return list(service.get("networks") or ["default"])

    def network(self, key: str) -> str:
        own = (self.file.get("networks") or {}).get(key) or {}
        if own.get("external"):
            return str(own.get("name") or key)
        return str(own.get("name") or f"{self.name}_{key}")

    def is_external(self, key: str) -> bool:
        return bool(((self.file.get("networks") or {}).get(key) or {}).get("external"))

    def env_file(self, name: str | None) -> list[str]:
        """The lines "NAME=VALUE" of the one file that a service names."""
        text = (self.path.parent / name).read_text() if name else ""
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def container(self, service: str) -> dict[str, Any]:
        """What `docker.py` keeps of a container, but for what it is given at its start."""
        own = self.services[service]
        image = own.get("image", "")
        images = json.loads((HOME / "images.json").read_text())
        if image not in images:
            fail(f"Error response from daemon: pull access denied for {image}", 18)
        command = own.get("command")
        program = (command.split() if isinstance(command, str) else command) or images[image]
        if str(program[0]).startswith("--"):
            # What follows the image's entry point.
            program = [*images[image], *program]
        variables = [*self.env_file(own.get("env_file")), *_pairs(own.get("environment"))]
        hosts = own.get("extra_hosts") or []
        if isinstance(hosts, dict):
            hosts = [f"{a}:{b}" for a, b in hosts.items()]
        pairs = [re.split("[:=]", line, maxsplit=1) for line in hosts]
        lines = (f"{_gateway(b)} {a}\n" for a, b in pairs)
        return {
            "name": own.get("container_name") or f"{self.name}-{service}-1",
            "image": image,
            "argv": ["env", *variables, *map(str, program)],
            "env": variables,
            "restart": {False: "no"}.get(own.get("restart", "no"), own.get("restart", "no")),
            **self.watched(own, image),
            "ports": [_port(entry) for entry in own.get("ports") or ()],
            "binds": [self.bind(entry) for entry in own.get("volumes") or ()],
            "hosts": "127.0.0.1 localhost\n" + "".join(lines),
            "network": "host" if own.get("network_mode") == "host" else "",
            "labels": dict(line.partition("=")[::2] for line in _pairs(own.get("labels")))
            | {
                f"com.docker.compose.{name}": value
                for name, value in (
                    ("project", self.name),
                    ("project.config_files", str(self.path)),
                    ("project.working_dir", str(self.path.parent)),
                    ("service", service),
                    ("version", "2.29.7"),
                    ("depends_on", self.waits(own)),
                )
            },
        }

    def watched(self, own: dict[str, Any], image: str) -> dict[str, Any]:
        """The ports that it shows to other containers, and the test of its health: its image may
        have one, where the file has none (`tests.json`)."""
        ports = [int(str(port).removesuffix("/tcp")) for port in own.get("expose") or ()]
        tests = HOME / "tests.json"
        known = json.loads(tests.read_text()) if tests.exists() else {}
        check = own.get("healthcheck") or {"test": known.get(image, ["NONE"])}
        test = check.get("test") or ["NONE"]
        words = ["CMD-SHELL", test] if isinstance(test, str) else list(test)
        is_off = check.get("disable") or words[0] == "NONE"
        return {"exposed": ports} if is_off else {"exposed": ports, "healthcheck": words}

    def bind(self, entry: object) -> list[str]:
        if isinstance(entry, dict):
            source, point = str(entry["source"]), str(entry["target"])
        else:
            source, _, rest = str(entry).partition(":")
            point = rest.partition(":")[0]
        if not point or not source.startswith((".", "/", "~")):
            fail(f"the stand-in does not know the volume {entry}", 99)
        return [os.path.normpath(self.path.parent / source), point]

    def waits(self, own: dict[str, Any]) -> str:
        names = own.get("depends_on") or []
        if isinstance(names, dict):
            return ",".join(f"{name}:{how['condition']}:false" for name, how in names.items())
        return ",".join(f"{name}:service_started:false" for name in names)

    def with_needed(self, names: list[str]) -> list[str]:
        found: list[str] = []
        for name in names:
            if name not in self.services:
                fail(f"no such service: {name}")
            own = list(self.services[name].get("depends_on") or ())
            found += [each for each in (*self.with_needed(own), name) if each not in found]
        return found


def _pairs(entries: object) -> list[str]:
    """Lines "NAME=VALUE" of a list or of a mapping."""
    if isinstance(entries, dict):
        return [f"{a}={'' if b is None else b}" for a, b in entries.items()]
    return [str(line) for line in entries or ()] if isinstance(entries, list) else []


def _gateway(address: str) -> str:
    return "172.17.0.1" if address == "host-gateway" else address.strip("[]")


def _port(entry: object) -> list[Any]:
    """[PORT OF THE SERVER, PORT INSIDE, ADDRESS]."""
    if isinstance(entry, dict):
        host = entry.get("host_ip") or "0.0.0.0"
        return [int(entry["published"]), int(entry["target"]), host]
    text = str(entry).removesuffix("/tcp")
    match = re.fullmatch(r"(?:(\d+\.[\d.]+|\[[\da-f:]+\]):)?(?:(\d+):)?(\d+)", text)
    if match is None or match[2] is None:
        fail(f"the stand-in does not know the port {entry}", 99)
    return [int(match[2]), int(match[3]), match[1] or "0.0.0.0"]


class Compose:
    """The commands, with the functions of `docker.py` that start and stop containers."""

    def __init__(self, engine: Any, networks: Any) -> None:
        self.engine, self.networks = engine, networks

    def own(self, project: Project) -> dict[str, dict[str, Any]]:
        """The containers of a project, by their services."""
        found = {}
        for container in self.networks.containers():
            labels = container.get("labels", {})
            if labels.get("com.docker.compose.project") == project.name:
                found[str(labels["com.docker.compose.service"])] = container
        return found

    def up(self, project: Project, words: list[str]) -> None:
        names = [word for word in words if not word.startswith("-")]
        unknown = {word for word in words if word.startswith("-")} - {
            "-d", "--detach", "--force-recreate", "--no-deps"}  # fmt: skip
        if unknown:
            fail(f"unknown flag: {min(unknown)}", 16)
        if not {"-d", "--detach"} & {*words}:
            fail("the stand-in starts containers in the background alone: up -d", 99)
        asked = names or list(project.services)
        is_alone = "--no-deps" in words
        for name in asked if is_alone else project.with_needed(asked):
            sick = "" if is_alone else self.sick_dependency(project, name)
            self.up_one(project, name, "--force-recreate" in words and name in asked, sick)

    def sick_dependency(self, project: Project, service: str) -> str:
        """The container that a service waits for, if the test of its health keeps failing."""
        needed = project.services[service].get("depends_on") or []
        for name in needed if isinstance(needed, dict) else ():
            if needed[name].get("condition") != "service_healthy":
                continue
            container = self.own(project)[name]
            deadline = time.monotonic() + 5
            while self.engine.health(container)[0] == "unhealthy":
                if time.monotonic() > deadline:
                    return str(container["name"])
                time.sleep(0.2)
        return ""

    def up_one(self, project: Project, service: str, anew: bool, sick: str = "") -> None:
        wanted = project.container(service)
        keys = project.keys(project.services[service])
        for key in keys:
            name = project.network(key)
            if name in self.networks.known():
                continue
            if project.is_external(key):
                fail(f"network {name} declared as external, but could not be found")
            self.networks.create(name)
        digest = sha256(json.dumps([wanted, keys]).encode()).hexdigest()
        wanted["labels"]["com.docker.compose.config-hash"] = digest
        old, name = self.own(project).get(service), wanted["name"]
        if old and not anew and old["labels"].get("com.docker.compose.config-hash") == digest:
            if old["state"] in {"running", "paused"}:
                print(f" Container {name}  Running")
                return
        else:
            if old:
                self.engine.remove(old)
            elif (HOME / name / "config.json").exists():
                fail("Error response from daemon: Conflict. The container name"
                     f' "/{name}" is already in use')  # fmt: skip
            nets = {project.network(key): "" for key in keys}
            nets = {network: self.networks.free_address(network) for network in nets}
            for source, _ in wanted["binds"]:
                # As the daemon does with the short form, where the server has no such file.
                if not Path(source).exists():
                    Path(source).mkdir(parents=True)
            first = next(iter(nets.values()), "")
            text = f"{name} {os.getpid()} {digest}"
            wanted |= {"id": sha256(text.encode()).hexdigest(), "address": first, "nets": nets}
            self.engine.save(wanted | {"state": "created", "status": "Created"})
        if sick:
            fail(f"dependency failed to start: container {sick} is unhealthy")
        self.engine.start(self.engine.load(name))
        print(f" Container {name}  Started")

    def run(self, words: list[str]) -> None:
        files, name = [], ""
        while words and words[0].startswith("-"):
            flag = words.pop(0)
            if flag in {"-f", "--file"}:
                files.append(Path(words.pop(0)).absolute())
            elif flag in {"-p", "--project-name"}:
                name = words.pop(0)
            else:
                fail(f"unknown flag: {flag}", 16)
        here = [Path.cwd() / file for file in FILES]
        files = files or [path for path in here if path.exists()][:1]
        if not files:
            fail("no configuration file provided: not found", 14)
        if len(files) > 1:
            fail("the stand-in reads one file", 99)
        project = Project(files[0], name)
        word, *rest = words or ["help"]
        match word:
            case "up":
                self.up(project, rest)
            case "config":
                print(yaml.safe_dump({"name": project.name, **project.file}), end="")
            case "ps":
                for service, container in self.own(project).items():
                    print(f"{container['name']}\t{service}\t{container['status']}")
            case "restart" | "stop":
                for service, container in self.own(project).items():
                    if service in rest or not rest:
                        self.engine.stop(container)
                        if word == "restart":
                            self.engine.start(container)
            case _:
                fail(f'unknown docker command: "compose {word}"', 16)

"""The part of docker's API that Traefik's provider asks for, on a socket, of the containers of the
stand-in (`docker.py`): a list, a description of each, and a stream that tells of a change.

    docker_api.py SOCKET
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import container_networks as networks
from tests.lab import docker

VERSION = "1.47"


def described(container: dict[str, Any]) -> dict[str, Any]:
    nets = networks.nets_of(container)
    shown = {name: {"NetworkID": name, "IPAddress": address} for name, address in nets.items()}
    inner = {*container.get("exposed", ()), *(port for _, port, _ in docker.published(container))}
    state: dict[str, Any] = {
        "Status": container["state"],
        "Running": container["state"] == "running",
    }
    if told := docker.health(container)[0]:
        state["Health"] = {"Status": told}
    return {
        "Id": container["id"],
        "Name": f"/{container['name']}",
        "State": state,
        "Config": {"Labels": container.get("labels", {}), "Env": container.get("env", [])},
        "HostConfig": {"NetworkMode": container.get("network") or next(iter(nets), "bridge")},
        "NetworkSettings": {"Ports": {f"{port}/tcp": None for port in inner}, "Networks": shown},
    }


def listed(container: dict[str, Any]) -> dict[str, Any]:
    whole = described(container)
    return {
        "Id": whole["Id"],
        "Names": [whole["Name"]],
        "Image": container["image"],
        "Labels": whole["Config"]["Labels"],
        "State": container["state"],
        "HostConfig": whole["HostConfig"],
        "NetworkSettings": {"Networks": whole["NetworkSettings"]["Networks"]},
    }


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        """Nothing: standard error is nobody's."""

    def address_string(self) -> str:
        return "socket"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        known = {each["id"]: each for each in networks.containers()}
        if path.endswith("/events"):
            self.tell_changes()
        elif path.endswith("/containers/json"):
            self.tell([listed(each) for each in known.values() if each["state"] == "running"])
        elif path.endswith("/json") and path.split("/")[-2] in known:
            self.tell(described(known[path.split("/")[-2]]))
        elif path.endswith("/version"):
            self.tell({"Version": "27.3.1", "ApiVersion": VERSION, "MinAPIVersion": "1.24"})
        else:
            self.tell("OK")

    def tell(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Api-Version", VERSION)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def tell_changes(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        before = ""
        while True:
            now = json.dumps([described(each) for each in networks.containers()])
            if before and now != before:
                self.wfile.write(b'{"Type":"container","Action":"start","status":"start"}\n')
                self.wfile.flush()
            before = now
            time.sleep(0.3)


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> Any:
        return super().get_request()[0], ("socket", 0)


def main() -> None:
    path = sys.argv[1]
    Path(path).unlink(missing_ok=True)
    with Server(path, Answers) as server:
        Path(path).chmod(0o660)
        server.serve_forever()


if __name__ == "__main__":
    main()

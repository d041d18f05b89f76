"""A stand-in for docker-gen with the template of nginx-proxy: writes nginx's file from the
descriptions of the containers (`docker.py`), whenever they change.

    docker_gen.py NAME           as nginx-proxy in the container NAME: it runs nginx, too
    docker_gen.py NAME --alone   docker-gen in a container of its own; NAME is that of nginx
    docker_gen.py --nginx        nginx there, which reads its file again when that changes
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CONF = Path("/etc/nginx/conf.d/default.conf")
CERTS, VHOSTS = Path("/etc/nginx/certs"), Path("/etc/nginx/vhost.d")
#: The folder of the engine, which containers see in the place of its socket.
SOCKET = Path("/tmp/docker.sock")
HEAD = """\
# nginx-proxy version : 1.6.1
map $http_upgrade $proxy_connection {
    default upgrade;
    '' close;
}
server {
    server_name _; # This is just an invalid value which will never trigger on a real hostname.
    listen 80;
    listen 443 ssl;
    ssl_certificate /etc/nginx/certs/default.crt;
    ssl_certificate_key /etc/nginx/certs/default.key;
    return 503;
}
"""
SITE = """\
# {host}/
upstream {host} {{
    # Container: {name}
    {server}
}}
server {{
    server_name {host};
    listen 80;
    location / {{
        return 301 https://$host$request_uri;
    }}
}}
server {{
    server_name {host};
    listen 443 ssl;
    ssl_certificate /etc/nginx/certs/{host}.crt;
    ssl_certificate_key /etc/nginx/certs/{host}.key;
{include}    location / {{
        proxy_pass {proto}://{host};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $proxy_connection;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""


def site(container: dict[str, Any], host: str, networks: set[str]) -> str:
    env = dict(line.split("=", 1) for line in container.get("env", ()) if "=" in line)
    port = env.get("VIRTUAL_PORT") or (container.get("exposed") or ["80"])[0]
    shared = [at for name, at in container.get("nets", {}).items() if name in networks]
    own = VHOSTS / host
    return SITE.format(
        host=host,
        name=container["name"],
        server=f"server {shared[0]}:{port};" if shared else "server 127.0.0.1 down;",
        proto=env.get("VIRTUAL_PROTO", "http"),
        include=f"    include {own};\n" if own.exists() else "",
    )


def text(name: str) -> str:
    containers = [json.loads(path.read_text()) for path in sorted(SOCKET.glob("*/config.json"))]
    own: dict[str, Any] = next((each for each in containers if each["name"] == name), {})
    networks = set(own.get("nets", {}))
    sites = []
    for container in containers:
        env = dict(line.split("=", 1) for line in container.get("env", ()) if "=" in line)
        for host in env.get("VIRTUAL_HOST", "").split(","):
            if host and container["state"] == "running":
                sites.append(site(container, host, networks))
    return HEAD + "".join(sites)


def write(name: str) -> None:
    """Write the file if it changes; a description that is being written is read again later."""
    try:
        wanted = text(name)
    except (OSError, ValueError, KeyError):
        return
    if not CONF.exists() or CONF.read_text() != wanted:
        CONF.parent.mkdir(parents=True, exist_ok=True)
        new = CONF.with_suffix(".new")
        new.write_text(wanted)
        new.replace(CONF)


def main() -> None:
    first, *others = sys.argv[1:]
    name = "" if first == "--nginx" else first
    if others == ["--alone"]:
        while True:
            write(name)
            time.sleep(0.3)
    while name and not CONF.exists():
        write(name)
    while not CONF.exists():
        time.sleep(0.1)
    loaded = CONF.read_text()
    nginx = subprocess.Popen(["nginx", "-g", "daemon off; error_log /dev/stderr;"])
    while nginx.poll() is None:
        time.sleep(0.3)
        if name:
            write(name)
        if (now := CONF.read_text()) != loaded:
            loaded = now
            subprocess.run(["nginx", "-s", "reload"])


if __name__ == "__main__":
    main()

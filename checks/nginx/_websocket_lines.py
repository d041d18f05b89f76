"""The lines of a new location that passes WebSocket handshakes on."""

from checks.nginx import Nginx, _location_edits


def websocket_lines(nginx: Nginx, target: str) -> list[str]:
    """Return the lines that pass requests on to an application, with their upgrade."""
    return [
        f"proxy_pass {target};",
        "proxy_http_version 1.1;",
        f"proxy_set_header Host {_location_edits.host_variable(nginx.evidence.target)};",
        "proxy_set_header Upgrade $http_upgrade;",
        'proxy_set_header Connection "upgrade";',
        "proxy_read_timeout 3600s;",
    ]

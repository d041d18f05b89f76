"""The application answers the handshake with 101 in HTTP/1.0."""

from .. import caddy
from ..lab import Lab
from ..scenario import healthy
from .caddy import caddy_scenario

WS = ("--ws", "/ws")
SAFARI = (
    "WebSocket connection to 'wss://shop.example.com/ws' failed: Invalid HTTP version string: "
    "HTTP/1.0"
)


@caddy_scenario(
    outside="websocket.response-version", args=(SAFARI,), manual="the application is changed"
)
def websocket_is_answered_in_http_1_0(lab: Lab) -> None:
    """https://github.com/jczic/MicroWebSrv/issues/19, https://github.com/RobotWebTools/webrtc_ros/issues/40"""
    caddy.serve(lab)
    lab.application("--mode", "old-101")


@healthy(args=WS)
def nginx_corrects_the_version_of_a_websocket(lab: Lab) -> None:
    """nginx answers in HTTP/1.1 itself."""
    lab.application("--mode", "old-101")

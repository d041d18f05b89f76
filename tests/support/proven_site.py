"""What proves a site: its second address, port 80 beside it, its WebSocket."""

from dataclasses import replace

from diagnose.model.http import Upgrade
from tests.support.report_builder import ADDRESS, ANSWER, NAME, NO_IPV6, OPEN, SECURE

SIX = "2001:db8::10"
NAME_6 = replace(NO_IPV6, addresses=(SIX,), failure=None)
OPEN_6 = replace(OPEN, address=SIX, family=6)
SECURE_6 = replace(SECURE, address=SIX)
ANSWER_6 = replace(ANSWER, address=SIX)
BOTH = (NAME, NAME_6, OPEN, OPEN_6, SECURE, SECURE_6, ANSWER, ANSWER_6)
PLAIN = replace(OPEN, port=80, purpose="plain")
PAGE = replace(ANSWER, url="http://shop.example.com/", port=80, purpose="plain", status=301)
SOCKET = Upgrade(url="wss://shop.example.com/ws", path="/ws", address=ADDRESS, port=443,
                 status=101, accepted=True)  # fmt: skip

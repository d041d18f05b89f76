"""A slow line: two TUN devices, and what enters one leaves the other `seconds` later.

    python delay.py 0.05 NAME OTHER-NAME

The devices may be moved into any namespaces, the descriptors go on working. (This kernel has no
netem.) It ends with the process at the other end of its standard input.
"""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
BIGGEST = 65536


def tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def carry(here: int, there: int, parent: int, seconds: float) -> None:
    """Every packet waits as long as every other, so one queue keeps the order."""
    other = {here: there, there: here}
    waiting: deque[tuple[float, int, bytes]] = deque()
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([here, there, parent], [], [], timeout)
        if parent in ready:
            return
        for device in ready:
            waiting.append((time.monotonic() + seconds, other[device], os.read(device, BIGGEST)))
        while waiting and waiting[0][0] <= time.monotonic():
            _, device, packet = waiting.popleft()
            os.write(device, packet)


def main(seconds: str, *names: str) -> None:
    here, there = (tun(name) for name in names)
    print("ready", flush=True)
    carry(here, there, sys.stdin.fileno(), float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])

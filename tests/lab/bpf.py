"""eBPF programs that drop what no list of rules shows. One stays as long as this process lives
(bpf(2), BPF_LINK_CREATE).

    python bpf.py xdp INTERFACE PORT     TCP to a port, before any capture sees it
    python bpf.py netfilter              all IPv4 that comes in, at netfilter's input hook
"""

import ctypes
import os
import socket
import struct
import sys
import time
from pathlib import Path

_CALL = {"x86_64": 321}.get(os.uname().machine, 280)  # bpf(2)
_LIBC = ctypes.CDLL(None, use_errno=True)
_PROGRAM_LOAD, _LINK_CREATE = 5, 28
_TYPE_XDP, _ATTACH_XDP, _GENERIC = 6, 37, 2
_TYPE_NETFILTER, _ATTACH_NETFILTER = 32, 45
_IPV4, _INPUT, _PRIORITY = 2, 1, -150
_DROP, _PASS = 1, 2


def instruction(code: int, registers: int, offset: int = 0, value: int = 0) -> bytes:
    """`registers`: the source times 16, plus the destination."""
    return struct.pack("=BBhi", code, registers, offset, value)


def program(port: int) -> bytes:
    """IPv4 without options, TCP to the port: dropped. Anything else passes."""
    pass_at = 13
    ethernet_ip, tcp = int.from_bytes(b"\x08\x00", sys.byteorder), socket.IPPROTO_TCP
    wanted = int.from_bytes(port.to_bytes(2, "big"), sys.byteorder)
    lines = [
        (0x61, 0x12, 0, 0),  # r2 = data
        (0x61, 0x13, 4, 0),  # r3 = data_end
        (0xBF, 0x24, 0, 0),  # r4 = r2
        (0x07, 0x04, 0, 38),  # r4 += 38
        (0x2D, 0x34, pass_at - 5, 0),  # beyond the end
        (0x69, 0x25, 12, 0),  # the Ethernet type
        (0x55, 0x05, pass_at - 7, ethernet_ip),
        (0x71, 0x25, 23, 0),  # the protocol
        (0x55, 0x05, pass_at - 9, tcp),
        (0x69, 0x25, 36, 0),  # the port
        (0x55, 0x05, pass_at - 11, wanted),
        (0xB7, 0x00, 0, _DROP),
        (0x95, 0x00, 0, 0),
        (0xB7, 0x00, 0, _PASS),
        (0x95, 0x00, 0, 0),
    ]
    return b"".join(instruction(*line) for line in lines)


def call(command: int, attributes: bytes) -> int:
    result = int(_LIBC.syscall(_CALL, command, attributes, len(attributes)))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def load(kind: int, attach_kind: int, code: bytes) -> int:
    text, license_text = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    pointers = ctypes.addressof(text), ctypes.addressof(license_text)
    return call(
        _PROGRAM_LOAD,
        struct.pack("=IIQQ44xI", kind, len(code) // 8, *pointers, attach_kind),
    )


def attach_xdp(interface: str, port: int) -> int:
    loaded = load(_TYPE_XDP, _ATTACH_XDP, program(port))
    index = socket.if_nametoindex(interface)
    return call(_LINK_CREATE, struct.pack("=IIII32x", loaded, index, _ATTACH_XDP, _GENERIC))


def attach_netfilter() -> int:
    drop = instruction(0xB7, 0x00) + instruction(0x95, 0x00)
    loaded = load(_TYPE_NETFILTER, _ATTACH_NETFILTER, drop)
    where = (_IPV4, _INPUT, _PRIORITY, 0)
    return call(_LINK_CREATE, struct.pack("=IIIIIIiI16x", loaded, 0, _ATTACH_NETFILTER, 0, *where))


if __name__ == "__main__":
    if sys.argv[1] == "xdp":
        attach_xdp(sys.argv[2], int(sys.argv[3]))
    else:
        attach_netfilter()
    Path("/run/bpf.attached").touch()
    time.sleep(1e6)

"""What the kernel of this machine can do, for tests that need it."""

import os
import re
from pathlib import Path


def release() -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def no_drop_reasons() -> str:
    """Why the kernel cannot say what it drops; "" if it can (Linux 5.17, tracefs)."""
    has_tracefs = "tracefs" in Path("/proc/filesystems").read_text()
    return "" if has_tracefs and release() >= (5, 17) else "no tracefs, or older than Linux 5.17"


def no_ebpf(since: tuple[int, int] = (5, 9)) -> str:
    """Why no eBPF program can be linked to a hook; "" if one can."""
    has_call = Path("/proc/sys/kernel/unprivileged_bpf_disabled").exists()
    return "" if has_call and release() >= since else "this kernel links no such eBPF program"

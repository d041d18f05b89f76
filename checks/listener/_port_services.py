"""The service of systemd that runs the program on the target's port."""

from diagnose.model import Evidence
from diagnose.model.kernel import Boot

#: Services that run programs of many kinds: to restart one of these ends all of them.
_SUPERVISORS = (
    "docker", "containerd", "podman", "snap", "supervisor", "pm2", "cron", "rc-local", "user@",
    "getty", "ssh", "crio", "k3s", "kubelet", "lxd", "incus", "virt", "libvirt",
)  # fmt: skip


def port_service(evidence: Evidence, process: str | None) -> str:
    """Return the service ("node.service") whose process has the target's port; "" if systemd does
    not run it alone, or if that is not known."""
    return next(
        (
            boot.service
            for boot in evidence.good(Boot)
            if boot.manager == "systemd" and boot.running and not boot.by_hand
            if process and boot.process == process and boot.service.endswith(".service")
            if not boot.service.startswith(_SUPERVISORS)
        ),
        "",
    )

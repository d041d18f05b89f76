"""What firewalld says of a policy, as each of its readers has to read it."""

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import PolicyText

POLICY = PolicyText(
    "guard",
    target="REJECT",
    priority=-10,
    ingress=("ANY",),
    egress=("HOST",),
    services=("ssh",),
    ports=(PortRange(444, 444, "tcp"),),
    rich_rules=('rule service name="https" accept',),
)

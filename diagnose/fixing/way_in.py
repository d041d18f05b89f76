"""Whether the administrator can still come in: a new connection, after a fix, by the way he came.

An open connection proves nothing: the packet filter lets it live on after its port was closed.
"""

import os
from pathlib import Path

from diagnose.machine import Machine
from diagnose.machine.ssh import SshMachine

#: Seconds for a new connection.
CONNECT_TIMEOUT = 10.0

#: So many ancestors of this process are asked for their environment.
MAX_ANCESTORS = 32


async def new_connection_error(machine: Machine) -> str | None:
    """Why a new connection cannot be made; None where it can, or where nobody came by the network.

    Through SSH it is a whole new login. On the server itself the port by which the session came
    (ssh(1), SSH_CONNECTION) is asked: what listens there has to answer.
    """
    if isinstance(machine, SshMachine):
        async with machine.new_connection() as another:
            result = await another.run("true", timeout=CONNECT_TIMEOUT)
        return (
            f"no new connection by {machine.via}: {result.failure.message}"
            if result.failure
            else None
        )
    words = ssh_connection().split()
    if machine.via != "local" or len(words) != 4 or not words[3].isdigit():
        return None
    attempt = await machine.connect(words[2], int(words[3]), CONNECT_TIMEOUT)
    if attempt.stream is not None:
        attempt.stream.close()
    if attempt.failure is None:
        return None
    return f"sshd does not answer at {words[2]} port {words[3]}: {attempt.failure.message}"


async def client_address(machine: Machine) -> str:
    """The address from which the administrator comes, as the server sees it; "" where that is not
    known, or nobody came by the network."""
    if isinstance(machine, SshMachine):
        result = await machine.run("sh", "-c", 'echo "$SSH_CONNECTION"', timeout=CONNECT_TIMEOUT)
        words = result.out.split()
    else:
        words = ssh_connection().split()
    return words[0].partition("%")[0] if len(words) == 4 else ""


def ssh_connection() -> str:
    """The session's "client-address client-port server-address server-port"; "" where there is
    none. sudo(8) takes it from the environment, so that of the ancestors is read too (proc(5))."""
    if own := os.environ.get("SSH_CONNECTION"):
        return own
    process = os.getppid()
    for _ in range(MAX_ANCESTORS):
        folder = Path("/proc", str(process))
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            stat = (folder / "stat").read_text(errors="replace")
        except OSError:
            return ""
        for variable in variables:
            if variable.startswith(b"SSH_CONNECTION="):
                return variable.partition(b"=")[2].decode(errors="replace")
        process = int(stat.rpartition(") ")[2].split()[1])
        if process <= 1:
            return ""
    return ""

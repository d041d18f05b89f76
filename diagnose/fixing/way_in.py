"""Tests whether the administrator can still log in after a fix, with a new connection over the same
path.

An open connection proves nothing: the packet filter keeps it alive after its port was closed.
"""

from diagnose.machine import Machine
from diagnose.machine.ssh import SshMachine
from diagnose.parsers.whole_numbers import whole_number
from diagnose.processes.ssh_session import ssh_connection

#: Timeout in seconds for a new connection.
CONNECT_TIMEOUT = 10.0


async def new_connection_error(machine: Machine) -> str | None:
    """Return why a new connection fails; None if it succeeds or if the session is not remote.

    Over SSH, it is a complete new login. On the server itself, it connects to the address and port
    of the current SSH session (ssh(1), SSH_CONNECTION): sshd must accept the connection.
    """
    if isinstance(machine, SshMachine):
        async with machine.new_connection() as second_connection:
            result = await second_connection.run("true", timeout=CONNECT_TIMEOUT)
        return (
            f"no new connection by {machine.via}: {result.failure.message}"
            if result.failure
            else None
        )
    words = ssh_connection().split()
    port = whole_number(words[3]) if len(words) == 4 else None
    if machine.via != "local" or port is None:
        return None
    attempt = await machine.connect(words[2], port, CONNECT_TIMEOUT)
    if attempt.stream is not None:
        attempt.stream.close()
    if attempt.failure is None:
        return None
    return f"sshd does not answer at {words[2]} port {words[3]}: {attempt.failure.message}"


async def client_address(machine: Machine) -> str:
    """Return the address of the administrator's client, as the server sees it; "" if it is unknown
    or the session is not remote."""
    if isinstance(machine, SshMachine):
        result = await machine.run("sh", "-c", 'echo "$SSH_CONNECTION"', timeout=CONNECT_TIMEOUT)
        words = result.out.split()
    else:
        words = ssh_connection().split()
    return words[0].partition("%")[0] if len(words) == 4 else ""

"""Prints who the metadata service says this machine is, as the program asks it."""

import asyncio

from diagnose.cloud.registry import own_providers
from diagnose.machine.local import LocalMachine
from diagnose.probes.cloud_rules import identify

instance, metadata = asyncio.run(identify(LocalMachine(), own_providers()))
print(metadata, instance.id if instance else "-", instance.private_address if instance else "-")

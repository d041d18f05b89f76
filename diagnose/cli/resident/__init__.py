"""`diagnose serve --resident`: a process that does the work of `diagnose --json` of the same user.

It imports what runs import, and forks for each run (docs/adr/0047-a-resident-forks.md).
"""

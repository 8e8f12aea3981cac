"""The fault campaign: the real delivery, over real HTTP, under faults, killed and started again.

plan     what happens in a run, drawn from its seed: pure
child    the program's delivery in a process of its own, with time sped up
play     one run: queue, deliver, kill, start again, decide as an admin would
judge    what must hold after a run: pure
counts   what runs came to, and the table of it: pure

`python -m tests.campaign --runs 500 --seed 1` (or `make campaign`) plays many.
"""

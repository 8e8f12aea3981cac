"""The storm: two clocks and two workers on one PostgreSQL, killed at random for ten minutes.

plan      what happens when, from a seed            world    feeds and pages that are served
child     one process, its intervals a sixtieth     play     start, kill, start again, drain
judge     what must hold when all is at rest        books    what both sides say, for the judge
"""

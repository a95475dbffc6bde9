"""Spares processes the search for garbage among what they load: it stays until they end.

The libraries of a model make a million objects. Python's collector goes through them again and
again, while they are loaded and afterwards, which is a fifth of the time that loading them takes.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 10, 10)
"""New objects until Python looks for garbage; by itself it looks at every 700."""


def collect_seldom() -> None:
    """Look for garbage seldom, from now on: for whole processes, which load what a command needs.

    Cycles wait longer for their end; a hundred thousand objects are some megabytes.
    """
    gc.set_threshold(*SELDOM)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage within, where libraries are loaded."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Look for no garbage within, and never again among what is there afterwards."""
    with uncollected():
        yield
        gc.freeze()

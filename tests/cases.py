"""How the suite runs every script, by section."""

import importlib

from support import HAS_INTERPRETERS, SECTIONS

CASES = {}
for section in SECTIONS:
    CASES.update(importlib.import_module(f"cases_{section}").CASES)

RUNNABLE = [s for s in sorted(CASES) if HAS_INTERPRETERS or not CASES[s].interpreters]

"""How the suite runs every script, by section."""

import importlib

from support import HAS_INTERPRETERS, SECTIONS

CASES = {}
for section in SECTIONS:
    CASES.update(importlib.import_module(f"cases_{section}").CASES)

RUNNABLE = [s for s in sorted(CASES) if HAS_INTERPRETERS or not CASES[s].interpreters]
WITH_WORKERS = sorted(script for script, case in CASES.items() if case.workers)
WITH_VICTIMS = sorted(script for script, case in CASES.items() if case.victims)
# One figure of each section: the others of it start their workers in the same way.
FIRST_FIGURES = {
    section: next((script for script in sorted(CASES) if script.startswith(f"{section}/fig_")), "")
    for section in SECTIONS
}

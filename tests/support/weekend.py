"""The runaway weekend of the examples, imported from where it stands: `world` lives it, `telling` tells it."""

import sys
from importlib import import_module

from support.pages import ROOT

EXAMPLES = ROOT / "examples"
if str(EXAMPLES) not in sys.path:
    sys.path.insert(0, str(EXAMPLES))

world = import_module("weekend.world")
telling = import_module("weekend.telling")

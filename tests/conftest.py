"""Shared by all tests."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

# `pipelines` and `tests` are packages of the repository, not of the installed distribution.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Machines that run tests are busy ones: a slow example is no failure, and the same examples each
# time make a failure one of the change and not of the day. `make soak` draws new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

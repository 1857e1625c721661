"""The command line: parse, call, print. Commands are as thin as routes; no arithmetic here.

Nothing heavy is imported before a command needs it, so that ``segmeans --help`` stays quick.
"""

from __future__ import annotations

from segmeans.cli import audience, job, life, meaning, sample
from segmeans.cli.base import app, main

__all__ = ["app", "audience", "job", "life", "main", "meaning", "sample"]

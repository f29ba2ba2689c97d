"""The command line: translates arguments to workflow requests and results to lines; computes nothing."""

from einthoven.cli.app import main

__all__ = ["main"]

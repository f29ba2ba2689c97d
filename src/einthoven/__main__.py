"""`python -m einthoven` is the command `einthoven`."""

from einthoven.cli import main

main()

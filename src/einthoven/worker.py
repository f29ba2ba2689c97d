"""One job in a process of its own: `python -m einthoven.worker --home HOME JOB`."""

import argparse
from pathlib import Path

from einthoven.wiring import open_workspace
from einthoven.workflows.dispatch import run_job


def main() -> None:
    parser = argparse.ArgumentParser(prog="einthoven.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("job")
    arguments = parser.parse_args()
    workspace = open_workspace(arguments.home)
    run_job(workspace, workspace.jobs.job(arguments.job))


if __name__ == "__main__":
    main()

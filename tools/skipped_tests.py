"""Fail when tests were skipped: where everything they need is at hand, none may be."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def skipped(report: Path) -> list[str]:
    """`test: reason` of each test that pytest's JUnit report calls skipped; expected failures are not."""
    return [
        f"{case.get('classname')}::{case.get('name')}: {skip.get('message')}"
        for case in ElementTree.parse(report).getroot().iter("testcase")
        for skip in case.iter("skipped")
        if skip.get("type") == "pytest.skip"
    ]


if __name__ == "__main__":
    left_out = skipped(Path(sys.argv[1]))
    if left_out:
        sys.exit("\n".join([f"{len(left_out)} tests were skipped, and here none may be:", *left_out]))

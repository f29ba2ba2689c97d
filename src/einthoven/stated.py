"""What a file that was given states: in the form that is expected, or as if it were not there."""


def mapping_of(value: object) -> dict[str, object]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def whole_of(value: object) -> int | None:
    """The value if it is a whole number, else None."""
    return value if type(value) is int else None


def text_of(value: object) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def lines_of(value: object) -> tuple[str, ...]:
    """The texts of a list; none if it is no list."""
    return tuple(line for line in value if isinstance(line, str)) if isinstance(value, list) else ()

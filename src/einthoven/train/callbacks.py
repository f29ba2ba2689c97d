"""What is called where nobody listens to a training and nobody stops it. Free of torch."""


def ignore(*_: object) -> None:
    """Take what is told."""


def never() -> bool:
    """The answer to whether to stop."""
    return False

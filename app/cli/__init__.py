"""The command line: reads arguments, calls the runtime, prints what came of it. One file a group of commands."""


def main() -> None:
    """The entry point of `fretwatch`."""
    from app.cli.program import program

    program()

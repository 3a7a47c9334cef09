"""`python -m accord` and `accord` are this: what it loads takes half a second, in which Ctrl-C must be as quiet as later."""

from __future__ import annotations

import sys

from accord.errors import ExitCode


def main() -> None:
    """The `accord` command, as in `accord.cli`."""
    try:
        from accord.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()

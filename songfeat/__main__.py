"""``python -m songfeat``: the command line, for ``torchrun`` and wherever the installed command is not on the path."""

import sys

from songfeat.cli import main

if __name__ == "__main__":
    sys.exit(main())

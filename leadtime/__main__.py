"""`python -m leadtime` is the command line."""

import sys

from leadtime.cli import main

if __name__ == "__main__":
    sys.exit(main())

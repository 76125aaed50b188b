"""`python -m leadtime` is the command line."""

from leadtime.cli import run

if __name__ == "__main__":
    run()

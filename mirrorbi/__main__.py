"""``python -m mirrorbi`` is the command line."""

from mirrorbi.cli.app import main

if __name__ == "__main__":
    main()

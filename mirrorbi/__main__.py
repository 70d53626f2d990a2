"""``python -m mirrorbi`` is the command line."""

from mirrorbi.cli.entry import main

if __name__ == "__main__":
    main()

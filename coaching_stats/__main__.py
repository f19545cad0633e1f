"""``python -m coaching_stats``: the command line."""

from coaching_stats.cli import main

if __name__ == "__main__":
    main()

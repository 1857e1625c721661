"""Run the command line as ``python -m segmeans``."""

from segmeans.cli import main

if __name__ == "__main__":
    main()

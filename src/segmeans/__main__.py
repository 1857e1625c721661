"""`python -m segmeans` is the command line."""

from segmeans.cli import main

if __name__ == "__main__":
    main()

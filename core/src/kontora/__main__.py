"""`python -m kontora` is the command line."""

from kontora.cli.main import main

if __name__ == "__main__":
    main()

"""`python -m app` is `fretwatch`."""

from app.cli import main

if __name__ == "__main__":
    main()

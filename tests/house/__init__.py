"""The limits of `scripts/house.py`: lines, imports, words. No behaviour is tested here."""

"""Programs for maintainers: the measures of the house, the release, and the check of the wheels."""

"""Original files of open data, read strictly: everything is understood, or nothing is imported."""

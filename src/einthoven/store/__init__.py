"""What is kept on disk: one SQL database for what is known, one file per signal, one folder per model."""

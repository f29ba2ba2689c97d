"""Labels: tables and layouts -> tasks, and splits of the labelled ECGs by patient."""

"""What is measured on the beats of a record: one module per family, each with its `QUANTITIES` and `measure`."""
